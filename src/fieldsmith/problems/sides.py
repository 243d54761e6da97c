"""`[boundary]`: which ends are meant, and what holds at them."""

import math
from collections.abc import Mapping
from typing import Any

import sympy as sp

from fieldsmith.problems.algebra import Algebra
from fieldsmith.problems.faults import Misread, TooLarge, meant, shown
from fieldsmith.problems.grammar import equation, expression
from fieldsmith.problems.jets import Jets, partial
from fieldsmith.problems.places import Path
from fieldsmith.problems.system import Condition, Interval, Kind, Side
from fieldsmith.problems.tables import Tables, listed
from fieldsmith.problems.tokens import latin

BOTH: tuple[Side, ...] = ("low", "high")
SHORT: Mapping[str, Side] = {
    "low": "low",
    "left": "low",
    "bottom": "low",
    "high": "high",
    "right": "high",
    "top": "high",
}


def read_sides(
    tables: Tables, axes: tuple[Interval, ...], algebra: Algebra
) -> tuple[frozenset[str], tuple[Condition, ...]]:
    """Periodic axes, and the conditions at ends of the others."""
    periodic: set[str] = set()
    found: list[Condition] = []
    for key, value in tables.table("boundary").items():
        ends = _ends(tables, str(key), axes)
        if ends is None:
            continue
        axis, sides = ends
        whole = isinstance(value, str)
        many = [value] if whole else listed(value)
        if many is None:
            tables.findings.fault(
                tables.places.value(("boundary", key)),
                f"A condition is {shown(value)}.",
                'Write "periodic", "u = 0" or a list of such.',
            )
            continue
        if not many:
            tables.findings.fault(
                tables.places.value(("boundary", key)),
                f"No condition is given for {key}.",
                "Leave the line out where none belongs.",
            )
        for k, text in enumerate(many):
            path: Path = ("boundary", key) if whole else ("boundary", key, k)
            if not isinstance(text, str):
                tables.findings.fault(tables.places.value(path), f"A condition is {shown(text)}.", 'Write "u = 0".')
            elif text.strip().casefold() == "periodic":
                _periodic(tables, path, axis, sides, len(many), periodic)
            else:
                found += _conditions(tables, path, text, axis, sides, algebra)
    for one in found:
        if one.axis in periodic:
            tables.findings.fault(
                one.spot,
                f"{one.axis} is periodic and has the condition {shown(one.text)}.",
                "A periodic axis has no ends.",
            )
    return frozenset(periodic), tuple(one for one in found if one.axis not in periodic)


def _periodic(
    tables: Tables, path: Path, axis: Interval, sides: tuple[Side, ...], many: int, periodic: set[str]
) -> None:
    if len(sides) == 1:
        mend = f'Write {axis.name} = "periodic": what leaves at one end enters at the other.'
        tables.findings.fault(tables.places.value(path), f"{axis.name} is periodic at one end only.", mend)
    elif many > 1:
        tables.findings.fault(
            tables.places.value(path), f"{axis.name} is periodic and has conditions.", "A periodic axis has no ends."
        )
    periodic.add(axis.name)


def _ends(tables: Tables, key: str, axes: tuple[Interval, ...]) -> tuple[Interval, tuple[Side, ...]] | None:
    """Which axis and which of its ends a key of the table names; None for one that names none, which is told."""
    word, sign, value = (part.strip() for part in key.partition("="))
    axis = next((one for one in axes if one.name == latin(word)), None)
    spot = tables.spot("boundary", key)
    if axis is None:
        known = [one.name for one in axes]
        mend = meant(latin(word), known) or f"Ends are called {', '.join(f'{n}, “{n}=…”' for n in known)}."
        tables.findings.fault(spot, f"{shown(word or key)} is no axis of the domain.", mend)
        return None
    if not sign:
        return axis, BOTH
    if value in SHORT:
        return axis, (SHORT[value],)
    place = _number(value)
    for side in BOTH:
        if place is not None and abs(place - axis.end(side)) <= 1e-6 * axis.length:
            return axis, (side,)
    mend = f"Its ends are “{axis.name}={axis.low:g}” and “{axis.name}={axis.high:g}”."
    tables.findings.fault(spot, f"{axis.name} does not end at {value or 'nothing'}.", mend)
    return None


def _number(text: str) -> float | None:
    from fieldsmith.problems.algebra import constant

    try:
        value = constant(expression(text), Algebra(Jets(()), (), False, {}))
    except (Misread, TooLarge):
        return None
    return value if math.isfinite(value) else None


def _conditions(
    tables: Tables, path: Path, text: str, axis: Interval, sides: tuple[Side, ...], algebra: Algebra
) -> list[Condition]:
    tables.caret(path, text)
    spot = tables.places.value(path)
    if text.strip().casefold() == "open":
        return [Condition(axis.name, side, text, "open", spot=spot) for side in sides]
    try:
        left, right = equation(text)
        residual = algebra.read(left) - algebra.read(right)
    except Misread as misread:
        plain = Misread(
            f"The condition {shown(text)} is no equation.", 0, 'Write "periodic", "open" or such as "u = 0".'
        )
        tables.misread(path, misread if "=" in text else plain)
        return []
    except TooLarge:
        tables.findings.fault(spot, "The condition grows too large to be looked at.", "Shorten it.")
        return []
    found = []
    for side in sides:
        here = residual.xreplace({algebra.names[axis.name]: sp.Float(axis.end(side), 17)})
        try:
            kind, order = kind_of(here, axis, algebra)
        except Misread as misread:
            tables.misread(path, misread)
            return []
        found.append(Condition(axis.name, side, text, kind, here, order, spot))
    return found


def kind_of(residual: Any, axis: Interval, algebra: Algebra) -> tuple[Kind, int]:
    """What kind a condition is, and the highest derivative across the side in it. Raises Misread for one that is none."""
    jets, place = algebra.jets, list(algebra.coordinates).index(axis.name)
    met = jets.among(residual)
    if not met:
        raise Misread("The condition holds no unknown.", 0, "Such as u = 0.")
    orders = {jet: jets.meanings[jet][1] for jet in met}
    if algebra.timed and any(order[0] for order in orders.values()):
        raise Misread(
            "A rate of change in a condition is not solved yet.",
            0,
            "Conditions hold unknowns and their derivatives in space; their values may depend on the time.",
        )
    across = max(order[place] for order in orders.values())
    slopes = [partial(residual, jet) for jet in met]
    if any(jets.among(slope) for slope in slopes):
        return "nonlinear", across
    if across > 1 or any(sum(order) > order[place] for order in orders.values()):
        return "higher", across
    if across == 0:
        return "dirichlet", 0
    return ("neumann" if all(order[place] for order in orders.values()) else "robin"), 1
