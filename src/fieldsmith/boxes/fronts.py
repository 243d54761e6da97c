"""How many waves the fronts of a nonlinear evolution need, wherever it makes them: by the balance of what steepens and what spreads."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Expression
from fieldsmith.problems.faults import TooLarge
from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import States

LOOKED_AT = {1: 512, 2: 64, 3: 24}
"""Points along each axis at which the start is looked at."""


def front_waves(form: Form) -> tuple[int, ...]:
    """Waves along each axis beyond which fronts hold less than the accuracy asked for; 0 where none is made in the time of the problem.

    Where an unknown's rate has a derivative of order n with a constant factor c and one of order m < n with a factor a that depends on the state, fronts have the
    wave number k = |a/c|^(1/(n - m)): sqrt(r/D) of reaction and diffusion, U/nu of Burgers' equation. Profiles such as tanh have poles at pi/k beside the real
    axis, so their series fall like exp(-pi K/k) (Boyd, Chebyshev and Fourier Spectral Methods, 2001, section 2.6), and what is left out beyond K is that by the
    root of the part of the domain, about 1/k in waves of it, that a front fills.
    """
    found = [0] * len(form.space)
    try:
        for axis, number in _numbers(form):
            sharp = max(number * form.system.axes[axis].length / (2 * math.pi), 1.0)
            digits = math.log(max(sharp**-0.5 / form.system.output.accuracy, 1.0))
            found[axis] = max(found[axis], math.ceil(sharp * digits / math.pi))
    except TooLarge:
        return (0,) * len(form.space)
    return tuple(found)


def _numbers(form: Form) -> Iterator[tuple[int, float]]:
    """An axis and the wave number of fronts along it, for each pair of terms that balance."""
    canonical, time = form.canonical, form.system.time
    if time is None or canonical.rates is None:
        return
    for name, rate in canonical.rates.items():
        terms = list(_own(form, name, rate))
        for axis in range(len(form.space)):
            along = {orders[axis]: slope for orders, slope in terms if sum(orders) == orders[axis]}
            highest = max(along, default=0)
            if highest < 1 or form.system.jets.among(along[highest]):
                continue
            for order, slope in along.items():
                if order == highest or not form.system.jets.among(slope):
                    continue
                if (
                    order % 2 and canonical.constraints
                ):  # speeds that follow from constraints, such as a flow's, steepen nothing
                    continue
                spreads, steepens = _sizes(form, along[highest], slope, order)
                first = 2 * math.pi / form.system.axes[axis].length
                passed = time.length * (steepens * first**order) ** (1 / canonical.orders[name])
                if spreads > 0 and math.isfinite(steepens) and passed > 1:
                    yield axis, (steepens / spreads) ** (1 / (highest - order))


def _own(form: Form, name: str, rate: Expression) -> Iterator[tuple[tuple[int, ...], Expression]]:
    """Partial derivatives of an unknown's rate by its own derivatives in space, with their orders."""
    jets = form.system.jets
    for jet in jets.among(rate):
        other, (in_time, *orders) = jets.meanings[jet]
        if other == name and not in_time:
            yield tuple(orders), partial(rate, jet)


def _sizes(form: Form, spreading: Expression, steepening: Expression, order: int) -> tuple[float, float]:
    """|c| at its least and |a| at its most over the start, with the parameters as they are given; of an odd order half the range of a, for a
    mean speed only shifts."""
    system = form.system
    count = LOOKED_AT[len(form.space)]
    lines = [axis.low + axis.length * np.arange(count) / count for axis in system.axes]
    places = {name: mesh.ravel() for name, mesh in zip(form.space, np.meshgrid(*lines, indexing="ij"), strict=True)}
    if system.time:
        places[system.time.name] = np.full(count ** len(form.space), system.time.low)
    values: Any = States(system).values([spreading, steepening], places)
    spreads, steepens = (np.asarray(evaluate(one, values)) for one in (spreading, steepening))
    most = np.ptp(np.real(steepens)) / 2 if order % 2 else np.abs(steepens).max()
    return float(np.abs(spreads).min()), float(most)
