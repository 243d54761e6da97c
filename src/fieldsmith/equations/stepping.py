"""What is read off an equation for steps in time: the part that Fourier coefficients take exactly, and what bounds the rest."""

from collections.abc import Sequence

import sympy as sp

from fieldsmith.equations.couplings import Oscillation
from fieldsmith.equations.expressions import Expression, slope_of
from fieldsmith.equations.fourier import symbol_text
from fieldsmith.equations.reading import Reading
from fieldsmith.equations.traits import varies


def symbol_of(reading: Reading) -> str:
    """The factor lambda(k) of each Fourier coefficient's rate, as code; empty unless it is one linear unknown's, of constant
    coefficients, on a periodic domain.
    """
    if len(reading.unknowns) != 1 or not (reading.affine and reading.constant and reading.periodic):
        return ""
    waves = [f"k{axis.name}" for axis in reading.equation.axes] if reading.dimensions > 1 else ["k"]
    return symbol_text(reading.terms[0].linear, waves, reading.code)


def parted(reading: Reading) -> dict[str, Expression]:
    """The rate of the one unknown along the one axis, parted into high derivatives and the rest."""
    if len(reading.unknowns) > 1 or len(reading.equation.axes) > 1 or reading.equation.steady or varies(reading):
        return {}
    marks = {n: mark for (n,), mark in reading.derivatives(0).items() if n >= 2}
    factors = {n: factor for n in marks if (factor := reading.coefficient(0, 0, (n,))) != 0}
    if not factors:
        return {}
    high = sum((factor * marks[n] for n, factor in factors.items()), sp.Integer(0))
    low = sp.factor(sp.expand(reading.marked_rates[0] - high))
    codes = {n: reading.code(factors[n]) for n in sorted(factors)}
    return {"high_factors": codes, "high_terms": reading.text(high), "low_terms": reading.text(low)}


def bounded(reading: Reading) -> bool:
    """Whether the limits that are worked out hold for all of the equation, which has nothing that a step is not given.

    They are of transport and of derivatives along one axis of the unknown itself, whose factors hold no derivatives.
    """
    own = [mark for (base, _), mark in reading.marks.items() if base in reading.unknowns]
    if any(rate.has(*reading.coordinates, reading.time) for rate in reading.marked_rates):
        return False
    for (i, j, counts), slope in reading.slopes.items():
        mixed = sum(counts) >= 2 and (i != j or max(counts) != sum(counts))
        if slope != 0 and any(counts) and (mixed or slope.has(*own)):
            return False
    return True


def without_exchange(reading: Reading, i: int, oscillations: Sequence[Oscillation]) -> Expression:
    """What happens to unknown i in place, without what it exchanges with another to oscillate: `v` in u_t = v, v_t = u_xx.

    How fast that is, is told by the frequency of the waves, not by either rate alone.
    """
    partners = {name for one in oscillations if reading.name(i) in one.pair for name in one.pair} - {reading.name(i)}
    source = reading.source(i)
    for j, unknown in enumerate(reading.unknowns):
        slope = slope_of(source, unknown)
        if reading.name(j) in partners and not slope.has(*reading.unknowns):
            source = sp.expand(source - slope * unknown)
    return source


def reaction_rate(reading: Reading, sources: list[Expression]) -> str:
    slopes = [sp.factor(slope_of(source, u)) for source in sources for u in reading.unknowns]
    found = [reading.largest(slope) for slope in slopes if slope != 0]
    return " + ".join(found) if all(found) else ""
