"""`[boundary]`: which ends are meant, and what holds at them."""

import math
import re
from collections.abc import Mapping, Sequence
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

WORDED: Mapping[tuple[str, ...], str] = {
    ("dirichlet", "zero", "fixed", "pinned"): "{u} = 0",
    ("neumann", "no flux", "noflux", "zero flux", "zero gradient", "insulated", "adiabatic", "reflecting", "symmetric", "symmetry", "free"): "{u}_{x} = 0",
    ("robin", "mixed", "convective"): "{u}_{x} + {u} = 0",
    ("outflow", "transmissive", "transparent", "absorbing", "radiating"): "open",
    ("cyclic", "wrap", "circular"): "periodic",
}  # fmt: skip
"""Names of conditions, and how each is written: with its value, which a name leaves open."""


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
        many = [value] if whole or isinstance(value, int | float) else listed(value)
        if many and all(isinstance(one, int | float) and not isinstance(one, bool) for one in many):
            _numbers(tables, str(key), many, axis, sides, algebra)
            continue
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
                mend = f'Write "{_unknown(algebra)} = 0".'
                tables.findings.fault(tables.places.value(path), f"A condition is {shown(text)}.", mend)
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


def _numbers(
    tables: Tables, key: str, many: Sequence[float], axis: Interval, sides: tuple[Side, ...], algebra: Algebra
) -> None:
    """A number in place of a condition is the value there; of a pair for a whole axis, one at each end."""
    name, spot = _unknown(algebra), tables.places.value(("boundary", key))
    what = "A condition is a number." if len(many) == 1 else "Conditions are numbers."
    if len(many) == 2 == len(sides):
        pair = zip(sides, many, strict=True)
        lines = [f'"{axis.name}={axis.end(side):g}" = "{name} = {value:g}"' for side, value in pair]
        tables.findings.fault(spot, what, f"Write {' and '.join(lines)}, each on its line.")
    else:
        tables.findings.fault(spot, what, f'Write "{name} = {many[0]:g}".')


def _unknown(algebra: Algebra) -> str:
    """The name of the first unknown, for examples; u where there is none."""
    jets, fields = algebra.jets, [(word, jet) for word, jet in algebra.names.items() if word not in algebra.jets.fixed]
    return next((word for word, jet in fields if jets.meanings.get(jet, ("", ()))[0] == word), "u")


def _in_signs(text: str, axis: str, name: str) -> str:
    """What is written for a condition that is named or is a bare value."""
    word = re.sub(r"[\s_-]+", " ", text.strip().casefold())
    for words, written in WORDED.items():
        if word in words:
            return f'Write "{written.format(u=name, x=axis)}".'
    if re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", text.strip()):
        return f'Write "{name} = {text.strip()}".'
    return f'Write "periodic", "open" or such as "{name} = 0".'


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
        ends = [f'"{one.name}={one.end(side):g}"' for one in axes for side in BOTH]
        mend = f"Ends are called {', '.join(ends[:-1])} and {ends[-1]}, both of an axis {' or '.join(one.name for one in axes)}."
        mend = (meant(latin(word), [one.name for one in axes]) if sign else "") or mend
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
            f"The condition {shown(text)} is no equation.", 0, _in_signs(text, axis.name, _unknown(algebra))
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
            "Conditions hold unknowns and their derivatives in space; their values may depend on the time. Where equations are of second order in time, "
            "write the rate as an unknown of its own (u_t = v, v_t = …): v may stand in conditions.",
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
