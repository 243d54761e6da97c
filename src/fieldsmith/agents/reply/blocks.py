"""The fenced blocks of a reply, with what the model thought to itself left out."""

import re
from dataclasses import dataclass

from fieldsmith import syntax

FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[^\s`]*)[^\n]*$")
NAME_OF_FILE = re.compile(r"^[\w./-]+\.py$")
CHANNEL = re.compile(r"(?:<\|end\|>)?\s*(?:<\|start\|>assistant)?<\|channel\|>(?P<name>\w+)[^<]*<\|message\|>")
"""Before what a gpt-oss model thinks (`analysis`) and what it says (`final`), where a server passes its marks on."""
MARKS = re.compile(r"\[(/?)THINK\]|◁(/?)think▷", re.IGNORECASE)
SPECIAL = re.compile(r"<\|(?:python_tag|end|return|im_end|im_start|eot_id|eom_id|assistant|start)\|>(?:assistant\b)?")
THOUGHTS = r"(?:think(?:ing)?|thoughts?|reasoning|reflection)"
THINKING = re.compile(rf"<{THOUGHTS}>.*?</{THOUGHTS}>", re.DOTALL | re.IGNORECASE)
OPENED = re.compile(rf"^[ \t]*<{THOUGHTS}>", re.IGNORECASE | re.MULTILINE)
CLOSING = re.compile(rf"</{THOUGHTS}>", re.IGNORECASE)
CLOSED = re.compile(rf"</{THOUGHTS}>[ \t]*$", re.IGNORECASE | re.MULTILINE)

NO_PROGRAM = ("plan", "json", "toml", "yaml")
PYTHON = ("python", "py", "python3", "")
MOST_FENCES = 20


@dataclass(frozen=True)
class Block:
    """A fenced block: its language in small letters, its text, whether its fence was closed, what is said before it."""

    language: str
    text: str
    closed: bool = True
    lead: str = ""

    @property
    def python(self) -> bool:
        return self.language in PYTHON


def parses(text: str) -> bool:
    """Whether a text is Python."""
    return not syntax_problem(text)


def syntax_problem(text: str) -> str:
    """Why a text is no Python, with the line; empty where it is."""
    try:
        syntax.parse(text)
    except SyntaxError as error:
        line = f" in line {error.lineno}, `{(error.text or '').strip()[:80]}`" if error.lineno else ""
        return f"{error.msg}{line}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"it cannot be read ({type(error).__name__})"
    return ""


def spoken(reply: str) -> tuple[str, str]:
    """The reply without what was thought, and what was thought.

    A thinking block that was never closed goes to the end; one that was never opened begins with the reply.
    """
    thought, rest = _parted(_tagged(reply))
    if end := CLOSED.search(rest):
        thought, rest = thought + rest[: end.end()], rest[end.end() :]
    if start := OPENED.search(rest):
        thought, rest = thought + rest[start.end() :], rest[: start.start()]
    return rest, thought


def still_thinking(reply: str) -> bool:
    """Whether a reply ends inside of a thinking block."""
    return OPENED.search(_parted(_tagged(reply))[1]) is not None


def _tagged(reply: str) -> str:
    """A reply with the marks by which other models part thoughts from words written as tags, and other marks left out."""
    if "<|" in reply:
        if CHANNEL.search(reply):
            reply = CHANNEL.sub(lambda m: "\n</think>\n" if m["name"] == "final" else "\n<think>", reply)
            if "<think>" not in reply:
                reply = reply.replace("\n</think>\n", "")
        reply = SPECIAL.sub("", reply)
    return MARKS.sub(lambda m: f"<{m[1] or m[2] or ''}think>", reply)


def _parted(reply: str) -> tuple[str, str]:
    """What stands between tags that open and close, and the rest."""
    # Beyond the last closing tag a search from each opening one would go to the end in vain.
    end = max((match.end() for match in CLOSING.finditer(reply)), default=0)
    head, tail = reply[:end], reply[end:]
    return "\n".join(match[0] for match in THINKING.finditer(head)), THINKING.sub("", head) + tail


def blocks_of(reply: str) -> list[Block]:
    """All fenced blocks; a last block without a closing fence counts to the end.

    A line of a program that looks like a closing fence (Markdown in a string) does not end its block where a later one
    makes it a program that can be parsed.
    """
    lines = reply.replace("\r\n", "\n").split("\n")
    blocks: list[Block] = []
    at = after = 0
    while at < len(lines):
        match = FENCE.match(lines[at])
        at += 1
        if not match:
            continue
        language = _language(match["language"])
        ends = _closings(lines, at, match["fence"])
        if language in NO_PROGRAM:  # a plan that was left open ends where the program begins
            ends[:1] = [next((n for n in range(at, ends[0]) if _opens(lines[n])), ends[0])]
        end = ends[0]
        if language in PYTHON and not parses(_dedented(lines[at:end], match["indent"])):
            end = next((n for n in ends if parses(_dedented(lines[at:n], match["indent"]))), end)
        lead = "\n".join(lines[after : at - 1])
        blocks.append(Block(language, _dedented(lines[at:end], match["indent"]), end < len(lines), lead))
        at = after = end if end < len(lines) and _opens(lines[end]) else end + 1
    return blocks


def _language(word: str) -> str:
    """The language of a fence: `python` of `python:solver.py`, `{python}`, `{.python` and `solver.py` too."""
    name = word.lower().strip("{}.").partition(":")[0].partition(",")[0].partition("{")[0]
    return "python" if NAME_OF_FILE.match(name) else name


def _opens(line: str) -> bool:
    match = FENCE.match(line)
    return match is not None and match["language"] != ""


def _closings(lines: list[str], start: int, fence: str) -> list[int]:
    """Lines that may close a block opened by `fence`, the nearest first; the end where there is none."""
    found = []
    for n in range(start, len(lines)):
        line = lines[n].strip()
        if line and set(line) == {fence[0]} and len(line) >= len(fence):
            found.append(n)
    return found[:MOST_FENCES] or [len(lines)]


def _dedented(lines: list[str], indent: str) -> str:
    return "\n".join(line[len(indent) :] if indent and line.startswith(indent) else line for line in lines)
