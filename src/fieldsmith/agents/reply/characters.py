"""Text that is Python but for a few characters: typographic quotes and dashes, odd spaces, tabs, prose around it."""

import html
import itertools
import re
import textwrap
from collections.abc import Callable, Iterator

from fieldsmith.agents.reply.blocks import parses
from fieldsmith.agents.reply.names import missing, tree_of
from fieldsmith.agents.reply.shell import without_magic

QUOTES = dict.fromkeys("“”„‟«»″", '"') | dict.fromkeys("‘’‚‛′", "'")
SIGNS = dict.fromkeys("‐‑‒–—−", "-") | {"×": "*", "·": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "…": "..."}
WIDE = {chr(0xFF00 + n): chr(0x20 + n) for n in range(1, 0x5F)} | {"，": ",", "。": ".", "、": ","}
"""The full-width forms of ASCII, as East Asian keyboards give them."""
SPACES = dict.fromkeys(
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
)
UNSEEN = dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f", "")
TABLE = str.maketrans(QUOTES | SIGNS | WIDE | SPACES | UNSEEN)
OUTSIDE_STRINGS = str.maketrans(SPACES | UNSEEN)
PROMPT = re.compile(r"^(>>> ?|\.\.\. ?)")
CODE_LINE = re.compile(r"^(import |from \w|def |class |@\w|#|[A-Za-z_]\w* ?=[^=])")
NAMED = re.compile(r"^(?:def|class) +(\w+)|^(\w+) *(?::[^=\n]+)?=[^=]|^(?:from .* )?import +(.+)$", re.MULTILINE)
"""Lines of the top level that give names, also where they are no Python."""
NUMBERED = re.compile(r"^ *(?P<number>\d+) ?[|:│]? ?")
PROSE_LEFT_OUT = "Prose around the program was left out."
MOST_STARTS, MOST_ENDS = 6, 60


def mended(text: str, defines: Callable[[str], bool]) -> tuple[str, str]:
    """The text, changed as little as makes it a program that defines what is wanted, and what was done.

    Text that parses is left as it is, and so is text that nothing here makes parse.
    """
    if parses(text):
        return text, ""
    for changed, words in _changes(text):
        if changed != text and parses(changed) and defines(changed):
            return changed, words
    return text, ""


def _changes(text: str) -> Iterator[tuple[str, str]]:
    plain = text.translate(OUTSIDE_STRINGS)
    yield plain, "Spaces that Python does not know were replaced."
    yield textwrap.dedent(text), "The indentation that all lines shared was taken off."
    yield html.unescape(text), "Characters written as in HTML (&lt;) were replaced."
    yield without_magic(text)
    if (plainly := _unnumbered(text)) is not None:
        yield plainly, "The numbers before the lines were taken off."
    yield text.expandtabs(4), "Tabs were replaced by four spaces."
    yield text.expandtabs(8), "Tabs were replaced by eight spaces."
    ascii_text = text.translate(TABLE)
    yield ascii_text, "Typographic quotes, dashes and spaces were replaced by those of Python."
    yield ascii_text.expandtabs(4), "Typographic characters and tabs were replaced."
    lines = ascii_text.split("\n")
    if any(line.startswith(">>>") for line in lines):
        kept = [PROMPT.sub("", line) for line in lines if PROMPT.match(line)]
        yield "\n".join(kept), "The prompts of an interactive session were taken off."
    for source in dict.fromkeys((text, ascii_text.expandtabs(4))):
        for part in _code_within(source):
            yield part, PROSE_LEFT_OUT


def _unnumbered(text: str) -> str | None:
    """A listing whose lines are numbered one after the other, without the numbers; None for any other text."""
    lines = text.rstrip().split("\n")
    found = [NUMBERED.match(line) for line in lines if line.strip()]
    numbers = [int(match["number"]) for match in found if match]
    if len(numbers) < max(2, len(found)) or any(b - a < 1 for a, b in itertools.pairwise(numbers)):
        return None
    return "\n".join(NUMBERED.sub("", line) if line.strip() else "" for line in lines) + "\n"


def _code_within(text: str) -> Iterator[str]:
    """Runs of lines that may be the program in a text that begins or ends with prose, the longest first."""
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if CODE_LINE.match(line)][:MOST_STARTS]
    for start in starts:
        ends = [n for n in range(len(lines), start, -1) if n == len(lines) or _may_end_before(lines[n])]
        for end in ends[:MOST_ENDS]:
            part = "\n".join(lines[start:end])
            if not _needed(part, [*lines[:start], *lines[end:]]):
                yield part


def _needed(part: str, others: list[str]) -> bool:
    """Whether a program lacks names that the lines left out give: then they are no prose but code with a mistake in it."""
    tree = tree_of(part)
    given = {name for groups in NAMED.findall("\n".join(others)) for name in re.findall(r"\w+", " ".join(groups))}
    return tree is not None and bool(given & missing(tree))


def _may_end_before(line: str) -> bool:
    """Whether a program may have ended before this line: it is not indented, and it does not look like code."""
    return bool(line.strip()) and not line[0].isspace() and not CODE_LINE.match(line)
