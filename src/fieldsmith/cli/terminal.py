"""What a terminal can show: characters that it does not know, paths in another encoding, lines that are short."""

import codecs
import contextlib
import itertools
import os
import sys
from collections.abc import Sequence
from typing import TextIO

NARROW = 60
"""Columns below which a table of options hides their names."""
NEAREST = {
    "█": "#",
    "░": ".",
    "…": "...",
    "—": "-",
    "–": "-",
    "·": "*",
    "×": "x",
    "−": "-",
    "’": "'",
    "“": '"',
    "”": '"',
}
"""What stands for characters that an encoding lacks; `?` for others."""


def prepare() -> None:
    """Let every line be printed, whatever the encoding of the terminal."""
    codecs.register_error("nearest", _nearest)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):  # one that is not of this interpreter's own
            stream.reconfigure(errors="nearest")  # pyright: ignore[reportAttributeAccessIssue]


def narrow() -> bool:
    """Whether tables do not fit."""
    return columns(sys.stdout) < NARROW


def columns(stream: TextIO) -> int:
    """How many characters a line of the stream's terminal has; 80 where there is none."""
    with contextlib.suppress(ValueError):
        if (told := int(os.environ.get("COLUMNS", "0"))) > 0:
            return told
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.get_terminal_size(stream.fileno()).columns or 80
    return 80


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table, its columns one below the other; a row may lack its last cells."""
    widths = [max(map(len, column)) for column in itertools.zip_longest(*rows, fillvalue="")]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _nearest(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    return b"".join(_bytes(character) for character in found), error.end


def _bytes(character: str) -> bytes:
    """The byte that a path has there, or what is nearest to a character."""
    if "\udc80" <= character <= "\udcff":
        return character.encode("utf-8", "surrogateescape")
    return NEAREST.get(character, "?").encode("ascii")
