"""Conditions of two sides that meet: where one gives an unknown along its side, another on it is to agree in the corner or along the edge."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.problems.ends import places_at
from fieldsmith.problems.faults import Findings, Misread, TooLarge
from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import States
from fieldsmith.problems.system import Condition, System

POINTS = 15
SMALLEST = 1e-6
"""Gap beside what it is made of that is none."""


def corners_agree(system: System, states: States, told: Findings) -> None:
    """Tell each two conditions that contradict one another where their sides meet: a doubt where the solution jumps, a note where a derivative does."""
    said: set[tuple[str, str]] = set()
    for one, other in itertools.permutations(system.conditions, 2):
        if one.axis == other.axis or (one.text, other.text) in said or (value := _given(system, one)) is None:
            continue
        field, expression = value
        if (there := _given(system, other)) and (there[0] != field or (other.text, one.text) in said):
            continue
        try:
            gap = _gap(system, states, (field, expression), one, other)
        except (TooLarge, Misread):
            continue
        if gap is not None:
            said.add((one.text, other.text))
            jumps = other.order == 0 and other.kind == "dirichlet"
            (told.doubt if jumps else told.note)(
                other.spot,
                f"The conditions “{one.text}” at {_place(system, one)} and “{other.text}” at {_place(system, other)} differ by {gap:.3g} where they meet.",
                f"The solution {'jumps' if jumps else 'is not smooth'} there, which costs accuracy.",
            )


def _place(system: System, one: Condition) -> str:
    return f"{one.axis} = {system.axis(one.axis).end(one.side):g}"


def _given(system: System, one: Condition) -> tuple[str, Any] | None:
    """The real field that a condition gives along its side, and its values; None of other conditions."""
    jets = system.jets
    met = jets.among(one.residual, given=True)
    if (
        one.kind != "dirichlet"
        or len(met) != 1
        or not jets.unknown(met[0])
        or jets.meanings[met[0]][0] in jets.partners
    ):
        return None
    factor = partial(one.residual, met[0])
    if not factor.is_number or factor == 0:
        return None
    return jets.meanings[met[0]][0], -one.residual.xreplace({met[0]: 0 * factor}) / factor


def _gap(system: System, states: States, given: tuple[str, Any], one: Condition, other: Condition) -> float | None:
    """By how much the other condition is missed by what the one gives along its side; None where it holds other unknowns or derivatives, or is met."""
    inserted = _inserted(system, given, other)
    if inserted is None:
        return None
    terms = sp.Add.make_args(other.residual)
    free = [term for term in terms if not system.jets.among(term)]
    worst = 0.0
    for share in (0.0, 0.5) if system.time else (0.0,):
        here, there = (_along(system, condition, share) for condition in (one, other))
        place = {**here, other.axis: np.full(POINTS, system.axis(other.axis).end(other.side))}
        values = states.values([other.residual, given[1]], place)
        values |= {jet: np.asarray(evaluate(value, values)) for jet, value in inserted.items()}
        sizes = [_largest(given[1], states.values([given[1]], here))]
        sizes += [_largest(term, states.values([term], there)) for term in free]
        sizes += [_largest(term, values) for term in terms]
        gap = _largest(other.residual, values)
        if np.isfinite(gap) and gap > max(system.output.accuracy, SMALLEST) * max(sizes):
            worst = max(worst, gap)
    return worst or None


def _inserted(system: System, given: tuple[str, Any], other: Condition) -> Mapping[Any, Any] | None:
    """What each unknown and derivative of a condition is by what is given along a side; None where that does not say it."""
    jets, along = system.jets, system.coordinates.index(other.axis)
    found: dict[Any, Any] = {}
    for jet in jets.among(other.residual, given=True):
        name, orders = jets.meanings[jet]
        if name != given[0] or any(n for k, n in enumerate(orders) if k != along):
            return None
        found[jet] = given[1]
        for _ in range(orders[along]):
            found[jet] = jets.total(found[jet], along)
    return found


def _along(system: System, one: Condition, share: float) -> dict[str, np.ndarray]:
    """Places along a side, after a share of the time."""
    places = places_at(system, system.axis(one.axis), one.side, POINTS)
    if system.time:
        places[system.time.name] = np.full(POINTS, system.time.low + share * system.time.length)
    return places


def _largest(expression: Any, values: Mapping[Any, Any]) -> float:
    return float(np.abs(np.asarray(evaluate(expression, values))).max(initial=0.0))
