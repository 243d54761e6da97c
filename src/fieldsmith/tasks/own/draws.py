"""Which calls a program is judged on: the problem as it is asked, and others drawn from its ranges and families."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fieldsmith.boxes.form import Form
from fieldsmith.problems.system import Family, Interval, Parameter
from fieldsmith.tasks.task import SplitName

AS_ASKED, DRAWN, OTHER_POINTS = "as asked", "other values", "other points"
Kind = Literal["as asked", "other values", "other points"]
DRAWS: Mapping[SplitName, int] = {"dev": 1, "test": 1}
"""Calls of a split beside the problem as it is asked, where there is something to draw."""
SAMPLES = 3
"""Fields of each family in one call."""
SEEDS: Mapping[SplitName, int] = {"dev": 1, "test": 2}
SHARES: Mapping[SplitName, float] = {"dev": 0.75, "test": 0.6}
"""Points and output times of these calls, as shares of what is asked."""
MORE = 1.2
"""The same of the further call of a problem that has nothing to draw."""
FEWEST_POINTS, FEWEST_TIMES = 9, 3
WIDE = 10.0
"""A range whose ends are further apart than this factor is drawn from by logarithms."""
HALVINGS = 2
"""The study of the order of convergence takes the points that are asked, half of them, a quarter."""
STUDY_TIMES = 5


@dataclass(frozen=True)
class Draw:
    """One call. `seeds` has one for each sample of the batch, `points` how many along each axis."""

    kind: Kind
    parameters: Mapping[str, float]
    seeds: tuple[int, ...]
    points: Mapping[str, int]
    times: tuple[float, ...]


def draws(form: Form, split: SplitName) -> tuple[Draw, ...]:
    """The calls of a split: the problem as it is asked first, on the grid that is asked for in the test split alone.

    The parameters and seeds of the two splits have nothing else in common.
    """
    share = SHARES[split]
    nominal = {one.name: one.value for one in form.ranged}
    asked = (form.system.output.points, output_times(form))
    grid = asked if split == "test" else (points(form, share), times(form, share))
    first = Draw(AS_ASKED, nominal, _seeds(form, split, 0), *grid)
    if not form.ranged and not drawn_from(form):
        more = (Draw(OTHER_POINTS, nominal, _seeds(form, split, 1), points(form, MORE), times(form, MORE)),)
        return (first, *(more if split == "test" else ()))
    return (first, *_others(form, split))


def _others(form: Form, split: SplitName) -> Iterator[Draw]:
    rng = np.random.default_rng([SEEDS[split], 77])
    share = SHARES[split]
    for n in range(1, 1 + DRAWS[split]):
        values = {one.name: _within(one, float(rng.uniform())) for one in form.ranged}
        yield Draw(DRAWN, values, _seeds(form, split, n), points(form, share), times(form, share))


def study(form: Form) -> tuple[Draw, ...]:
    """The problem as it is asked on grids that are nested in each other, coarse to fine, at few output times."""
    nominal = {one.name: one.value for one in form.ranged}
    last = output_times(form)[-1:] and tuple(np.linspace(form.system.time.low, output_times(form)[-1], STUDY_TIMES).tolist()) if form.system.time else ()  # fmt: skip
    quarter = {axis.name: max(4, _intervals(form, axis) // 2**HALVINGS) for axis in form.system.axes}
    return tuple(
        Draw(
            AS_ASKED, nominal, _seeds(form, "dev", 0)[:1],
            {name: n * 2**k + (name not in form.system.periodic) for name, n in quarter.items()}, last,
        )
        for k in range(HALVINGS + 1)
    )  # fmt: skip


def drawn_from(form: Form) -> tuple[str, ...]:
    """Names of the initial values and coefficients that are families."""
    given = (*form.system.coefficients, *form.system.initial.values())
    return tuple(one.name for one in given if isinstance(one.value, Family))


def output_times(form: Form) -> tuple[float, ...]:
    """Those that are asked for, with the lower end of the time before them."""
    clock = form.system.time
    return (clock.low, *(t for t in form.system.output.times if t > clock.low)) if clock else ()


def points(form: Form, share: float) -> dict[str, int]:
    """Points along each axis for that share of the intervals that are asked for."""
    periodic = form.system.periodic
    counts = {axis.name: max(FEWEST_POINTS - 1, round(share * _intervals(form, axis))) for axis in form.system.axes}
    return {name: n + (name not in periodic) for name, n in counts.items()}


def times(form: Form, share: float) -> tuple[float, ...]:
    """Evenly spread output times from first to last, that share of them."""
    asked = output_times(form)
    count = max(min(FEWEST_TIMES, len(asked)), round(share * len(asked)))
    return tuple(np.linspace(asked[0], asked[-1], count).tolist()) if asked else ()


def _intervals(form: Form, axis: Interval) -> int:
    return form.system.output.points[axis.name] - (axis.name not in form.system.periodic)


def _seeds(form: Form, split: SplitName, call: int) -> tuple[int, ...]:
    first = 10_000 * SEEDS[split] + 100 * call
    return tuple(range(first, first + (SAMPLES if drawn_from(form) else 1)))


def _within(one: Parameter, share: float) -> float:
    """A value at that share of a parameter's range."""
    low, high = one.low, one.high
    if low is None or high is None:
        return one.value
    if low > 0.0 and high / low > WIDE:
        return low * math.exp(share * math.log(high / low))
    return low + share * (high - low)
