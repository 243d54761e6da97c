"""High derivatives of one unknown in the rate of another: waves and other oscillations, which are no diffusion."""

import itertools
from dataclasses import dataclass
from typing import Literal

import sympy as sp

from fieldsmith.equations.expressions import Expression, slope_of
from fieldsmith.equations.reading import Reading

Kind = Literal["", "parabolic", "waves", "oscillations", "unclear"]


@dataclass(frozen=True)
class Oscillation:
    """Two unknowns that drive each other and nothing else of high order: frequencies are `speed` times k to the power `order`.

    They are real only where `squared`, the speed's square, is positive.
    """

    pair: tuple[str, str]
    order: int
    squared: Expression
    speed: Expression
    axes: tuple[int, ...]
    certain: bool
    """Whether the square is known to be positive."""


def couplings_of(reading: Reading) -> tuple[Kind, tuple[Oscillation, ...]]:
    """What couplings by second and higher derivatives do, and the oscillations where they are nothing else."""
    size = range(len(reading.unknowns))
    high = {key for key, slope in reading.slopes.items() if sum(key[2]) >= 2 and slope != 0}
    crossed = {(i, j) for i, j, _ in high if i != j}
    if not crossed:
        return "", ()
    if all(any(c != 0 and not reading.amplifies(c) for c in reading.diffusivities(n)) for n in set().union(*crossed)):
        return "parabolic", ()
    found = [_oscillation(reading, i, j) for i, j in itertools.combinations(size, 2) if {(i, j), (j, i)} & crossed]  # fmt: skip
    pairs = {name for one in found if one for name in one.pair}
    alone = all(reading.name(n) in pairs for entry in high for n in entry[:2]) and len(pairs) == 2 * len(found)
    if not alone or None in found or any(i == j for i, j, _ in high):
        return "unclear", ()
    kept = tuple(one for one in found if one)
    return "waves" if all(one.order == 1 for one in kept) else "oscillations", kept


def _oscillation(reading: Reading, i: int, j: int) -> Oscillation | None:
    """What two unknowns do that have each other's derivatives alone, if it is the same along each axis that has any."""
    entries = [_entry(reading, i, j), _entry(reading, j, i)]
    there, back = entries
    if not there or not back:
        return None
    axes = {k for counts in (*there, *back) for k, n in enumerate(counts) if n}
    squares, orders = set(), set()
    for k in axes:
        along = [[(sum(c), a) for c, a in entry.items() if not sum(c) or c[k]] for entry in (there, back)]
        if any(len(terms) != 1 for terms in along):
            return None
        (p, a), (q, b) = (terms[0] for terms in along)
        if (p + q) % 2:
            return None
        orders.add((p + q) // 2)
        squares.add(sp.simplify(-a * b * (-1) ** ((p + q) // 2)))
    if len(squares) != 1 or len(orders) != 1:
        return None
    squared = squares.pop()
    if reading.amplifies(squared) or squared == 0:
        return None
    certain = squared.is_nonnegative is True or squared.xreplace(reading.numbers).is_positive is True
    speed = sp.sqrt(squared)
    if isinstance(speed, sp.Abs) and speed.args[0].xreplace(reading.numbers).is_positive:
        speed = speed.args[0]
    return Oscillation((reading.name(i), reading.name(j)), orders.pop(), squared, speed, tuple(sorted(axes)), certain)


def _entry(reading: Reading, i: int, j: int) -> dict[tuple[int, ...], Expression] | None:
    """Factors of unknown j and of its highest derivatives in the rate of unknown i, None for mixed or nonlinear ones.

    Lower derivatives beside higher ones do not change how fast the finest waves oscillate.
    """
    found: dict[tuple[int, ...], Expression] = {}
    own = [mark for (base, _), mark in reading.marks.items() if base in reading.unknowns]
    for counts in reading.derivatives(j):
        slope = reading.slope(i, j, counts)
        if slope == 0:
            continue
        if slope.has(*own) or max(counts) != sum(counts):
            return None
        found[counts] = slope
    if found:
        highest = max(map(sum, found))
        return {counts: slope for counts, slope in found.items() if sum(counts) == highest}
    slope = slope_of(reading.source(i), reading.unknowns[j])
    return {reading.flat: slope} if slope != 0 else {}
