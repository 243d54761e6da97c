"""Of what kind a problem is, in the words of the field."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fieldsmith.problems.canonical import Canonical
from fieldsmith.problems.growth import LARGEST, POINTS, Waves
from fieldsmith.problems.states import States, inside
from fieldsmith.problems.symbol import Linearised, matrix
from fieldsmith.problems.system import System

Linearity = Literal["linear", "semilinear", "quasilinear", "fully nonlinear"]
DEGREES: tuple[Linearity, ...] = ("linear", "semilinear", "quasilinear", "fully nonlinear")
DIRECTIONS = 100
STEPS_A_POINT = 10
"""Steps for stability alone, by points or frames, from which on a problem is called stiff."""


@dataclass(frozen=True)
class Kind:
    """`types` are hyperbolic, parabolic, dispersive … of an evolution, elliptic or other of a steady problem; `steps` is how many
    steps an explicit method takes for stability at the points asked for."""

    order_in_time: int
    order_in_space: int
    linearity: Linearity
    types: tuple[str, ...]
    speeds: tuple[float, float] | None
    steps: float | None
    stiff: bool


def kind_of(system: System, form: Canonical, linear: Linearised, waves: Waves | None, rates: complex | None) -> Kind:
    """The kind of a problem. Raises TooLarge."""
    skip = int(system.timed)
    across = linear.across[skip:]
    types = waves.kinds if waves else () if system.timed else _steady(system, linear)
    steps = None
    stiff = False
    if system.time and rates is not None:
        steps = system.time.length * max(rates.real / 2, rates.imag / 2.8)
        grid = max(*system.output.points.values(), len(system.output.times))
        stiff = steps > STEPS_A_POINT * grid
    return Kind(
        form.order,
        max(across, default=0),
        _linearity(system, linear),
        types,
        waves.speeds if waves else None,
        steps,
        stiff,
    )


def _linearity(system: System, linear: Linearised) -> Linearity:
    worst = 0
    for row in range(len(system.residuals)):
        slopes = [(orders, slope) for (r, _), entry in linear.slopes.items() if r == row for orders, slope in entry]
        top = max((sum(orders) for orders, _ in slopes), default=0)
        for orders, slope in slopes:
            met = system.jets.among(slope)
            if not met:
                continue
            degree = 1
            if sum(orders) == top:
                highest = max(sum(system.jets.meanings[jet][1]) for jet in met)
                degree = 3 if highest >= top and top else 2 if top else 1
            worst = max(worst, degree)
    return DEGREES[worst]


def _steady(system: System, linear: Linearised) -> tuple[str, ...]:
    """Elliptic where no real wave is annihilated by the symbol, in any direction and at any point looked at."""
    size = len(system.fields)
    if size > LARGEST:
        return ()
    if len(system.axes) == 1:
        ends = {one.side for one in system.conditions if one.kind != "open"}
        where = "on a ring" if system.periodic else f"with conditions at {'two ends' if len(ends) == 2 else 'one end'}"
        return (f"an ordinary differential equation {where}",)
    values = States(system).values(linear.expressions, inside(system, POINTS))
    rng = np.random.default_rng(1)
    heads = rng.standard_normal((DIRECTIONS, len(system.axes)))
    heads /= np.linalg.norm(heads, axis=1, keepdims=True)
    number = 2e5 * np.pi / min(axis.length for axis in system.axes)
    for frozen in linear.frozen(values, POINTS):
        array = np.array([np.linalg.det(matrix(frozen, size, list(1j * number * head))[0]) for head in heads])
        largest = np.abs(array).max(initial=0.0)
        if not largest or not np.isfinite(largest):
            return ()
        turned = array / array[np.argmax(np.abs(array))]
        real = np.abs(turned.imag).max() < 1e-6
        if np.abs(turned).min() < 1e-5 or (real and turned.real.min() < 0 < turned.real.max()):
            guessed = not system.initial and not system.exact and any(system.jets.among(e) for e in linear.expressions)
            return () if guessed else ("not elliptic",)  # of a nonlinear equation another state might be
    return ("elliptic",)
