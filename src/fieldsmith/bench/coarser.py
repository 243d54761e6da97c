"""A solver made cheaper: called on fewer points and output times, its answer interpolated back to all of them.

What it errs by then, beside what it costs, is its own curve of cost against error, which an operator is held against (breakeven complexity, arXiv 2605.15399).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from fieldsmith.equations.equation import Axis
from fieldsmith.errors import InputError
from fieldsmith.evaluation.judge import default_limits
from fieldsmith.evaluation.metrics import sample_nrmse
from fieldsmith.evaluation.thinned import filled
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.task import Case, Signature, Task

LEAST_POINTS, LEAST_TIMES = 8, 4
"""So few are left along an axis at most; a cubic spline needs four."""
TIMED = 2
"""Calls that a cost is the least of."""
TIME = "time"


@dataclass(frozen=True)
class Level:
    """One call: every `stride`-th point along each axis, every `pause`-th output time. `errors` [samples] on all points and times; `seconds` a sample, by the clock."""

    stride: int
    pause: int
    errors: np.ndarray
    seconds: float

    @property
    def error(self) -> float:
        return float(np.mean(self.errors))


def levels(task: Task, source: str, sandbox: Sandbox, case: Case) -> Iterator[Level]:
    """The solver from all points to few, each for the case's samples. A level that fails, or whose values are not finite, is left out.

    Raises InputError for a task whose points cannot be thinned out: one whose equation is not known, or changes along a periodic axis by itself.
    """
    brief = task.brief()
    if brief.equation is None:
        raise InputError(f"{task.name} is not stated as an equation on fields.", "Its points cannot be thinned out.")
    signature, axes = brief.signature, {axis.name: axis for axis in brief.equation.axes}
    batch = signature.sizes(case.inputs).get("batch", 1)
    with sandbox.open(default_limits(task)) as session:
        for stride, pause in _steps(signature, axes, case):
            inputs = _thinned(signature, axes, case, stride, pause)
            shapes = signature.shapes(inputs)
            calls = [session.call(source, signature.function, inputs, shapes) for _ in range(TIMED)]
            if session.closed or any(call.status != "ok" for call in calls):
                continue
            whole = {
                one.name: _restored(calls[-1].outputs[one.name], one.axes, axes, case.reference[one.name].shape, stride, pause)
                for one in signature.results
            }  # fmt: skip
            if all(np.isfinite(values).all() for values in whole.values()):
                seconds = min(call.worker_seconds or call.seconds for call in calls) / batch
                yield Level(stride, pause, sample_nrmse(whole, case.reference), seconds)


def _steps(signature: Signature, axes: Mapping[str, Axis], case: Case) -> Iterator[tuple[int, int]]:
    """Strides in space, then pauses in time on every grid: all that leave whole intervals and enough points."""
    sizes = signature.sizes(case.inputs)
    intervals = [sizes[name] - (axis.nodes == "endpoints") for name, axis in axes.items()]
    strides = [s for s in _powers(min(intervals)) if all(n % s == 0 and n // s >= LEAST_POINTS for n in intervals)]
    frames = sizes.get(TIME, 1) - 1
    pauses = [p for p in (1, 2, 5, 10, 25) if frames % p == 0 and frames // p >= LEAST_TIMES] if frames else [1]
    return ((stride, pause) for stride in strides for pause in (pauses or [1]))


def _powers(most: int) -> list[int]:
    return [2**n for n in range(most.bit_length())]


def _thinned(
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
