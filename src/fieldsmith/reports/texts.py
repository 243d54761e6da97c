"""The long texts of a page, each part of them kept once.

A prompt repeats the statement and the programs that it builds on, a reply repeats its program. So texts are cut at blank
lines and fences, and the page holds a table of parts and, for each text, which parts it is made of.
"""

import json
import re
from pathlib import PurePosixPath

from fieldsmith.reports.plain import clean

_FENCE = re.compile(r"(?<=\n)(?=```|~~~)|(?<=```python\n)")


def script_safe(data: object) -> str:
    """JSON that can stand inside a <script> element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


class Texts:
    """A table of parts of texts. `limit` characters of a text are shown, the middle of longer ones is left out."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._places: dict[str, int] = {}

    def add(self, text: str, file: PurePosixPath | None = None, limit: int | None = None) -> list[int]:
        """The numbers of a text's parts; none for an empty text. `file` holds the whole of it."""
        shown = clean(text, limit or self.limit, str(file) if file else "")
        return [self._places.setdefault(part, len(self._places)) for part in _parts(shown)]

    def table(self) -> list[str]:
        return list(self._places)


def _parts(text: str) -> list[str]:
    """A text cut before blank lines and at fences; joined they give the text again."""
    first, *others = text.split("\n\n")
    found: list[str] = []
    for part in (first, *("\n\n" + other for other in others)):
        found += _FENCE.split(part) if "```" in part or "~~~" in part else [part]
    return [part for part in found if part]
