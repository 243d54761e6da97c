"""Replies whose fences are not where Markdown has them: within a line, quoted, missing, or code that is only indented.

And those that hold the program as JSON, or as a diff that adds all of it.
"""

import json
import re
import textwrap
from collections.abc import Iterator

from fieldsmith.agents.reply.blocks import FENCE, blocks_of, parses

MARKS = re.compile(r"^(?:[\ufeff\u200b\u2060]|<\|[^|\n]{1,40}\|>|[ \t])*(?=`{3}|~{3})", re.MULTILINE)
"""Unseen characters and a chat's own marks before a fence."""
OPENING = re.compile(r"^(?P<before>[^`\n]*[^`\s])[ \t]*(?P<fence>`{3,}[ \t]*(?:python3?|py)?)[ \t]*$", re.IGNORECASE)
QUOTE = re.compile(r"^[ \t]*> ?", re.MULTILINE)
RUN = re.compile(r"(?:^(?: {4}|\t)[^\n]*\n(?:[ \t]*\n)*)+", re.MULTILINE)


def with_fences(reply: str) -> Iterator[tuple[str, str]]:
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
        (_from_json(reply), "The program was taken out of JSON."),
        (_all_added(reply), "The diff adds a whole program, which was taken."),
        (_indented(reply), "Code that was only indented was taken as a block."),
    ]
    yield from (change for change in changes if change[0] != reply)


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


def _from_json(reply: str) -> str:
    """The text of an object that is the reply, or a block of it, which looks most like a program: one with a `def` line."""
    for text in (reply, *(block.text for block in blocks_of(reply) if block.language in ("json", ""))):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        texts = [one for one in value.values() if isinstance(one, str)] if isinstance(value, dict) else []
        programs = [one for one in texts if re.search(r"^[ \t]*def ", one, re.MULTILINE)]
        if len(programs) == 1:
            return programs[0] if any(map(FENCE.match, programs[0].split("\n"))) else f"```python\n{programs[0]}\n```"
    return reply


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
