"""The long texts of a page, each part of them kept once.

A prompt repeats the statement and the programs that it builds on, a reply repeats its program. So texts are cut at blank
lines and fences, and the page holds a table of parts and, for each text, which parts it is made of.
"""

import json
import re

from fieldsmith.reports.plain import clean, cut

_FENCE = re.compile(r"(?<=\n)(?=```|~~~)|(?<=```python\n)")

Part = int | tuple[int, int]
"""The number of a part, or how many characters and ends of lines are left out at this place of a text."""


def script_safe(data: object) -> str:
    """JSON that can stand inside a <script> element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


class Remembered:
    """The parts of texts, kept as long as the last page or the one before it had that text."""

    def __init__(self) -> None:
        self._now: dict[str, tuple[tuple[str, int], ...]] = {}
        self._before: dict[str, tuple[tuple[str, int], ...]] = {}

    def parts(self, text: str) -> tuple[tuple[str, int], ...]:
        found = self._now.get(text)
        if found is None:
            found = self._now[text] = self._before.get(text) or _parts(text)
        return found

    def next_page(self) -> None:
        self._now, self._before = {}, self._now


class Texts:
    """A table of parts of texts, each as it will stand in the page; `size` is what it takes there, in bytes."""

    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered
        self.size = 0
        self.gaps = 0
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._places)

    def add(self, text: str, limit: int) -> list[Part]:
        """Of which parts a text is made, `limit` characters of it at most; none for an empty text."""
        head, gap, tail = cut(text, limit)
        numbers: list[Part] = [self._place(part, size) for part, size in self._remembered.parts(head)]
        if gap[0]:
            self.gaps += 1
            numbers.append(gap)
            numbers += [self._place(part, size) for part, size in self._remembered.parts(tail)]
        return numbers

    def _place(self, part: str, size: int) -> int:
        number = self._places.get(part)
        if number is None:
            number = self._places[part] = len(self._places)
            self.size += size
        return number

    def shrink(self, count: int) -> None:
        """Forget what was added after the first `count` parts."""
        while len(self._places) > count:
            self.size -= bytes_of(self._places.popitem()[0]) + 1

    def table(self) -> str:
        return f"[{','.join(self._places)}]"


def _parts(text: str) -> tuple[tuple[str, int], ...]:
    """A text cut before blank lines and at fences, as JSON with its size; joined they give the text again."""
    first, *others = clean(text).split("\n\n")
    whole, lead = [first], ""
    for other in others:
        lead += "\n\n"
        if other:  # many blank lines are one part
            whole.append(lead + other)
            lead = ""
    found: list[str] = []
    for part in (*whole, lead):
        found += _FENCE.split(part) if "```" in part or "~~~" in part else [part]
    encoded = (script_safe(part) for part in found if part)
    return tuple((part, bytes_of(part) + 1) for part in encoded)
