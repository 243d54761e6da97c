"""A steady problem on an interval: how many conditions it needs at both ends together, and whether they determine its solution.

An ordinary differential equation of order n wants n conditions, at whichever end they stand; of a system n is the degree of the symbol's determinant. A linear one
is then solved roughly: the unknowns are integrals of Chebyshev series for their highest derivatives, which keeps the matrix well conditioned (Greengard, Spectral
integration and two-point boundary value problems, 1991). Where it is singular, the homogeneous problem has a solution other than 0; the given one then has none,
or many (Fredholm's alternative). Of a nonlinear problem no more is said than the number of conditions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from fieldsmith.problems.ends import JUST_INSIDE, rows_of
from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import States, inside, shifted
from fieldsmith.problems.symbol import Linearised, determinant, roots
from fieldsmith.problems.system import Side, System

POINTS = 6
SIZES = (40, 57)
"""Chebyshev points of the two rough solutions, whose verdicts must agree."""
SINGULAR = 1e-11
"""Smallest beside the largest singular value of a matrix that is called singular."""
FAINT = 1e-8
"""Size at an end beside that inside, below which nothing is said of whether a solution meets conditions there."""
TAIL = 1e-4
"""Last coefficients of a Chebyshev series beside the largest, up to which it is taken to follow a right side."""
UNSOLVED = 1e-3
"""Part of the right side that no solution reaches, from which on there is none."""
SIDES: tuple[Side, ...] = ("low", "high")


@dataclass(frozen=True)
class Wanted:
    """Conditions at both ends together: `most`, and `fewest` where the equations are singular at an end, so that it is enough to be bounded there.

    `dependent` is set where the equations follow from one another in part.
    """

    fewest: int
    most: int
    dependent: bool = False


def wanted(system: System, linear: Linearised, states: States) -> Wanted | None:
    """How many conditions a steady problem on an interval needs; None where that cannot be said. Raises TooLarge."""
    most = _degrees(system, linear, states, inside(system, POINTS))
    if not most:
        return None
    highest = max(most)
    if highest < 0:
        return Wanted(0, 0, dependent=True)
    drops = 0
    (axis,) = system.axes
    for side in SIDES if axis.name not in system.periodic else ():
        here = _degrees(system, linear, states, {axis.name: np.array([axis.end(side)])})
        near = axis.end(side) + (JUST_INSIDE if side == "low" else -JUST_INSIDE) * axis.length
        beside = _degrees(system, linear, states, {axis.name: np.array([near])})
        if not here and beside:  # a pole
            drops += max(highest // 2, 1)
        elif here and beside and max(here) < max(beside):
            drops += max(beside) - max(max(here), 0)
    return Wanted(max(highest - drops, 0), highest)


def _degrees(system: System, linear: Linearised, states: States, places: dict[str, np.ndarray]) -> set[int]:
    """Degrees of the determinant at places, with the given values and with others; -1 where it is 0; none where nothing is finite."""
    count = next(iter(places.values())).size
    base = states.values(linear.expressions, places)
    found = set()
    for share in (0.0, 0.31, -0.17):
        for frozen in linear.frozen(shifted(system, base, share) if share else base, count):
            if not linear.affords():
                break
            solutions = roots(*determinant(frozen, len(system.fields), [0j], 0))
            found.add(-1 if solutions is None else len(solutions))
    return found


@dataclass(frozen=True)
class Solvable:
    """Of a linear problem: how many further solutions may be added, and whether there is a solution at all (None: not known)."""

    free: int
    solved: bool | None


def solvable(system: System, linear: Linearised, states: States, degree: int) -> Solvable | None:
    """Whether a linear steady problem on an interval has one solution, many or none; None where that is not looked into: where the
    equations of that degree hide further ones, or are singular at an end."""
    if sum(_Series(system, linear, 1).orders) != degree:
        return None
    found = [_solved(system, linear, states, count) for count in SIZES]
    if None in found:
        return None
    coarse, fine = found
    assert coarse is not None
    assert fine is not None
    if coarse.free != fine.free:
        return Solvable(0, True)
    return fine if coarse.solved == fine.solved else Solvable(fine.free, None)


def _solved(system: System, linear: Linearised, states: States, count: int) -> Solvable | None:
    (axis,) = system.axes
    points = np.cos(np.pi * (np.arange(count) + 0.5) / count)
    places = {axis.name: axis.low + axis.length * (points + 1) / 2}
    series = _Series(system, linear, count)
    values = states.values([*linear.expressions, *system.residuals], places)
    rows = [series.rows(residual, values, points) for residual in system.residuals]
    sources: list[Any] = [_source(system, residual, values, count) for residual in system.residuals]
    if axis.name in system.periodic:
        rows.append(series.closed())
        sources.append(np.zeros(len(rows[-1])))
    for side, end in zip(SIDES, (-1.0, 1.0), strict=True):
        here = {axis.name: np.array([axis.end(side)])}
        for residual in rows_of(system, system.at(axis.name, side)):
            known = states.values([residual], here)
            rows.append(series.rows(residual, known, np.array([end])))
            sources.append(_source(system, residual, known, 1))
    table, right = np.concatenate(rows), np.concatenate(sources)
    if table.shape[0] != table.shape[1] or not np.isfinite(table).all():
        return None
    scale = np.maximum(np.abs(table).max(axis=1), 1e-300)
    table = table / scale[:, None]
    norms = np.maximum(np.linalg.norm(table, axis=0), 1e-300)
    table, resolved = table / norms, _resolved(system, sources)
    largest, *_, smallest = np.linalg.svd(table, compute_uv=False)
    if smallest >= SINGULAR * largest:
        return Solvable(0, True)
    left, singular, right_vectors = np.linalg.svd(table)
    free = int((singular < SINGULAR * singular[0]).sum())
    if not series.seen(right_vectors[-free:].conj().T / norms[:, None], points):
        return Solvable(0, True)
    if not resolved:
        return Solvable(free, None)
    right = right / scale
    unreached = np.linalg.norm(left[:, -free:].conj().T @ right)
    return Solvable(free, bool(unreached <= UNSOLVED * np.linalg.norm(right)))


def _resolved(system: System, sources: Sequence[np.ndarray]) -> bool:
    """Whether the right side is known, finite, and followed by the Chebyshev series of its points."""
    if any(
        one.expression is None and system.jets.field(one.name) in residual.free_symbols
        for one in system.coefficients
        for residual in system.residuals
    ):
        return False
    for source in sources:
        if not np.isfinite(source).all():
            return False
        if (count := len(source)) > 1:
            points = np.cos(np.pi * (np.arange(count) + 0.5) / count)
            series = np.abs(chebyshev.chebvander(points, count - 1).T @ source)
            if series[-count // 6 :].max() > TAIL * series.max():
                return False
    return True


def _source(system: System, residual: Any, values: Any, count: int) -> np.ndarray:
    zero = {**values, **dict.fromkeys(system.jets.among(residual), 0.0)}
    return -np.broadcast_to(np.asarray(evaluate(residual, zero), complex), (count,))


class _Series:
    """Unknowns as integrals of Chebyshev series: `count` coefficients of the highest derivative of each field, then as many constants as it was integrated."""

    def __init__(self, system: System, linear: Linearised, count: int) -> None:
        self.system, self.count = system, count
        self.known: dict[tuple[int, int, bytes], np.ndarray] = {}
        self.half = system.axes[0].length / 2
        self.orders = [
            max((orders[0] for (_, k), entry in linear.slopes.items() if k == column for orders, _ in entry), default=0)
            for column in range(len(system.fields))
        ]

    def basis(self, order: int, derivative: int, points: np.ndarray) -> np.ndarray:
        """A derivative of a field with that highest order at points of [-1, 1], by coefficient: [point, coefficient]."""
        key = (order, derivative, points.tobytes())
        if key in self.known:
            return self.known[key]
        integrated = np.eye(self.count)
        for _ in range(order - derivative):
            integrated = chebyshev.chebint(integrated, lbnd=-1, axis=0)
        for _ in range(derivative - order):
            integrated = chebyshev.chebder(integrated, axis=0)
        powers = [
            (points + 1) ** (k - derivative) / factorial(k - derivative) if k >= derivative else 0 * points
            for k in range(order)
        ]
        found = np.concatenate(
            [chebyshev.chebvander(points, len(integrated) - 1) @ integrated, *(p[:, None] for p in powers)], axis=1
        )
        self.known[key] = found
        return found

    def rows(self, residual: Any, values: Any, points: np.ndarray) -> np.ndarray:
        """The linearised residual at points, by coefficient of all fields."""
        jets, fields = self.system.jets, self.system.fields
        blocks: list[Any] = [np.zeros((points.size, self.count + order), complex) for order in self.orders]
        for jet in jets.among(residual):
            name, (derivative,) = jets.meanings[jet]
            k = fields.index(name)
            slope = np.broadcast_to(np.asarray(evaluate(partial(residual, jet), values), complex), (points.size,))
            blocks[k] = (
                blocks[k] + slope[:, None] * self.basis(self.orders[k], derivative, points) / self.half**derivative
            )
        return np.concatenate(blocks, axis=1)

    def seen(self, free: np.ndarray, points: np.ndarray) -> bool:
        """Whether solutions [coefficient, solution] that meet all conditions with 0 are large enough at every end that has some: one that grows across the
        interval by many powers of ten is tiny at one end whatever holds there."""
        (axis,) = self.system.axes
        for side, end in zip(SIDES, (-1.0, 1.0), strict=True):
            if axis.name not in self.system.periodic and self.system.at(axis.name, side):
                there = self._traces(free, np.array([end]))
                if np.linalg.svd(there, compute_uv=False)[-1] < FAINT * np.abs(self._traces(free, points)).max():
                    return False
        return True

    def _traces(self, free: np.ndarray, points: np.ndarray) -> np.ndarray:
        """All fields of solutions and their derivatives below the highest, in lengths of half the interval, at points."""
        starts = np.cumsum([0, *(self.count + order for order in self.orders)])
        rows = [
            self.basis(order, derivative, points) @ free[start : start + self.count + order]
            for start, order in zip(starts[:-1], self.orders, strict=True)
            for derivative in range(max(order, 1))
        ]
        return np.concatenate(rows)

    def closed(self) -> np.ndarray:
        """What makes every field periodic with its derivatives below the highest."""
        found = []
        for k, order in enumerate(self.orders):
            for derivative in range(order):
                blocks: list[Any] = [np.zeros((1, self.count + other)) for other in self.orders]
                low, high = (self.basis(order, derivative, np.array([end])) for end in (-1.0, 1.0))
                blocks[k] = high - low
                found.append(np.concatenate(blocks, axis=1))
        whole: Sequence[np.ndarray] = found or [np.zeros((0, sum(self.count + order for order in self.orders)))]
        return np.concatenate(whole)
