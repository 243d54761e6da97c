"""All that the page of methods says about an equation, gathered from its reading."""

from collections.abc import Container

from fieldsmith.equations import traits
from fieldsmith.equations.conservation import conservative
from fieldsmith.equations.couplings import couplings_of
from fieldsmith.equations.facts import Methods, Waves
from fieldsmith.equations.limits import limits_of
from fieldsmith.equations.posedness import ill_posed
from fieldsmith.equations.reading import Reading
from fieldsmith.equations.slopes import squared_slopes
from fieldsmith.equations.stepping import bounded, parted, reaction_rate, symbol_of, without_exchange


def methods(reading: Reading, spoken_of: Container[str]) -> Methods:
    """What is to be said of the equation; values are given of the parameters and constants that are `spoken_of`."""
    equation, size = reading.equation, range(len(reading.unknowns))
    sources = [reading.source(i) for i in size]
    steepens = any(matrix.has(*reading.unknowns) for matrix in reading.transports)
    squares = squared_slopes(reading)
    crossing, oscillations = couplings_of(reading)
    reactions = [without_exchange(reading, i, oscillations) for i in size]
    rates = tuple(reading.rate(i, reactions[i]) for i in size)
    ill = ill_posed(reading)
    limits = () if equation.steady or ill else tuple(limits_of(reading, oscillations, squares))
    walls = [reading.parse(end.value) for axis in equation.axes for end in (axis.lower, axis.upper)]
    values = {**equation.constants, **reading.parameters}
    shown = (*equation.parameters, *equation.constants)
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
        varies=traits.varies(reading),
        speeds=_speeds(reading),
        steepens=steepens,
        diffuses=any(c != 0 and not reading.amplifies(c) for i in size for c in reading.diffusivities(i)),
        reacts=any(source.has(*reading.unknowns) for source in reactions),
        coupled=len(size) > 1,
        sharp=steepens and traits.sharp(reading),
        squares=tuple(reading.name(i) for i, _ in squares),
        kinks=bool(squares) and traits.sharp(reading),
        crossing=crossing,
        oscillations=tuple(
            Waves(*one.pair, reading.text(one.speed), "" if one.certain else reading.text(one.squared), one.order)
            for one in oscillations
        ),
        signed=traits.signed(reading),
        high_varies=traits.high_varies(reading),
        floats=equation.steady and traits.floats(reading),
        inside=tuple(
            dict.fromkeys(reading.plain(str(base)) for base, _ in reading.marks if base not in reading.unknowns)
        ),
        growths=() if equation.steady else tuple(traits.growths(reading)),
        ill_posed=ill,
        permeable=traits.permeable(reading),
        symbol=symbol_of(reading),
        limits=limits,
        positive=equation.positive,
        balanced=() if reading.direct or equation.steady else equation.balances,
        values={name: float(values[name]) for name in shown if name in values and name in spoken_of},
        reaction_rate=reaction_rate(reading, reactions),
        bounded=bounded(reading),
        front=traits.front(reading, sources),
        timed=any(rate.has(reading.time) for rate in (*reading.marked_rates, *walls)),
        **parted(reading),
    )


def _speeds(reading: Reading) -> dict[str, tuple[str, ...]]:
    """Wave speeds as code along every axis that has any with a simple formula."""
    found = {axis.name: reading.speeds(k) for k, axis in enumerate(reading.equation.axes)}
    return {name: tuple(map(reading.text, speeds)) for name, speeds in found.items() if speeds}
