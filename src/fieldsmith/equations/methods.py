"""All that the page of methods says about an equation, gathered from its reading."""

from collections.abc import Container

import sympy as sp

from fieldsmith.equations import traits
from fieldsmith.equations.couplings import couplings_of
from fieldsmith.equations.facts import Methods, Waves
from fieldsmith.equations.limits import limits_of
from fieldsmith.equations.reading import Reading
from fieldsmith.equations.slopes import squared_slopes
from fieldsmith.equations.stepping import bounded, parted, reaction_rate, symbol_of


def methods(reading: Reading, spoken_of: Container[str]) -> Methods:
    """What is to be said of the equation; values are given of the parameters and constants that are `spoken_of`."""
    equation, analysis = reading.equation, reading.analysis
    marks = list(reading.marks.values())
    along = [reading.transport(k) for k in range(len(reading.coordinates))]
    speeds = next((s for s in map(reading.speeds, along) if s), ())
    steepens = any(entry.has(*reading.unknowns) for matrix in along for entry in matrix)
    sources = [rate.xreplace(dict.fromkeys(marks, sp.Integer(0))) for rate in reading.rates]
    linear = all(reading.is_linear(rate) for rate in reading.rates)
    constant = reading.constant()
    diffuses = any(c != 0 and not reading.amplifies(c) for i in range(len(reading.unknowns)) for c in reading.second(i))
    fields = tuple(reading.rate(i, sources[i]) for i in range(len(reading.rates)))
    reacts = any(source.has(*reading.unknowns) for source in sources)
    squares = squared_slopes(reading)
    crossing, oscillations = couplings_of(reading)
    limits = () if equation.steady else tuple(limits_of(reading, along, oscillations, squares))
    walls = [analysis.parse(end.value) for axis in equation.axes for end in (axis.lower, axis.upper)]
    values = {**equation.constants, **reading.parameters}
    shown = (*equation.parameters, *equation.constants)
    return Methods(
        steady=equation.steady,
        rates=fields,
        axes=equation.axes,
        periodic=analysis.periodic,
        linear=linear,
        constant=constant,
        forced=any(source.xreplace(dict.fromkeys(reading.unknowns, sp.Integer(0))) != 0 for source in sources),
        conservative=traits.conservative(reading),
        order=max((rate.order for rate in fields), default=0),
        varies=traits.varies(reading),
        speeds=tuple(map(reading.text, speeds)),
        steepens=steepens,
        diffuses=diffuses,
        reacts=reacts,
        coupled=len(reading.unknowns) > 1,
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
        permeable=traits.permeable(reading),
        symbol=symbol_of(reading, sources) if linear and constant and analysis.periodic else "",
        limits=limits,
        positive=equation.positive,
        balanced=() if analysis.direct or equation.steady else equation.balances,
        values={name: float(values[name]) for name in shown if name in values and name in spoken_of},
        reaction_rate=reaction_rate(reading, sources),
        bounded=bounded(reading),
        front=traits.front(reading, sources),
        timed=any(rate.has(analysis.time) for rate in (*reading.rates, *walls)),
        **parted(reading),
    )
