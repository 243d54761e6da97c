"""Which calls a program is judged on: the problem as it is asked, and others drawn from its ranges and families."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fieldsmith.boxes.form import FRAMES, Form
from fieldsmith.boxes.samples import asked_times, grid, read_off, united
from fieldsmith.problems.system import Family, Interval, Parameter
from fieldsmith.tasks.task import SplitName

AS_ASKED, DRAWN, OTHER_POINTS = "as asked", "other values", "other points"
Kind = Literal["as asked", "other values", "other points"]
Key = tuple[str, int]
"""A call: its split, or `refinement`, and which of it."""
DRAWS: Mapping[SplitName, int] = {"dev": 1, "test": 1}
"""Calls of a split beside the problem as it is asked, where there is something to draw."""
SAMPLES = 3
"""Fields of each family in one call."""
SEEDS: Mapping[SplitName, int] = {"dev": 1, "test": 2}
SHARES: Mapping[SplitName, float] = {"dev": 0.75, "test": 0.6}
"""Points and output times of calls, as shares of what is asked; the problem as it is asked has all in the test split."""
MORE = 1.2
"""The same of the further call of a problem that has nothing to draw."""
FEWEST_POINTS, FEWEST_TIMES = 9, 3
WIDE = 10.0
"""A range whose ends are further apart than this factor is drawn from by logarithms."""
HALVINGS = 2
"""The study of the order of convergence takes the points of the dev split, half of them, a quarter."""
FEWEST_INTERVALS = 4
"""Of its coarsest grid along an axis."""
STUDY_TIMES = 5
KINKS = r"\b(where|heaviside|sign|abs|max|min)\b"
"""Functions with jumps or kinks."""
MOST = 16_000_000
"""Numbers that a call may return which has the points and times of several."""


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
    nominal = _nominal(form)
    if split == "dev":
        return Draw(AS_ASKED, nominal, _seeds(form, "dev", 0), _fewer(form), times(form, SHARES["dev"])), *_others(form, "dev")  # fmt: skip
    first = Draw(AS_ASKED, nominal, _seeds(form, "test", 0), form.system.output.points, asked_times(form))
    if not form.ranged and not drawn_from(form):
        return first, Draw(OTHER_POINTS, nominal, _seeds(form, "test", 1), points(form, MORE), times(form, MORE))
    return first, *_others(form, "test")


def _nominal(form: Form) -> dict[str, float]:
    return {one.name: one.value for one in form.ranged}


def _fewer(form: Form) -> dict[str, int]:
    """Points of the dev split for the problem as it is asked: their intervals can be halved for the study of the order, if there is one."""
    counts = points(form, SHARES["dev"])
    if not smooth(form):
        return counts
    halved = 2**HALVINGS
    periodic = form.system.periodic
    return {
        name: halved * max(1, round((n - (name not in periodic)) / halved)) + (name not in periodic)
        for name, n in counts.items()
    }


def _others(form: Form, split: SplitName) -> Iterator[Draw]:
    """Calls with values of the ranges and families, where there are any."""
    if not form.ranged and not drawn_from(form):
        return
    rng = np.random.default_rng([SEEDS[split], 77])
    share = SHARES[split]
    for n in range(1, 1 + DRAWS[split]):
        values = {one.name: within(one, float(rng.uniform())) for one in form.ranged}
        yield Draw(DRAWN, values, _seeds(form, split, n), points(form, share), times(form, share))


def study(form: Form) -> tuple[Draw, ...]:
    """The problem as it is asked on grids that are nested in each other, coarse to fine, at few output times: the finest is that of the dev split."""
    periodic, known = form.system.periodic, times(form, SHARES["dev"])
    quarter = {
        name: max(FEWEST_INTERVALS, (n - (name not in periodic)) // 2**HALVINGS) for name, n in _fewer(form).items()
    }
    return tuple(
        Draw(
            AS_ASKED, _nominal(form), _seeds(form, "dev", 0)[:1],
            {name: n * 2**k + (name not in periodic) for name, n in quarter.items()}, _spread(known, STUDY_TIMES),
        )
        for k in range(HALVINGS + 1)
    )  # fmt: skip


def gathered(form: Form, calls: Mapping[Key, Draw]) -> list[dict[Key, Draw]]:
    """The calls in groups that one solution answers, as they have the same parameters and fields: together they are one call with the points and times of all.

    Where programs must read anything off samples, those of the dev split and of the study alone belong together, as their points are nested: samples at uneven points
    would be read with less accuracy. Of a group the call with the most fields comes first.
    """
    groups: dict[object, list[dict[Key, Draw]]] = {}
    for key, draw in sorted(calls.items(), key=lambda item: -len(item[1].seeds)):
        fields = (draw.seeds[0], key[0] == "test" and key[1]) if read_off(form) else ()
        found = groups.setdefault((tuple(draw.parameters.items()), fields), [{}])
        if found[-1] and _returned(form, (*found[-1].values(), draw)) > MOST:
            found.append({})
        found[-1][key] = draw
    return [one for found in groups.values() for one in found]


def _returned(form: Form, calls: Sequence[Draw]) -> int:
    """How many numbers a call returns that has the points and times of all these."""
    along, clock, _ = together(form, calls)
    size = len(calls[0].seeds) * math.prod(map(len, along.values())) * (len(clock) or 1)
    return size * len(form.results)


def together(
    form: Form, calls: Sequence[Draw]
) -> tuple[dict[str, np.ndarray], np.ndarray, list[dict[str, np.ndarray]]]:
    """Points along each axis and output times of all these calls, and for each call where its own are among them, by axis and for `FRAMES`."""
    along: dict[str, np.ndarray] = {}
    views: list[dict[str, np.ndarray]] = [{} for _ in calls]
    grids = [grid(form, draw.points) for draw in calls]
    for axis in form.system.axes:
        along[axis.name], picks = united([one[axis.name] for one in grids], axis.length)
        for view, pick in zip(views, picks, strict=True):
            view[axis.name] = pick
    if form.system.time is None:
        return along, np.array([]), views
    clock, picks = united([np.asarray(draw.times, float) for draw in calls], form.system.time.length)
    for view, pick in zip(views, picks, strict=True):
        view[FRAMES] = pick
    return along, clock, views


def smooth(form: Form) -> bool:
    """Whether the solution has no jumps and kinks that are seen beforehand: in what is given, or as waves that steepen."""
    given = (*form.system.coefficients, *form.system.initial.values())
    if any(isinstance(one.value, Family) and one.value.kind == "two-valued" for one in given):
        return False
    if any(re.search(KINKS, one.text) for one in given):
        return False
    kind = form.problem.understood.kind or {}
    return not ("hyperbolic" in kind.get("types", ()) and kind.get("linearity") in ("quasilinear", "fully nonlinear"))


def drawn_from(form: Form) -> tuple[str, ...]:
    """Names of the initial values and coefficients that are families."""
    given = (*form.system.coefficients, *form.system.initial.values())
    return tuple(one.name for one in given if isinstance(one.value, Family))


def points(form: Form, share: float) -> dict[str, int]:
    """Points along each axis for that share of the intervals that are asked for."""
    periodic = form.system.periodic
    counts = {axis.name: max(FEWEST_POINTS - 1, round(share * _intervals(form, axis))) for axis in form.system.axes}
    return {name: n + (name not in periodic) for name, n in counts.items()}


def times(form: Form, share: float) -> tuple[float, ...]:
    """That share of the output times: evenly spread from first to last if there are more, else so many of those that are asked for."""
    asked = asked_times(form)
    count = max(min(FEWEST_TIMES, len(asked)), round(share * len(asked)))
    return tuple(np.linspace(asked[0], asked[-1], count).tolist()) if count > len(asked) else _spread(asked, count)


def _spread(known: Sequence[float], count: int) -> tuple[float, ...]:
    """So many of the times, the first and last among them, all if there are no more."""
    chosen = np.linspace(0, len(known) - 1, min(count, len(known))).round().astype(int) if known else []
    return tuple(known[n] for n in chosen)


def _intervals(form: Form, axis: Interval) -> int:
    return form.system.output.points[axis.name] - (axis.name not in form.system.periodic)


def _seeds(form: Form, split: SplitName, call: int) -> tuple[int, ...]:
    first = 10_000 * SEEDS[split] + 100 * call
    return tuple(range(first, first + (SAMPLES if drawn_from(form) else 1)))


def within(one: Parameter, share: float) -> float:
    """A value at that share of a parameter's range."""
    low, high = one.low, one.high
    if low is None or high is None:
        return one.value
    if low > 0.0 and high / low > WIDE:
        return low * math.exp(share * math.log(high / low))
    return low + share * (high - low)
