"""Where in a TOML text keys and values stand, to the character.

`tomllib` says what a text means, and that it is sound; this reads the same text once more for the places alone, so that a fault
inside an expression points at its character. Paths are tuples of keys and indices.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fieldsmith.problems.faults import Spot

Path = tuple[str | int, ...]
BARE = re.compile(r"[A-Za-z0-9_-]+")
BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
ESCAPES = {"b": 1, "t": 1, "n": 1, "f": 1, "r": 1, '"': 1, "\\": 1, "u": 5, "U": 9}


@dataclass
class Places:
    """Offsets of keys and values of one text, and of every character of its strings; empty for a problem without a file."""

    text: str = ""
    keys: dict[Path, int] = field(default_factory=dict)
    values: dict[Path, int] = field(default_factory=dict)
    strings: dict[Path, Sequence[int]] = field(default_factory=dict)

    def key(self, *path: str | int) -> Spot:
        """Where a key stands; of one that is not there the table it would stand in, or the first line."""
        offset = self.keys.get(path, self.values.get(path))
        if offset is None and len(path) > 1:
            return Spot(_dotted(path), *self._line(self._outer(path)))
        return Spot(_dotted(path), *self._line(offset if offset is not None else 0))

    def value(self, path: Path, character: int = 0) -> Spot:
        """Where a value stands, or one character of a string."""
        letters = self.strings.get(path)
        if letters:
            return Spot(_dotted(path), *self._line(letters[min(character, len(letters) - 1)]))
        offset = self.values.get(path, self.keys.get(path))
        return Spot(_dotted(path), *self._line(self._outer(path) if offset is None else offset))

    def _outer(self, path: Path) -> int:
        for length in range(len(path) - 1, 0, -1):
            for known in (self.keys, self.values):
                if path[:length] in known:
                    return known[path[:length]]
        return 0

    def _line(self, offset: int) -> tuple[int, int]:
        if not self.text:
            return 0, 0
        before = self.text.count("\n", 0, offset)
        return before + 1, offset - (self.text.rfind("\n", 0, offset) + 1) + 1


def _dotted(path: Path) -> str:
    words = ""
    for part in path:
        words += f"[{part}]" if isinstance(part, int) else f".{part}" if words else part
    return words


def places(text: str) -> Places:
    """The places of a text that `tomllib` has read."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.run()
    return scanner.found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found = Places(text)
        self.tables: dict[Path, int] = {}

    def run(self) -> None:
        base: Path = ()
        while self._skip() < len(self.text):
            if self.text.startswith("[[", self.at):
                base = self._header(2)
                index = self.tables[base] = self.tables.get(base, -1) + 1
                base = (*base, index)
            elif self.text[self.at] == "[":
                base = self._header(1)
            else:
                self._pair(base)

    def _header(self, brackets: int) -> Path:
        start = self.at
        self.at += brackets
        path: Path = ()
        for part in self._keys():
            path = (*path, part[0])
            if path in self.tables:
                path = (*path, self.tables[path]) if path != self._plain(path) else path
        self.found.keys.setdefault(path, start)
        self.found.values.setdefault(path, start)
        self._skip()
        self.at += brackets
        return path

    def _plain(self, path: Path) -> Path:
        return tuple(part for part in path if isinstance(part, str))

    def _pair(self, base: Path) -> None:
        path = base
        for name, start in self._keys():
            path = (*path, name)
            self.found.keys.setdefault(path, start)
        self._skip()
        self.at += 1  # the equals sign
        self._skip()
        self._value(path)

    def _keys(self) -> list[tuple[str, int]]:
        names = []
        while True:
            self._skip()
            start = self.at
            if self.text[self.at : self.at + 1] in ('"', "'"):
                names.append((self._string(), start))
            else:
                bare = BARE.match(self.text, self.at)
                self.at = bare.end() if bare else self.at + 1
                names.append((bare.group() if bare else "", start))
            self._skip()
            if self.text[self.at : self.at + 1] != ".":
                return names
            self.at += 1

    def _value(self, path: Path) -> None:
        self.found.values[path] = self.at
        first = self.text[self.at : self.at + 1]
        if first in ('"', "'"):
            letters: list[int] = []
            self._string(letters)
            self.found.strings[path] = letters
        elif first == "[":
            self._items(path)
        elif first == "{":
            self._members(path)
        else:
            end = re.compile(r"[,\]}\n#]|$").search(self.text, self.at)
            self.at = max(end.start() if end else len(self.text), self.at + 1)

    def _items(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._skip() < len(self.text) and self.text[self.at] != "]":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._value((*path, index))
            index += 1
        self.at += 1

    def _members(self, path: Path) -> None:
        self.at += 1
        while self._skip() < len(self.text) and self.text[self.at] != "}":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._pair(path)
        self.at += 1

    def _string(self, letters: list[int] | None = None) -> str:
        """Move behind a string; its text, and in `letters` the offset of each of its characters."""
        letters = [] if letters is None else letters
        mark = self.text[self.at]
        fence = mark * 3 if self.text.startswith(mark * 3, self.at) else mark
        self.at += len(fence)
        if len(fence) == 3 and self.text.startswith("\n", self.at):
            self.at += 1
        text = []
        while self.at < len(self.text) and not self._closes(fence):
            escaped = mark == '"' and self.text[self.at] == "\\"
            if escaped and (blank := re.compile(r"\\[ \t]*\n\s*").match(self.text, self.at)):
                self.at = blank.end()
                continue
            letters.append(self.at)
            text.append(self.text[self.at])
            self.at += 1 + (ESCAPES.get(self.text[self.at + 1 : self.at + 2], 1) if escaped else 0)
        letters.append(self.at)
        self.at += len(fence)
        return "".join(text)

    def _closes(self, fence: str) -> bool:
        """Whether a string ends here; of four quotation marks in a row the first belongs to the text."""
        return self.text.startswith(fence, self.at) and not (
            len(fence) == 3 and self.text.startswith(fence[0], self.at + 3)
        )

    def _skip(self) -> int:
        blank = BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        return self.at


def found_in(document: Mapping[str, object], path: Path) -> object:
    """The value at a path, None where there is none."""
    inner: Any = document
    for part in path:
        if isinstance(inner, Mapping):
            inner = inner.get(part)
        elif isinstance(inner, list | tuple) and isinstance(part, int) and part < len(inner):
            inner = inner[part]
        else:
            return None
    return inner
