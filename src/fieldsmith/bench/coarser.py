"""A solver made cheaper: called on fewer points and output times, its answer interpolated back to all of them.

A program of a problem of one's own chooses its own points, whatever is asked for; it is made cheaper by the numbers at its top (`own_points.py`). What it errs by then, beside what it costs, is its own curve of cost against error, which an operator is held against (breakeven complexity, arXiv 2605.15399).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from fieldsmith.bench.own_points import versions
from fieldsmith.bench.warm_calls import timed
from fieldsmith.errors import InputError
from fieldsmith.evaluation.judge import default_limits
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.evaluation.metrics import binned_nrmse, sample_nrmse
from fieldsmith.evaluation.thinned import filled
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.task import Case, Signature, Task

LEAST_POINTS, LEAST_TIMES = 8, 4
"""So few are left along an axis at most; a cubic spline needs four."""
TIME = "time"
BINS = 4
"""Equal spans of time that errors are told of."""


@dataclass(frozen=True)
class Axis:
    """Whether its ends meet, and whether both of them are among its points."""

    periodic: bool
    ends: bool


@dataclass(frozen=True)
class Level:
    """One call: every `stride`-th point along each axis, every `pause`-th output time, or with that `share` of the program's own points and its tolerance times `loosened`.

    `errors` [samples] on all points and times, `bins` [spans of time, samples]; `seconds` a sample, by the clock, of a program that is loaded.
    """

    stride: int
    pause: int
    errors: np.ndarray
    seconds: float
    share: float = 1.0
    loosened: float = 1.0
    bins: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def error(self) -> float:
        return float(np.mean(self.errors))


def levels(task: Task, source: str, sandbox: Sandbox, case: Case) -> Iterator[Level]:
    """The solver from all points to few, each for the case's samples. A level that fails, or whose values are not finite, is left out.

    Raises InputError for a task whose points cannot be thinned out: one whose equation is not known, or changes along a periodic axis by itself.
    """
    signature, axes = task.brief().signature, axes_of(task)
    batch = signature.sizes(case.inputs).get("batch", 1)
    with sandbox.open(default_limits(task)) as session:
        for version in versions(source) if task.form is not None else versions(""):
            for stride, pause in _steps(signature, axes, case) if not version.own else [(1, 1)]:
                inputs = thinned(signature, axes, case, stride, pause)
                answer, seconds = timed(session, version.text or source, signature, inputs)
                if session.closed or answer.status != "ok":
                    continue
                given = {one.name: np.asarray(answer.outputs[one.name]) for one in signature.results}
                if not all(np.isfinite(values).all() for values in given.values()):
                    continue
                whole = {
                    one.name: _restored(given[one.name], one.axes, axes, case.reference[one.name].shape, stride, pause)
                    for one in signature.results
                }
                errors = sample_nrmse(as_samples(signature, whole), as_samples(signature, case.reference))
                bins = in_bins(signature, case, whole)
                yield Level(stride, pause, errors, seconds / batch, version.share, version.loosened, bins)


def in_bins(signature: Signature, case: Case, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Errors by spans of time, [bins, samples]; without any where there is no time, or no reference."""
    clock = next((one.name for one in signature.arguments if one.role == "times"), "")
    if not clock or not case.reference or any(one.axes[:2] != ("batch", TIME) for one in signature.results):
        return np.zeros((0, 0))
    return binned_nrmse(outputs, case.reference, np.asarray(case.inputs[clock], float), BINS)


def axes_of(task: Task) -> dict[str, Axis]:
    """Axes of space by name. Raises InputError for a task whose equation is not known."""
    equation, form = task.brief().equation, task.form
    if form is not None:
        return {name: Axis(name in form.system.periodic, name not in form.system.periodic) for name in form.space}
    if equation is None:
        raise InputError(f"{task.name} is not stated as an equation on fields.", "Its points cannot be thinned out.")
    return {axis.name: Axis(axis.periodic, axis.nodes == "endpoints") for axis in equation.axes}


def _steps(signature: Signature, axes: Mapping[str, Axis], case: Case) -> Iterator[tuple[int, int]]:
    """Strides in space, then pauses in time on every grid: all that leave whole intervals and enough points."""
    sizes = signature.sizes(case.inputs)
    intervals = [sizes[name] - axis.ends for name, axis in axes.items()]
    strides = [s for s in _powers(min(intervals)) if all(n % s == 0 and n // s >= LEAST_POINTS for n in intervals)]
    frames = sizes.get(TIME, 1) - 1
    pauses = [p for p in (1, 2, 5, 10, 25) if frames % p == 0 and frames // p >= LEAST_TIMES] if frames else [1]
    return ((stride, pause) for stride in strides for pause in (pauses or [1]))


def _powers(most: int) -> list[int]:
    return [2**n for n in range(most.bit_length())]


def thinned(
    signature: Signature, axes: Mapping[str, Axis], case: Case, stride: int, pause: int
) -> dict[str, np.ndarray | float]:  # fmt: skip
    """The call on every `stride`-th point and every `pause`-th time. Points of a periodic axis are shifted by that, which changes nothing where the equation is the same everywhere."""
    found: dict[str, np.ndarray | float] = {}
    for one in signature.arguments:
        value = case.inputs[one.name]
        if one.axes:
            steps = tuple(
                slice(None, None, stride if name in axes else pause if name == TIME else 1) for name in one.axes
            )
            value = np.ascontiguousarray(np.asarray(value)[steps])
        found[one.name] = value
    return found


def _restored(
    values: np.ndarray, names: tuple[str, ...], axes: Mapping[str, Axis], shape: tuple[int, ...], stride: int, pause: int
) -> np.ndarray:  # fmt: skip
    """A result on all points and times: by Fourier series along periodic axes, by cubic splines along others."""
    for dim, name in enumerate(names):
        step = stride if name in axes else pause if name == TIME else 1
        values = filled(values, dim, shape[dim], step, name in axes and axes[name].periodic)
    return values
