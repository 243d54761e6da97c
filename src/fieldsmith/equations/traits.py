"""What is true of an equation as a whole or is not, read off its rates."""

import sympy as sp

from fieldsmith.equations.expressions import Expression, slope_of
from fieldsmith.equations.facts import Growth
from fieldsmith.equations.reading import Reading


def varies(reading: Reading) -> bool:
    """Whether a second or higher derivative has a coefficient that varies with place, time or the solution."""
    return _any_moves(reading, [slope for (_, _, counts), slope in reading.slopes.items() if sum(counts) >= 2])


def high_varies(reading: Reading) -> bool:
    """Whether a derivative of the highest order has such a coefficient."""
    order = max((sum(counts) for (_, _, counts), slope in reading.slopes.items() if slope != 0), default=0)
    return _any_moves(reading, [slope for (_, _, counts), slope in reading.slopes.items() if 0 < sum(counts) == order])


def _any_moves(reading: Reading, slopes: list[Expression]) -> bool:
    moving = (*reading.unknowns, *reading.places, *reading.marks.values())
    return any(slope.has(*moving) for slope in slopes)


def signed(reading: Reading) -> bool:
    """Whether derivatives of higher order stand beside a second one whose factor may be negative somewhere."""
    doubtful = [
        c
        for i in range(len(reading.unknowns))
        for c in reading.diffusivities(i)
        if c.has(*reading.unknowns, *reading.places) and not c.is_nonnegative
    ]
    return bool(doubtful) and any(sum(counts) > 2 for _, counts in reading.marks)


def floats(reading: Reading) -> bool:
    """Whether nothing fixes the level of an unknown: neither a boundary value nor a term that holds it."""
    fixed = any(end.kind == "dirichlet" for axis in reading.equation.axes for end in (axis.lower, axis.upper))
    return not fixed and any(not any(rate.has(u) for rate in reading.marked_rates) for u in reading.unknowns)


def sharp(reading: Reading) -> bool:
    """Whether no diffusion, or less than a quarter of a cell's width for speeds of about 1, keeps fronts smooth."""
    spacing = reading.spacing(reading.equation.axes[0])
    sizes = [reading.size(c) for i in range(len(reading.unknowns)) for c in reading.diffusivities(i)[:1]]
    known = [size for size in sizes if size is not None]
    if not sizes:
        return not any(sum(counts) > 2 for _, counts in reading.marks)
    return bool(known) and spacing is not None and max(known) < 0.25 * spacing


def front(reading: Reading, sources: list[Expression]) -> float | None:
    """Points across the fronts of one unknown, sqrt(diffusion / rate of reaction) over the spacing, for values from 0 to 1."""
    second = [c for c in reading.diffusivities(0) if c != 0] if len(reading.unknowns) == 1 else []
    high = any(sum(counts) > 2 for counts in reading.derivatives(0))
    if not second or reading.steady or high or any(map(reading.amplifies, second)):
        return None
    unknown, spacing = reading.unknowns[0], reading.spacing(reading.equation.axes[0])
    slope = slope_of(sources[0], unknown)
    sizes = list(map(reading.size, second))
    slopes = [reading.number(slope.xreplace({unknown: sp.Rational(n, 2)})) for n in range(3)]
    known, rates = ([value for value in values if value is not None] for values in (sizes, slopes))
    if not slope.has(unknown) or spacing is None or not known or len(known) + len(rates) < len(sizes) + 3:
        return None
    return (max(known) / max(rates)) ** 0.5 / spacing if any(rates) else None


def permeable(reading: Reading) -> bool:
    """Whether a given field stands in the factor of a second derivative, the unknown's own or another's."""
    given = [reading.symbols[name] for name in reading.equation.coefficients]
    sides, axes = range(len(reading.unknowns)), range(len(reading.coordinates))
    factors = [reading.coefficient(i, j, reading.unit(k, 2)) for i in sides for j in sides for k in axes]
    return bool(given) and any(factor.has(*given) for factor in factors)


def growths(reading: Reading) -> list[Growth]:
    """Unknowns whose long waves grow, by constant coefficients along the first axis: of exp(ikx + rt) is r = -c2 k^2 + ... > 0."""
    found = (_growth(reading, i) for i in range(len(reading.unknowns)))
    return [growth for growth in found if growth is not None]


def _growth(reading: Reading, i: int) -> Growth | None:
    own = {n: reading.coefficient(i, i, reading.unit(0, n)) for n in range(2, 1 + max(map(sum, reading.derivatives(i)), default=0), 2)}  # fmt: skip
    even = [(n, c) for n, c in own.items() if c != 0]
    crossed = any(row == i != column and sum(counts) > 1 and slope != 0 for (row, column, counts), slope in reading.slopes.items())  # fmt: skip
    if [n for n, _ in even[:1]] != [2] or len(even) != 2 or crossed:
        return None
    (_, second), (high, highest) = even
    varies = any(c.has(*reading.unknowns, *reading.places) for c in (second, highest))
    if varies or not reading.amplifies(second) or reading.amplifies(highest, high):
        return None
    longest = 2 * sp.pi * sp.simplify(sp.Abs(highest / second)) ** sp.Rational(1, high - 2)
    fastest = reading.text(second**2 / (4 * sp.Abs(highest))) if high == 4 else ""
    alone = reading.slope(i, i, reading.flat) == 0
    return Growth(reading.name(i), high, reading.text(longest), fastest, alone)
