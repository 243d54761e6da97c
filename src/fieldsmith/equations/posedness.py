"""Whether an evolution is well posed: short waves must not grow without bound the shorter they are (Hadamard, 1902).

A wave exp(i s d.x) of direction d is multiplied by a matrix M(s), the Fourier symbol of the linearised rates. It is looked at as
s grows, for d along the axes and the diagonals between them, and only what is certain is told: whatever varies over the domain
or with the solution must have a known sign.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Expression
from fieldsmith.equations.facts import IllPosed
from fieldsmith.equations.printing import python_code

SHORT, SHORTER = 1e12, 1e14
"""Wave numbers at which the growth of a system is compared."""
HIGHEST = 20
"""Order of derivatives whose symbols are not too large for a number."""
CERTAIN = 1e-3
"""Of the largest eigenvalue in size, the growth that rounding cannot have made."""

Direction = tuple[int, ...]
Powers = Mapping[int, Expression]
"""By the power of s, the sum of the factors of all derivatives of that order."""


def ill_posed(analysis: Analysis) -> tuple[IllPosed, ...]:
    """Unknowns whose waves grow the faster the shorter they are, without bound, each with one direction of such waves."""
    if analysis.steady:
        return ()
    found: dict[tuple[int, ...], IllPosed] = {}
    for direction in _directions(analysis.dimensions):
        for group in _groups(analysis):
            rate = _unbounded(analysis, group, direction) if group not in found else None
            if rate is not None:
                found[group] = _told(analysis, group, direction, rate)
    return tuple(found.values())


def _directions(dimensions: int) -> list[Direction]:
    """One of each two opposite ones, the axes first."""
    every = itertools.product((0, 1, -1), repeat=dimensions)
    half = [d for d in every if next((n for n in d if n), 0) > 0]
    return sorted(half, key=lambda d: (sum(map(abs, d)), d.index(1), d.count(-1)))


def _groups(analysis: Analysis) -> Iterator[tuple[int, ...]]:
    """Unknowns that act on one another: M(s) is block triangular, and its eigenvalues are those of the blocks."""
    size = range(len(analysis.unknowns))
    acts = [[any(slope != 0 for (row, column, _), slope in analysis.slopes.items() if (row, column) == (i, j)) for j in size] for i in size]  # fmt: skip
    for group in sp.Matrix(len(size), len(size), lambda i, j: int(acts[i][j])).strongly_connected_components():
        yield tuple(sorted(group))


def _powers(analysis: Analysis, i: int, j: int, direction: Direction) -> Powers:
    found: dict[int, Expression] = {}
    for (row, column, counts), slope in analysis.slopes.items():
        along = int(np.prod([d**n for d, n in zip(direction, counts, strict=True)]))
        if (row, column) == (i, j) and along:
            found[sum(counts)] = found.get(sum(counts), sp.Integer(0)) + along * slope
    return {n: factor for n, factor in found.items() if sp.expand(factor.xreplace(analysis.numbers)) != 0}


def _unbounded(analysis: Analysis, group: Sequence[int], direction: Direction) -> Expression | None:
    """The growth rate of short waves by their wave number k, 0 where it has no formula; None if it is not known to be unbounded."""
    if len(group) > 1:
        return sp.Integer(0) if _system_grows(analysis, group, direction) else None
    powers = _powers(analysis, group[0], group[0], direction)
    order = max((n for n in powers if n % 2 == 0), default=0)
    if not order or not analysis.amplifies(powers[order], order):
        return None
    wave_number = sp.Symbol("wave_number" if "k" in analysis.scope else "k")
    return powers[order] * (-1) ** (order // 2) * (wave_number / sp.sqrt(sum(n**2 for n in direction))) ** order


def _system_grows(analysis: Analysis, group: Sequence[int], direction: Direction) -> bool:
    entries = [[_powers(analysis, i, j, direction) for j in group] for i in group]
    highest = max(n for row in entries for powers in row for n in [*powers, 0])
    orders = range(highest + 1)
    if not _numeric(analysis, entries, orders):
        orders = (highest,)  # what is of lower order changes nothing where these alone grow
    if not 0 < highest <= HIGHEST or not _numeric(analysis, entries, orders):
        return False
    short, shorter = (_growth(analysis, entries, orders, s) for s in (SHORT, SHORTER))
    return shorter > max(1.5 * short, 0.0)


def _numeric(analysis: Analysis, entries: list[list[Powers]], orders: Sequence[int]) -> bool:
    factors = (powers[n] for row in entries for powers in row for n in orders if n in powers)
    return not any(factor.xreplace(analysis.numbers).free_symbols for factor in factors)


def _growth(analysis: Analysis, entries: list[list[Powers]], orders: Sequence[int], s: float) -> float:
    """The largest growth rate of waves of wave number s, 0 where rounding might have made it."""

    def entry(powers: Powers) -> complex:
        return sum(
            complex(powers[n].xreplace(analysis.numbers)) * (1j) ** (n % 4) * s**n for n in orders if n in powers
        )

    matrix = np.array([[entry(powers) for powers in row] for row in entries])
    if not np.isfinite(matrix).all():
        return 0.0
    values = np.linalg.eigvals(matrix)
    largest = float(values.real.max())
    return largest if largest > CERTAIN * np.abs(values).max() else 0.0


def _told(analysis: Analysis, group: Sequence[int], direction: Direction, rate: Expression) -> IllPosed:
    def plain(expression: Expression) -> str:
        marked = {mark: sp.Symbol(mark.name) for mark in analysis.marks.values()}
        return names.original(python_code(expression.xreplace(marked)))

    axes = [names.original(str(x)) for x in analysis.coordinates]
    along = next((axes[k] for k, n in enumerate(direction) if n), "") if sum(map(abs, direction)) == 1 else ""
    where = (along or f"({', '.join(map(str, direction))})") if len(axes) > 1 else ""
    unknowns = tuple(names.original(str(analysis.unknowns[i])) for i in group)
    return IllPosed(unknowns, plain(rate) if rate != 0 else "", where)
