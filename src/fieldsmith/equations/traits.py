"""What is true of an equation as a whole or is not, read off its rates."""

import sympy as sp

from fieldsmith.equations.expressions import Expression
from fieldsmith.equations.facts import Growth
from fieldsmith.equations.reading import Reading


def varies(reading: Reading) -> bool:
    moving = (*reading.unknowns, *reading.places, *reading.marks.values())
    high = [mark for (base, counts), mark in reading.marks.items() if base in reading.unknowns and sum(counts) >= 2]
    return any(sp.diff(rate, mark).has(*moving) for rate in reading.marked_rates for mark in high)


def high_varies(reading: Reading) -> bool:
    """Whether a derivative of the highest order has a coefficient that varies with place, time or the solution."""
    moving = (*reading.unknowns, *reading.places, *reading.marks.values())
    orders = {
        mark: sum(counts)
        for (base, counts), mark in reading.marks.items()
        if base in reading.unknowns and any(rate.has(mark) for rate in reading.marked_rates)
    }
    high = [mark for mark, order in orders.items() if order == max(orders.values())]
    return any(sp.diff(rate, mark).has(*moving) for rate in reading.marked_rates for mark in high)


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
    if len(reading.unknowns) != 1 or reading.equation.steady:
        return None
    unknown, spacing = reading.unknowns[0], reading.spacing(reading.equation.axes[0])
    slope = sp.diff(sources[0], unknown)
    sizes = [reading.size(c) for c in reading.diffusivities(0) if c != 0]
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
    found = []
    for i in range(len(reading.unknowns)):
        own = {counts[0]: reading.coefficient(i, i, counts) for counts in reading.derivatives(i) if counts == reading.unit(0, counts[0])}  # fmt: skip
        high = max((n for n, c in own.items() if n > 2 and n % 2 == 0 and c != 0), default=0)
        second, highest = own.get(2, sp.Integer(0)), own.get(high, sp.Integer(0))
        varies = any(c.has(*reading.unknowns, *reading.places) for c in (second, highest))
        if varies or not high or not reading.amplifies(second) or reading.amplifies(highest, high):
            continue
        ratio = sp.simplify(sp.Abs(highest / second))
        longest = 2 * sp.pi * ratio ** sp.Rational(1, high - 2)
        fastest = second**2 / (4 * sp.Abs(highest)) if high == 4 else None
        found.append(Growth(reading.name(i), high, reading.text(longest), reading.text(fastest) if fastest else ""))
    return found
