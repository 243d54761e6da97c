"""What is read off an equation for steps in time: the part that Fourier coefficients take exactly, and what bounds the rest."""

from typing import Any

import sympy as sp

from fieldsmith.equations.reading import Reading
from fieldsmith.equations.traits import varies


def symbol_of(reading: Reading, sources: list[Any]) -> str:
    """The factor lambda(k) of each Fourier coefficient's rate, as code, for a single unknown."""
    if len(reading.unknowns) != 1:
        return ""
    numbers = [f"k{axis.name}" for axis in reading.equation.axes] if len(reading.equation.axes) > 1 else ["k"]
    terms = []
    slope = sp.diff(sources[0], reading.unknowns[0])
    if slope != 0:
        terms.append(reading.code(slope))
    for counts in sorted(reading.of_unknown(0)):
        factor = reading.coefficient(0, 0, counts)
        waves = " * ".join(
            f"(1j*{k})**{n}" if n > 1 else f"(1j*{k})" for k, n in zip(numbers, counts, strict=True) if n
        )
        if factor != 0:
            terms.append(waves if factor == 1 else f"{reading.code(factor)} * {waves}")
    return " + ".join(terms)


def parted(reading: Reading) -> dict[str, Any]:
    """The rate of the one unknown along the one axis, parted into high derivatives and the rest."""
    if len(reading.unknowns) > 1 or len(reading.equation.axes) > 1 or reading.equation.steady or varies(reading):
        return {}
    marks = {n: mark for (n,), mark in reading.of_unknown(0).items() if n >= 2}
    factors = {n: factor for n in marks if (factor := reading.coefficient(0, 0, (n,))) != 0}
    if not factors:
        return {}
    high = sum((factor * marks[n] for n, factor in factors.items()), sp.Integer(0))
    low = sp.factor(sp.expand(reading.rates[0] - high))
    codes = {n: reading.code(factors[n]) for n in sorted(factors)}
    return {"high_factors": codes, "high_terms": reading.text(high), "low_terms": reading.text(low)}


def bounded(reading: Reading) -> bool:
    """Whether the limits that are worked out hold for all of the equation, which has nothing that a step is not given.

    They are of transport and of derivatives along one axis of the unknown itself, whose factors hold no derivatives.
    """
    own = [mark for (base, _), mark in reading.marks.items() if base in reading.unknowns]
    for unknown, rate in zip(reading.unknowns, reading.rates, strict=True):
        if rate.has(*reading.coordinates, reading.analysis.time):
            return False
        for (base, counts), mark in reading.marks.items():
            slope = sp.diff(rate, mark)
            if base not in reading.unknowns or slope == 0:
                continue
            mixed = sum(counts) >= 2 and (base != unknown or max(counts) != sum(counts))
            if mixed or slope.has(*own):
                return False
    return True


def reaction_rate(reading: Reading, sources: list[Any]) -> str:
    slopes = [sp.factor(sp.diff(source, u)) for source in sources for u in reading.unknowns]
    found = [reading.largest(slope) for slope in slopes if slope != 0]
    return " + ".join(found) if all(found) else ""
