"""How many conditions each end of an axis needs, and whether those given determine the solution there.

Near a side the linearised equations have solutions exp(s t + kappa x) with Re s large; those with Re kappa < 0 fade away from a
lower end, those with Re kappa > 0 from an upper one. As many conditions are needed at an end as solutions fade away from it, and
the conditions must tell these apart (Kreiss, 1970; Lopatinskii). For first order equations that counts incoming characteristics, for
heat one condition an end, for beams two; for u_t = -u_xxx one at the lower end and two at the upper.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fieldsmith.problems.growth import LARGEST
from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import States, shifted
from fieldsmith.problems.symbol import PRODUCTS, Frozen, Linearised, determinant, roots
from fieldsmith.problems.system import Condition, Interval, Side, System

POINTS = 5
FAST = (1e4, 1e6)
"""Rates s, in units of one over the time's span, at which solutions are counted."""
ROUNDING = 1e-12
SAME = 1e-7
"""Smallest beside the largest effect of the conditions on a fading solution, below which they do not see one."""
TANGENTIAL = 3.0
"""Waves along a side."""
JUST_INSIDE = 1e-3


@dataclass
class Need:
    """Of one end: the fewest and the most conditions that points along it and its surroundings call for; `total` for both ends together.

    `alone` names what only other states or parameters than those of the start call for. `free` names unknowns that the conditions
    leave undetermined though their number is right.
    """

    axis: str
    side: Side
    counts: set[int] = field(default_factory=set)
    loose: int = 0
    """Solutions that neither fade nor grow across: either end may have their conditions."""
    undetermined: bool | None = None

    @property
    def fewest(self) -> int:
        return min(self.counts, default=0)

    @property
    def most(self) -> int:
        return max(self.counts, default=0) + self.loose


def needs(system: System, linear: Linearised, states: States) -> Mapping[tuple[str, Side], Need]:
    """What each end of each axis that is not periodic needs; empty where nothing can be said, and of a steady problem on an
    interval, where it is the number at both ends together that counts (`intervals`). Raises TooLarge."""
    if len(system.fields) > LARGEST or system.steady_line:
        return {}
    found = {}
    for axis in system.axes:
        if axis.name not in system.periodic:
            for side in ("low", "high"):
                linear.room[0] = PRODUCTS // (2 * len(system.axes))
                need = _at(system, linear, states, axis, side)
                if need is not None:
                    found[axis.name, side] = need
    return found


def rows_of(system: System, given: Sequence[Condition]) -> tuple[Any, ...]:
    """The residuals of conditions; after each that is complex its conjugate too."""
    return system.with_conjugates(one.residual for one in given if one.kind != "open")


def places_at(system: System, axis: Interval, side: Side, count: int, depth: float = 0.0) -> dict[str, np.ndarray]:
    """Points along a side at the first time, or at a depth of so much of the axis."""
    places = {}
    for k, other in enumerate(system.axes):
        share = (np.arange(count) + 0.5) / count if k % 2 == 0 else ((np.arange(count) * 0.618) % 1.0)
        places[other.name] = other.low + other.length * share
    inward = depth if side == "low" else -depth
    places[axis.name] = np.full(count, axis.end(side) + inward * axis.length)
    if system.time:
        places[system.time.name] = np.full(count, system.time.low)
    return places


def _at(system: System, linear: Linearised, states: States, axis: Interval, side: Side) -> Need | None:
    need = Need(axis.name, side)
    given = system.at(axis.name, side)
    nonlinear = any(system.jets.among(slope) for slope in linear.expressions)
    for depth in (0.0, JUST_INSIDE):
        places = places_at(system, axis, side, POINTS, depth)
        expressions = [*linear.expressions, *rows_of(system, given)]
        base = states.values(expressions, places)
        for shift in (0.0, 0.05, -0.05) if nonlinear else (0.0,):
            values = shifted(system, base, shift) if shift else base
            for k, frozen in enumerate(linear.frozen(values, POINTS)):
                if not linear.affords(len(FAST)):
                    break
                counted = _count(system, frozen, axis, side)
                if counted is None:
                    continue
                number, loose, fading = counted
                need.counts.add(number)
                need.loose = max(need.loose, loose)
                if not depth and not shift and need.undetermined is not True and len(rows_of(system, given)) == number:
                    need.undetermined = _undetermined(system, frozen, axis, side, given, values, k, fading)
    return need if need.counts else None


def _waves(system: System, axis: Interval, fast: float) -> list[complex]:
    """s and the tangential wave numbers; the entry of the axis itself is not used."""
    found: list[complex] = [fast / system.time.length * (1 + 0.2j)] if system.time else []
    for other in system.axes:
        found.append(2j * np.pi * TANGENTIAL * (1 if system.time else 100) / other.length)
    return found


def _count(
    system: System, frozen: Frozen, axis: Interval, side: Side
) -> tuple[int, int, tuple[list[complex], np.ndarray]] | None:
    """Solutions that fade away from the side, those that do neither, and the waves with the fading roots."""
    size, along = len(system.fields), system.coordinates.index(axis.name)
    counted = []
    for fast in FAST:
        waves = _waves(system, axis, fast)
        found = roots(*determinant(frozen, size, waves, along))
        if found is None:
            return None
        across = np.real(found)
        inward = across if side == "high" else -across
        still = np.abs(across) <= np.maximum(1e-8 * np.abs(found), 1e-12 * np.abs(found).max(initial=0.0))
        counted.append((int((inward[~still] > 0).sum()), int(still.sum()), (waves, found[(inward > 0) & ~still])))
    return counted[-1] if counted[0][:2] == counted[1][:2] else counted[0]


def _undetermined(
    system: System, frozen: Frozen, axis: Interval, side: Side, given: Sequence[Condition], values: Mapping[Any, Any], point: int,
    fading: tuple[list[complex], np.ndarray],
) -> bool | None:  # fmt: skip
    """Whether some fading solution meets all conditions with 0, so that they do not determine it; None where that cannot be told.

    The space of fading solutions is taken as a whole, from an ordered generalised Schur form of the symbol's companion matrices: single
    solutions lie too close together where roots are double.
    """
    waves, decays = fading
    size, along = len(system.fields), system.coordinates.index(axis.name)
    rows = rows_of(system, given)
    if not rows or len(rows) != len(decays):
        return None
    typical = float(np.exp(np.log(np.abs(decays)).mean()))
    powers, bounds = _by_power(frozen, size, waves, along, typical)
    rows_by, columns_by = _balanced(bounds)
    powers = powers * rows_by[:, None] * columns_by
    if not np.isfinite(powers).all():
        return None
    basis = _fading(powers, side, decays / typical)
    if basis is None:
        return None
    table = np.array(
        [_applied(system, row, values, point, waves, along, typical, columns_by, len(powers) - 1) for row in rows]
    )
    if not np.isfinite(table).all():
        return None
    effect = table / np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-300) @ basis
    effect[np.abs(effect) < ROUNDING] = 0
    for _ in range(3):  # scales of unknowns and derivatives say nothing
        effect = effect / np.maximum(np.abs(effect).max(axis=0, keepdims=True), 1e-300)
        effect = effect / np.maximum(np.abs(effect).max(axis=1, keepdims=True), 1e-300)
    singular = np.linalg.svd(effect, compute_uv=False)
    return bool(singular[-1] < SAME * max(singular[0], 1e-300))


def _by_power(
    frozen: Frozen, size: int, waves: Sequence[complex], along: int, typical: float
) -> tuple[np.ndarray, np.ndarray]:
    """The symbol by powers of the wave along the axis, in units of a typical one: [power, equation, field]; and what its entries are added up from in size."""
    highest = max(orders[along] for entry in frozen.values() for orders, _ in entry)
    powers, bounds = np.zeros((highest + 1, size, size), complex), np.zeros((size, size))
    for (row, column), entry in frozen.items():
        for orders, factor in entry:
            others = np.prod([w**n for k, (w, n) in enumerate(zip(waves, orders, strict=True)) if k != along])
            term = factor * others * typical ** orders[along]
            powers[orders[along], row, column] += term
            bounds[row, column] += abs(term)
    return powers, bounds


def _fading(powers: np.ndarray, side: Side, decays: np.ndarray) -> np.ndarray | None:
    """An orthonormal basis of the solutions that fade, [derivative and field, solution], the derivatives below the highest one after the other."""
    from scipy.linalg import ordqz

    order, size = len(powers) - 1, powers.shape[1]
    left, right = np.eye(order * size, dtype=complex), np.zeros((order * size, order * size), complex)
    right[:-size, size:] = np.eye((order - 1) * size)
    right[-size:] = np.concatenate([-one for one in powers[:-1]], axis=1)
    left[-size:, -size:] = powers[-1]
    reach = 2 * float(
        (np.abs(decays) ** 2 / np.abs(np.real(decays))).max()
    )  # of a disc that holds them and touches the imaginary axis
    reach = reach if side == "high" else -reach
    try:
        *_, alpha, beta, _, vectors = ordqz(right - reach * left, reach * left, sort="iuc", output="complex")
    except (ValueError, np.linalg.LinAlgError):
        return None
    return vectors[:, : len(decays)] if int((np.abs(alpha) < np.abs(beta)).sum()) == len(decays) else None


def _balanced(bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors of rows and columns that bring their largest entries to 1: units of unknowns and equations say nothing."""
    rows, columns = np.ones(len(bounds)), np.ones(len(bounds))
    for _ in range(8):
        now = bounds * rows[:, None] * columns
        rows = rows / np.sqrt(np.where(now.max(axis=1) > 0, now.max(axis=1), 1))
        columns = columns / np.sqrt(np.where(now.max(axis=0) > 0, now.max(axis=0), 1))
    return rows, columns


def _applied(
    system: System, residual: Any, values: Mapping[Any, Any], point: int, waves: Sequence[complex], along: int, typical: float,
    columns_by: np.ndarray, order: int,
) -> np.ndarray:  # fmt: skip
    """What a condition makes of the fields and their derivatives along the axis, as `_fading` orders and scales them."""
    size = len(columns_by)
    found = np.zeros((order, size), complex)
    for jet in system.jets.among(residual):
        name, orders = system.jets.meanings[jet]
        slope = np.asarray(evaluate(partial(residual, jet), values), complex).reshape(-1)
        factor = slope[point if len(slope) > 1 else 0]
        others = np.prod([w**n for k, (w, n) in enumerate(zip(waves, orders, strict=True)) if k != along])
        k = system.fields.index(name)
        if orders[along] >= order:
            return np.full(order * size, np.nan)
        found[orders[along], k] += factor * others * typical ** orders[along] * columns_by[k]
    return found.reshape(-1)
