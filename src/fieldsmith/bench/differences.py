"""Where what was kept differs from what is made anew, in words; numbers may differ as far as rounding goes."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from fieldsmith.finding import Finding

RELATIVE, ABSOLUTE = 1e-6, 1e-14
"""How far a figure may be from what is kept: other processors and libraries round otherwise."""
MOST = 3
"""Differences that are told one by one."""
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """lacking: the file does not have the field at all, as that of an earlier version."""

    path: str
    words: str
    lacking: bool = False


def differences(anew: object, kept: object, there: str, here: str, path: str = "") -> Iterator[Difference]:
    """Where two JSON values differ, field by field; `there` is what the first was made from, `here` the file of the second."""
    if kept is _ABSENT:
        yield Difference(path, f"{here} has no {path}", lacking=True)
    elif isinstance(anew, Mapping) and isinstance(kept, Mapping):
        for name in dict.fromkeys([*anew, *kept]):
            inner = f"{path}.{name}" if path else str(name)
            yield from differences(anew.get(name), kept.get(name, _ABSENT), there, here, inner)
    elif isinstance(anew, list) and isinstance(kept, list) and len(anew) == len(kept):
        for n, (a, b) in enumerate(zip(anew, kept, strict=True)):
            yield from differences(a, b, there, here, f"{path}[{n}]")
    elif not _same(anew, kept):
        yield Difference(path, f"{path} is {str(kept)[:40]} in {here} and {str(anew)[:40]} by {there}")


def compared(check: str, found: Sequence[Difference], note: str) -> Finding:
    """What differs is a fault; what a file merely lacks was not checked."""
    if wrong := [one.words for one in found if not one.lacking]:
        return told(check, wrong, note)
    lacking = [one.words for one in found]
    return Finding(check, "", note, f"{several(lacking)}, as of an earlier version" if lacking else "")


def told(check: str, faults: Sequence[str], note: str) -> Finding:
    return Finding(check, several(faults), "" if faults else note)


def several(sentences: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f"; and {len(sentences) - MOST} more" if len(sentences) > MOST else ""
    return "; ".join(sentences[:MOST]) + more


def close(one: float, other: float) -> bool:
    both = math.isnan(one) and math.isnan(other)
    return both or math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def first_other_line(anew: str, kept: str) -> str:
    """The first line of a text that is another, in words; empty where every line is the same up to the rounding of its numbers."""
    for n, (a, b) in enumerate(zip_longest(anew.splitlines(), kept.splitlines(), fillvalue="")):
        if not _same_line(a, b):
            apart = next((m for m, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
            begin = max(0, apart - 20)
            return (
                f"line {n + 1} has {b[begin : begin + 60].strip()!r} and should have {a[begin : begin + 60].strip()!r}"
            )
    return ""


def plain(fields: object) -> dict[str, Any]:
    """As it is read back from JSON."""
    return json.loads(json.dumps(fields))


def text_of(file: Path) -> str:
    """Empty for a file that cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def json_of(file: Path) -> dict[str, Any]:
    """Empty for a file that holds no JSON object."""
    try:
        read = json.loads(text_of(file))
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _same(one: object, other: object) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one == other
    return close(one, other) if isinstance(one, int | float) and isinstance(other, int | float) else one == other


def _same_line(one: str, other: str) -> bool:
    if one == other:
        return True
    if NUMBER.sub("", one) != NUMBER.sub("", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(close(float(a), float(b)) for a, b in pairs)
