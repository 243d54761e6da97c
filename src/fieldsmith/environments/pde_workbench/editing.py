"""A program's text: numbered lines, and one piece of it replaced by another."""

import ast
import difflib
import re

from fieldsmith import syntax
from fieldsmith.environments.observation import Unfit

MOST_LINES = 400
LONGEST_TITLE = 80
FENCE = re.compile(r"\s*```[\w+-]*[ \t]*\n(.*?)\n?```\s*", re.DOTALL)
NUMBERED = re.compile(r"^>? *\d+ \| ?", re.MULTILINE)


def plain(source: str) -> str:
    """A program's text without the fence that models like to put around it; ends of lines as Python has them."""
    found = FENCE.fullmatch(source)
    text = (found[1] if found else source).replace("\r\n", "\n")
    return text if text.endswith("\n") else f"{text}\n"


def numbered(source: str, first: int = 1, last: int | None = None) -> str:
    """Lines with their numbers. Raises Unfit for lines that there are not."""
    rows = source.splitlines()
    if first > len(rows):
        raise Unfit(f"There is no line {first}.", f"The program has {len(rows)} lines.")
    end = min(len(rows), last or len(rows))
    if end < first:
        raise Unfit(f"The last line to show, {end}, comes before the first, {first}.", "Give them in order.")
    shown = min(end, first + MOST_LINES - 1)
    lines = [f"{n:4d} | {rows[n - 1]}" for n in range(first, shown + 1)]
    if shown < end:
        lines.append(f"({end - shown} more lines: look at them from line {shown + 1} on.)")
    return "\n".join(lines)


def title(source: str) -> str:
    """What a program says it is: the first line of its docstring, or of a comment at its head."""
    try:
        said = ast.get_docstring(syntax.parse(source)) or ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        said = ""
    if not said and source.lstrip().startswith("#"):
        said = source.lstrip().lstrip("#")
    line = " ".join(said.strip().partition("\n")[0].replace("|", "/").split()).rstrip(".")
    return f"written by hand: {line[:LONGEST_TITLE]}" if line.isprintable() and line else "written by hand"


def line_of(source: str, piece: str) -> int:
    """Number of the line in which a piece begins."""
    return source.count("\n", 0, max(0, source.find(piece))) + 1


def replaced(source: str, old: str, new: str) -> str:
    """The program with one piece replaced. Raises Unfit where it does not occur exactly once, with what stands there."""
    old, new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
    count = source.count(old)
    if count == 1:
        changed = source.replace(old, new)
        if changed == source:
            raise Unfit("`old` and `new` are the same, so nothing would change.", "Change something.")
        return changed
    if count:
        lines = ", ".join(str(n) for n in _lines_of(source, old)[:8])
        words = f"`old` occurs {count} times (from lines {lines}), so it is not clear which one is meant."
        raise Unfit(words, "Add lines before or after it until it occurs once.")
    raise Unfit(*_missing(source, old))


def _lines_of(source: str, piece: str) -> list[int]:
    """Numbers of the lines in which a piece begins."""
    found, place = [], source.find(piece)
    while place >= 0:
        found.append(source.count("\n", 0, place) + 1)
        place = source.find(piece, place + 1)
    return found


def _missing(source: str, old: str) -> tuple[str, str]:
    """Why a piece is not found, and what stands there that is like it."""
    if NUMBERED.sub("", old) != old and NUMBERED.sub("", old) in source:
        return "`old` has line numbers in it, which are no part of the program.", "Leave them out."
    rows, wanted = source.splitlines(), old.strip("\n").splitlines()
    alike = [line.split() for line in wanted]
    for n in range(len(rows) - len(wanted) + 1):
        if wanted and [line.split() for line in rows[n : n + len(wanted)]] == alike:
            there = numbered(source, n + 1, n + len(wanted))
            return "`old` does not occur: the spaces are others.", f"This stands there:\n{there}"
    near = _near(rows, wanted)
    if near is None:
        return "`old` does not occur in the program, nor anything like it.", "look_at_solver shows the text."
    there = numbered(source, *near)
    return "`old` does not occur in the program.", f"The lines most like it:\n{there}"


def _near(rows: list[str], wanted: list[str]) -> tuple[int, int] | None:
    """The first and last of the lines that are most like the longest line that is looked for, with what stands around."""
    longest = max(range(len(wanted)), key=lambda n: len(wanted[n].strip()), default=None)
    if longest is None or not rows:
        return None
    close = difflib.get_close_matches(wanted[longest].strip(), [row.strip() for row in rows if row.strip()], 1, 0.5)
    if not close:
        return None
    at = next(n for n, row in enumerate(rows) if row.strip() == close[0])
    first = max(0, at - longest - 1)
    return first + 1, min(len(rows), first + len(wanted) + 2)


def difference(one: str, other: str, names: tuple[str, str]) -> str:
    """What differs between two texts, as a unified diff."""
    rows = difflib.unified_diff(one.splitlines(), other.splitlines(), *names, lineterm="", n=1)
    lines = list(rows)
    shown = "\n".join(lines[:MOST_LINES])
    return f"{shown}\n({len(lines) - MOST_LINES} more lines.)" if len(lines) > MOST_LINES else shown
