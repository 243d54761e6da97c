"""Replies whose fences are not where Markdown has them: within a line, quoted, missing, or code that is only indented.

And those that hold the program as JSON, or as a diff that adds all of it.
"""

import re
import textwrap
from collections.abc import Iterator

from fieldsmith.agents.reply.blocks import FENCE, blocks_of, parses
from fieldsmith.agents.reply.calls import from_json, from_patch, from_tags

MARKS = re.compile(r"^(?:[\ufeff\u200b\u2060]|<\|[^|\n]{1,40}\|>|[ \t])*(?=`{3}|~{3})", re.MULTILINE)
"""Unseen characters and a chat's own marks before a fence."""
OPENING = re.compile(r"^(?P<before>[^`\n]*[^`\s])[ \t]*(?P<fence>`{3,}[ \t]*(?:python3?|py)?)[ \t]*$", re.IGNORECASE)
QUOTE = re.compile(r"^[ \t]*> ?", re.MULTILINE)
RUN = re.compile(r"(?:^(?: {4}|\t)[^\n]*\n(?:[ \t]*\n)*)+", re.MULTILINE)


def with_fences(reply: str, function: str) -> Iterator[tuple[str, str]]:
    """The reply with its fences put where they belong in one way or another, and what was done; for one that gives no program."""
    reply = reply.replace("\r\n", "\n")
    unmarked = MARKS.sub(lambda match: re.sub(r"[^ \t]|(?<=\S)[ \t]", "", match[0]), reply)
    split = _split(unmarked)
    unquoted = QUOTE.sub("", reply)
    changes = [
        (unmarked, "Characters before a fence were taken off."),
        (split, "A fence within a line was put on a line of its own."),
        (unquoted, "The marks of a quotation were taken off."),
        (_opened(unmarked), "The fence before the program was missing and put in."),
        *unpacked(reply, function),
        (_all_added(reply), "The diff adds a whole program, which was taken."),
        (_indented(reply), "Code that was only indented was taken as a block."),
    ]
    yield from (change for change in changes if change[0] != reply)


def unpacked(reply: str, function: str) -> Iterator[tuple[str, str]]:
    """The program that a reply hands to some tool, as a block of its own, and what was done; where it does not, the reply itself."""
    yield fenced(from_json(reply, function)) or reply, "The program was taken out of JSON."
    yield fenced(from_tags(reply, function)) or reply, "The program was taken out of the markup around it."
    yield fenced(from_patch(reply, function)) or reply, "The file that the patch adds was taken."


def _split(reply: str) -> str:
    """With each fence that ends a line of prose, or of the code of an open block, on a line of its own."""
    lines: list[str] = []
    inside = False
    for line in reply.split("\n"):
        fence = FENCE.match(line)
        inner = None if fence else OPENING.match(line)
        if inner and (inside is False or inner["fence"].strip("`").strip() == ""):
            lines += [inner["before"], inner["fence"]]
        else:
            lines.append(line)
        inside = not inside if fence or inner else inside
    return "\n".join(lines)


def _opened(reply: str) -> str:
    """With a fence before all of it where its first one can only be that at the program's end."""
    fences = [match for line in reply.split("\n") if (match := FENCE.match(line))]
    return f"```python\n{reply}" if fences and not fences[0]["language"] and len(fences) % 2 else reply


def _indented(reply: str) -> str:
    """With fences around each run of lines that are indented by four spaces or more and are Python."""
    if any(map(FENCE.match, reply.split("\n"))):
        return reply

    def fenced(match: re.Match[str]) -> str:
        code = textwrap.dedent(match[0].expandtabs(4)).strip("\n")
        return f"```python\n{code}\n```\n" if parses(code) else match[0]

    return RUN.sub(fenced, f"{reply}\n") if not parses(reply) else reply


def fenced(program: str) -> str:
    """A program as a block of its own, unless it has fences itself; nothing of nothing."""
    if not program:
        return ""
    return program if any(map(FENCE.match, program.split("\n"))) else f"```python\n{program.rstrip()}\n```"


def _all_added(reply: str) -> str:
    """The last diff in the reply all of whose lines are new, as a block of Python."""
    for block in reversed(blocks_of(reply)):
        lines = [
            line for line in block.text.split("\n") if not line.startswith(("--- ", "+++ ", "@@", "diff ", "index "))
        ]
        if block.language in ("diff", "patch") and all(line.startswith("+") for line in lines if line.strip()):
            code = "\n".join(line[1:] for line in lines)
            return f"```python\n{code}\n```"
    return reply
