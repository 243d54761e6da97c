"""All that the page of methods says about an equation, gathered from its reading."""

from collections.abc import Container, Sequence
from typing import Any

from fieldsmith.equations import traits
from fieldsmith.equations.conservation import conservative
from fieldsmith.equations.couplings import Oscillation, couplings_of
from fieldsmith.equations.expressions import Expression
from fieldsmith.equations.facts import Methods, Waves
from fieldsmith.equations.limits import limits_of
from fieldsmith.equations.posedness import ill_posed
from fieldsmith.equations.reading import Reading
from fieldsmith.equations.slopes import squared_slopes
from fieldsmith.equations.stepping import bounded, parted, reaction_rate, symbol_of, without_exchange

Slopes = Sequence[tuple[int, list[Expression]]]
"""Unknowns that their own slopes change, as `squared_slopes` finds them."""


def methods(reading: Reading, spoken_of: Container[str]) -> Methods:
    """What is to be said of the equation; values are given of the parameters and constants that are `spoken_of`."""
    equation = reading.equation
    crossing, oscillations = couplings_of(reading)
    squares = squared_slopes(reading)
    reactions = [without_exchange(reading, i, oscillations) for i in range(len(reading.unknowns))]
    rates = tuple(reading.rate(i, reaction) for i, reaction in enumerate(reactions))
    return Methods(
        steady=equation.steady,
        rates=rates,
        axes=equation.axes,
        periodic=reading.periodic,
        linear=reading.affine,
        constant=reading.constant,
        forced=reading.forced,
        conservative=conservative(reading),
        order=max((rate.order for rate in rates), default=0),
        coupled=len(rates) > 1,
        crossing=crossing,
        oscillations=tuple(_waves(reading, one) for one in oscillations),
        symbol=symbol_of(reading),
        positive=equation.positive,
        balanced=() if reading.direct or equation.steady else equation.balances,
        values=_values(reading, spoken_of),
        timed=_timed(reading),
        **_transport(reading, squares),
        **_coefficients(reading),
        **_reaction(reading, reactions),
        **_stability(reading, oscillations, squares),
        **parted(reading),
    )


def _transport(reading: Reading, squares: Slopes) -> dict[str, Any]:
    """How fast the solution travels, and whether it makes fronts or kinks."""
    steepens = any(matrix.has(*reading.unknowns) for matrix in reading.transports)
    return {
        "speeds": _speeds(reading),
        "steepens": steepens,
        "sharp": steepens and traits.sharp(reading),
        "squares": tuple(reading.name(i) for i, _ in squares),
        "kinks": bool(squares) and traits.sharp(reading),
    }


def _coefficients(reading: Reading) -> dict[str, Any]:
    """What stands before and inside the second and higher derivatives."""
    size = range(len(reading.unknowns))
    given = (reading.plain(str(base)) for base, _ in reading.marks if base not in reading.unknowns)
    return {
        "varies": traits.varies(reading),
        "diffuses": any(c != 0 and not reading.amplifies(c) for i in size for c in reading.diffusivities(i)),
        "signed": traits.signed(reading),
        "high_varies": traits.high_varies(reading),
        "floats": reading.equation.steady and traits.floats(reading),
        "inside": tuple(dict.fromkeys(given)),
        "permeable": traits.permeable(reading),
    }


def _reaction(reading: Reading, reactions: list[Expression]) -> dict[str, Any]:
    """What happens in place, by `reactions`, and the fronts that it makes with diffusion."""
    return {
        "reacts": any(source.has(*reading.unknowns) for source in reactions),
        "reaction_rate": reaction_rate(reading, reactions),
        "front": traits.front(reading, [reading.source(i) for i in range(len(reading.unknowns))]),
    }


def _stability(reading: Reading, oscillations: Sequence[Oscillation], squares: Slopes) -> dict[str, Any]:
    """What grows, with or without bound, and what limits explicit steps."""
    steady, ill = reading.equation.steady, ill_posed(reading)
    return {
        "growths": () if steady else tuple(traits.growths(reading)),
        "ill_posed": ill,
        "limits": () if steady or ill else tuple(limits_of(reading, oscillations, squares)),
        "bounded": bounded(reading),
    }


def _waves(reading: Reading, one: Oscillation) -> Waves:
    return Waves(*one.pair, reading.text(one.speed), "" if one.certain else reading.text(one.squared), one.order)


def _values(reading: Reading, spoken_of: Container[str]) -> dict[str, float]:
    """Values of parameters and constants that are spoken of."""
    equation = reading.equation
    values = {**equation.constants, **reading.parameters}
    shown = (*equation.parameters, *equation.constants)
    return {name: float(values[name]) for name in shown if name in values and name in spoken_of}


def _timed(reading: Reading) -> bool:
    """Whether the time stands by itself in a rate or in what is prescribed on a boundary."""
    walls = (reading.parse(end.value) for axis in reading.equation.axes for end in (axis.lower, axis.upper))
    return any(rate.has(reading.time) for rate in (*reading.marked_rates, *walls))


def _speeds(reading: Reading) -> dict[str, tuple[str, ...]]:
    """Wave speeds as code along every axis that has any with a simple formula."""
    found = {axis.name: reading.speeds(k) for k, axis in enumerate(reading.equation.axes)}
    return {name: tuple(map(reading.text, speeds)) for name, speeds in found.items() if speeds}
