"""Ends at which the second derivative across loses its factor: whether the solution needs a condition there.

Near such an end L u = a_ij u_ij + b_i u_i + … is left with its first derivatives, and what crosses the end decides: Fichera's function F = (b_i - d_j a_ij) n_i, n the inward
normal. Where F >= 0 the equation holds at the end itself and no condition is needed (G. Fichera, Atti Accad. Naz. Lincei Mem. 5, 1956; O. A. Oleinik and E. V. Radkevich, Second
Order Equations with Nonnegative Characteristic Form, 1973). Where F < 0 diffusion reaches the end: a condition may be given, and where b_i n_i >= 0, so
that nothing is carried in, there is also one solution that stays smooth without any, for which the equation holds at the end (E. Ekström and J. Tysk, Ann. Appl. Probab. 21, 2011, for rates of interest).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.problems.canonical import Canonical
from fieldsmith.problems.ends import Need, places_at
from fieldsmith.problems.faults import Misread
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import States
from fieldsmith.problems.symbol import Linearised
from fieldsmith.problems.system import Condition, Interval, Side, System

DEPTHS = (1e-6, 1e-9)
"""Distances from an end, as shares of its axis, between which values are followed to the end."""
FALLS = 0.2
"""What falls to less than this from one to the other vanishes at the end: powers of the distance from 0.25 on."""
POINTS = 5
OFF = 1e-6
"""Part of its terms from which on the rate of a condition is off."""
REST = 1e-9
"""A drift that is less, beside the size of its parts, is none."""


@dataclass(frozen=True)
class Degenerate:
    """Of one end: Fichera's function (the least along the side) and the drift inwards (the most), in units of the axis over the time; `steep` where the factor
    of the second derivative vanishes so slowly that its own derivative is infinite."""

    fichera: float
    inward: float
    steep: bool

    @property
    def needed(self) -> bool:
        """Whether nothing tells the solution without a condition, anywhere along the side."""
        return self.steep or self.inward < 0

    @property
    def reached(self) -> bool:
        """Whether a condition may be given, as diffusion reaches the end."""
        return self.fichera < 0


def degenerate_ends(
    system: System, form: Canonical, linear: Linearised, states: States
) -> dict[tuple[str, Side], Degenerate]:
    """Ends of this kind, of one real unknown of first order in time or none. Raises TooLarge."""
    name = system.fields[0]
    if len(system.fields) != 1 or form.orders[name] > 1 or max(linear.across[int(system.timed) :], default=0) != 2:
        return {}
    slopes = dict(linear.slopes[0, 0])
    if any(system.jets.among(slope, given=True) for orders, slope in slopes.items() if sum(orders) > 1):
        return {}
    mass = slopes.get((1, *(0 for _ in system.axes))) if system.timed else None
    if system.timed and (mass is None or any(o[0] and sum(o) > 1 for o in slopes)):
        return {}
    found = {}
    for axis in system.axes:
        for side in ("low", "high") if axis.name not in system.periodic else ():
            one = _at(system, slopes, mass, states, axis, side)
            if one is not None:
                found[axis.name, side] = one
    return found


def _at(
    system: System, slopes: Mapping[tuple[int, ...], Any], mass: Any, states: States, axis: Interval, side: Side
) -> Degenerate | None:
    """See above; None for an end that is not degenerate, or of which nothing can be said."""
    across = system.coordinates.index(axis.name)
    unit = np.eye(len(system.coordinates), dtype=int)
    scale = -1 / mass if mass is not None else 1
    drift = slopes.get(tuple(unit[across].tolist()), sp.S.Zero) * scale
    factors = {}
    for other in range(int(system.timed), len(system.coordinates)):
        slope = slopes.get(tuple((unit[across] + unit[other]).tolist()), sp.S.Zero)
        factors[other] = slope * scale / (1 if other == across else 2)
    try:
        turned = [system.jets.total(factor, other) for other, factor in factors.items() if factor != 0]
    except Misread:
        return None
    inward = (1 if side == "low" else -1) * (system.time.length if system.time else 1) / axis.length
    rows = []
    for depth in DEPTHS:
        places = places_at(system, axis, side, POINTS, depth)
        values = states.values([factors[across], drift, *turned], places)
        row = [np.broadcast_to(np.real(evaluate(one, values)), POINTS) for one in (factors[across], drift, *turned)]
        if not np.isfinite(row).all():
            return None
        rows.append(np.array(row))
    sign = 1.0 if system.time else float(np.sign(rows[0][0].sum()))
    (far, *_), (near, *_) = rows
    seen = far != 0  # a corner in which two ends meet tells nothing
    if not seen.any() or np.any(np.abs(near) > FALLS * np.abs(far)) or np.any(far * sign < 0):
        return None
    rows = [row[:, seen] for row in rows]
    drifts = [sign * inward * row[1] for row in rows]
    losses = [sign * inward * row[2:].sum(axis=0) for row in rows]
    steep = bool(np.any(np.abs(losses[1]) > 2 * np.abs(losses[0]) + REST) and np.any(losses[1] > losses[0]))
    sizes = [np.abs(row[1:]).sum(axis=0) * abs(inward) for row in rows]
    fichera = _limit([d - loss for d, loss in zip(drifts, losses, strict=True)], sizes)
    return Degenerate(float(fichera.min()), float(_limit(drifts, sizes).max()), steep)


def _limit(pair: list[np.ndarray], sizes: list[np.ndarray]) -> np.ndarray:
    """The value at the end of what is known at both depths: 0 where it falls towards 0, or is what rounding leaves."""
    far, near = pair
    none = (np.abs(near) <= FALLS * np.abs(far)) | (np.abs(near) <= REST * np.maximum(sizes[1], 1e-300))
    return np.where(none, 0.0, near)


def contradicted(system: System, form: Canonical, states: States, condition: Condition) -> float | None:
    """By how much a condition on values at an end that needs none is off at the start, in its rate of change, where that is more than rounding: the equation holds there too.
    None where it agrees, or where nothing can be said. Raises TooLarge."""
    name = system.fields[0]
    given = system.initial.get(name)
    if condition.order or form.rates is None or given is None or given.expression is None:
        return None
    try:
        moved = system.jets.total(condition.residual, 0)
    except Misread:
        return None
    rest = (0,) * len(system.axes)
    rate = system.jets.field(name, (1, *rest))
    whole = moved.xreplace({rate: form.rates[name]})
    places = places_at(system, system.axis(condition.axis), condition.side, POINTS)
    terms = [whole, moved.xreplace({rate: sp.S.Zero}), *sp.Add.make_args(form.rates[name])]
    values = states.values([*terms, given.expression], places)
    off, *others = (np.broadcast_to(np.abs(evaluate(one, values)), POINTS) for one in (*terms, given.expression))
    size = max(float(np.max(one)) for one in (*others[:-1], others[-1] / (system.time.length if system.time else 1.0)))
    gap = float(np.max(off))
    return gap if np.isfinite(gap) and gap > OFF * size else None


def with_degenerate(
    found: Mapping[tuple[str, Side], Need], ends: Mapping[tuple[str, Side], Degenerate]
) -> Mapping[tuple[str, Side], Need]:
    """Needs with what is known of degenerate ends: counts at the end itself and just inside are those of two kinds of equation."""
    for key, one in ends.items():
        if (need := found.get(key)) is not None:
            need.counts = {1} if one.needed else {0, 1}
    return found
