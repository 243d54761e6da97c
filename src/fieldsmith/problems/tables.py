"""Values of a problem's tables, each checked for its type where it is read."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fieldsmith.problems.algebra import Algebra, constant
from fieldsmith.problems.faults import Findings, Misread, Spot, TooLarge, meant, shown
from fieldsmith.problems.grammar import Node, expression
from fieldsmith.problems.hints import better, measured
from fieldsmith.problems.jets import Jets
from fieldsmith.problems.places import Path, Places, found_in

TOP = (
    "title", "description", "equations", "domain", "unknowns", "parameters", "definitions", "coefficients", "boundary",
    "initial", "output", "conserved", "exact",
)  # fmt: skip
TABLES = TOP[3:]


def _nothing() -> Algebra:
    return Algebra(Jets(()), (), False, {})


@dataclass
class Tables:
    """A problem's document, where its parts stand, and what is wrong with them so far."""

    document: Mapping[str, Any]
    places: Places
    findings: Findings = field(default_factory=Findings)

    def check(self) -> None:
        """Faults of names and types at the top."""
        for key, value in self.document.items():
            if key not in TOP:
                close = meant(key, TOP) or f"Known are {', '.join(TOP)}."
                self.findings.fault(self.places.key(key), f"{shown(key)} is no part of a problem.", close)
            elif key in TABLES and not isinstance(value, Mapping):
                self.findings.fault(self.places.key(key), f"{key} is no table.", f"Write it below [{key}].")
            elif key in ("title", "description") and not isinstance(value, str):
                self.findings.fault(self.places.key(key), f"{key} is no text.", f'Write {key} = "…".')

    def table(self, name: str) -> Mapping[str, Any]:
        found = self.document.get(name, {})
        return found if isinstance(found, Mapping) else {}

    def keys(self, path: Path, table: Mapping[str, Any], known: Collection[str], what: str) -> None:
        """Faults of keys that are not known."""
        for key in table:
            if key not in known:
                close = meant(str(key), known) or f"Known are {', '.join(known)}."
                self.findings.fault(self.places.key(*path, key), f"{what} has no {shown(str(key))}.", close)

    def number(self, path: Path, default: float, what: str) -> float:
        """A number, written as one or as an expression of numbers and constants."""
        value = found_in(self.document, path)
        spot = self.places.value(path)
        if isinstance(value, str):
            try:
                found = constant(expression(value), _nothing())
            except (Misread, TooLarge) as wrong:
                character = wrong.at if isinstance(wrong, Misread) else 0
                why = f"{what} is to be a number: {wrong}" if isinstance(wrong, Misread) else f"{what} is no number."
                depends = "; what depends on coordinates belongs into [coefficients], on unknowns into [definitions]"
                mend = f"Such as 1.5 or “2*pi”{depends if path[0] == 'parameters' and 'not known' in why else ''}."
                mend = measured(value, path, self.document) or mend
                self.findings.fault(self.places.value(path, character), why, mend)
                return default
        elif isinstance(value, int | float) and not isinstance(value, bool):
            try:
                found = float(value)
            except OverflowError:
                found = math.inf
        else:
            self.findings.fault(spot, f"{what} is no number but {shown(value)}.", "Such as 1.5 or “2*pi”.")
            return default
        if not math.isfinite(found) or abs(found) > 1e300:
            self.findings.fault(spot, f"{what} is not finite.", "Give a number of at most 1e300.")
            return default
        return found

    def text(self, path: Path, what: str) -> str:
        value = found_in(self.document, path)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.findings.fault(self.places.value(path), f"{what} is no text but {shown(value)}.", "Put it in quotes.")
            return ""
        return value

    def tree(self, path: Path, what: str) -> Node | None:
        """The tree of an expression, which may be a plain number; None where it cannot be read, which is told."""
        value = found_in(self.document, path)
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = self.number(path, math.nan, what)
            if math.isnan(number):
                return None
            node = Node("number", word=repr(abs(number)))
            return node if number >= 0 else Node("neg", (node,))
        if not isinstance(value, str):
            wrong = f"{what} is no expression but {shown(value)}."
            mend = "Write it in quotes, such as “sin(pi*x)”."
            if listed(value) and path[0] in ("initial", "coefficients"):
                mend = f'Numbers stand in a file: {path[-1]} = {{ file = "field.npz", name = "{path[-1]}" }}.'
            self.findings.fault(self.places.value(path), wrong, mend)
            return None
        self.caret(path, value)
        try:
            return expression(value)
        except Misread as misread:
            self.misread(path, misread)
            return None

    def caret(self, path: Path, text: str) -> None:
        if "^" in text:
            spot = self.places.value(path, text.index("^"))
            self.findings.note(spot, "^ is taken for a power, as ** is.")

    def made(self, path: Path, tree: Node | None, algebra: Algebra) -> Any:
        """The SymPy expression of a tree; None where it has none, which is told."""
        if tree is None:
            return None
        try:
            return algebra.read(tree)
        except Misread as misread:
            self.misread(path, misread)
        except TooLarge:
            self.findings.fault(
                self.places.value(path),
                "The expression grows too large to be looked at.",
                "Shorten it, or give a part of it as a coefficient.",
            )
        return None

    def misread(self, path: Path, misread: Misread) -> None:
        text = found_in(self.document, path)
        if isinstance(text, str):
            domain = self.table("domain")
            axes = [str(name) for name in domain if name not in ("time", domain.get("time", "t"))]
            misread = better(text, misread, axes if path[0] == "equations" else None)
        self.findings.fault(self.places.value(path, misread.at), misread.what, misread.mend)

    def spot(self, *path: str | int) -> Spot:
        return self.places.key(*path)


def listed(value: object) -> Sequence[Any] | None:
    """A list or tuple, None for anything else."""
    return value if isinstance(value, list | tuple) else None
