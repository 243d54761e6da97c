"""What is wrong or doubtful in a problem, and where: each in one sentence, with what would be right."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from fieldsmith.errors import InputError

Weight = Literal["fault", "doubt", "note"]
"""A fault stops; a doubt is told and stops nothing; a note says how something was read."""


@dataclass(frozen=True)
class Spot:
    """A place in a problem: the field (`initial.u`), and its line and column from 1 on, 0 where there is no file."""

    field: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Fault:
    """One finding. `what` and `mend` are sentences; `spot` is where to look."""

    weight: Weight
    spot: Spot
    what: str
    mend: str = ""

    def told(self, name: str = "") -> str:
        """One line as compilers write it: `FILE:7:12: what. mend`; of a problem without a file the field in place of the line."""
        spot = self.spot
        place = f"{name}: " if name else ""
        if spot.line:
            place = f"{name}:{spot.line}:{spot.column}: " if name else f"line {spot.line}, column {spot.column}: "
        field = f"{spot.field}: " if spot.field and not spot.line else ""
        doubt = {"fault": "", "doubt": "doubt: ", "note": "note: "}[self.weight]
        return f"{place}{field}{doubt}{self.what} {self.mend}".strip()


class ProblemError(InputError):
    """A problem that makes no sense as it stands; `faults` has every finding, doubts and notes too, in the order of the file."""

    def __init__(self, faults: Iterable[Fault], name: str = "") -> None:
        self.faults, self.name = tuple(faults), name
        wrong = [one for one in self.faults if one.weight == "fault"]
        first = Fault(wrong[0].weight, wrong[0].spot, wrong[0].what).told(name)
        more = f"It is one of {len(wrong)} faults." if len(wrong) > 1 else ""
        super().__init__(first, f"{wrong[0].mend} {more}".strip())

    @property
    def lines(self) -> list[str]:
        """Every finding, a line each."""
        return [one.told(self.name) for one in self.faults]


class Misread(Exception):
    """An expression cannot be read: what is wrong, at which character of it, and what would be right."""

    def __init__(self, what: str, at: int = 0, mend: str = "") -> None:
        super().__init__(what)
        self.what, self.at, self.mend = what, at, mend


class TooLarge(Exception):
    """An expression outgrows what is analysed."""


@dataclass
class Findings:
    """Findings as they come."""

    found: list[Fault] = field(default_factory=list)

    def fault(self, spot: Spot, what: str, mend: str = "") -> None:
        self._add("fault", spot, what, mend)

    def doubt(self, spot: Spot, what: str, mend: str = "") -> None:
        self._add("doubt", spot, what, mend)

    def note(self, spot: Spot, what: str, mend: str = "") -> None:
        self._add("note", spot, what, mend)

    def _add(self, weight: Weight, spot: Spot, what: str, mend: str) -> None:
        one = Fault(weight, spot, what, mend)
        if one not in self.found:
            self.found.append(one)

    @property
    def stopping(self) -> bool:
        return any(one.weight == "fault" for one in self.found)

    def ordered(self) -> tuple[Fault, ...]:
        return tuple(sorted(self.found, key=lambda one: (one.spot.line, one.spot.column)))


def meant(name: str, known: Iterable[str]) -> str:
    """`Did you mean …?` for a name that is close to a known one, else nothing."""
    every = list(dict.fromkeys(known))
    close = difflib.get_close_matches(name, every, 1, 0.6)
    if not close:
        close = [other for other in every if other.casefold() == name.casefold()]
    return f"Did you mean {close[0]}?" if close else ""


def many(count: int, what: str) -> str:
    """`1 condition`, `2 conditions`."""
    return f"{count} {what}{'s' * (count != 1)}"


def shown(value: object, room: int = 60) -> str:
    """A value of the file in a sentence, cut where it is long, on one line."""
    text = " ".join(repr(value).split()) if not isinstance(value, str) else f"“{' '.join(value.split())}”"
    return text if len(text) <= room else f"{text[: room - 1]}…"
