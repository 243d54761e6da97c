"""What an error over all frames does not say of an operator or a program: whether it is a flow, keeps energy, and answers as well on fewer points.

All of it is of the first call of a split.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from fieldsmith.bench.coarser import axes_of, thinned
from fieldsmith.errors import InputError
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.evaluation.metrics import Arrays, sample_nrmse
from fieldsmith.operators.layout import Layout
from fieldsmith.sandboxes.sandbox import Session
from fieldsmith.tasks.task import Case, Signature, Task

SAME = 1e-9
"""Share of the span within which two times are the same."""
STRIDE = 2


@dataclass(frozen=True)
class Beyond:
    """Each a mean over samples, None where it has no meaning or the call fails.

    semigroup: of the solution after 2 t from the start, and after t from where the solution is after t, the distance, relative to the first: 0 for whatever solves an equation that does not change in time,
    however well. energy: the largest departure of the mean square of a result from the reference's, over the frames, relative to the largest of these; of the result that departs most.
    coarser: the relative error where every second point along each axis is given and asked for, at these points.
    """

    semigroup: float | None = None
    energy: float | None = None
    coarser: float | None = None

    def asdict(self) -> dict[str, float | None]:
        """As JSON."""
        return asdict(self)


def beyond(task: Task, source: str, session: Session, case: Case) -> Beyond:
    """Of a program, or of an operator whose session answers whatever the program says; three calls."""
    signature = task.brief().signature
    outputs = _called(signature, source, session, case.inputs)
    if outputs is None or not case.reference:
        return Beyond()
    energy = energy_departure(as_samples(signature, outputs), as_samples(signature, case.reference))
    return Beyond(_semigroup(task, source, session, case, outputs), energy, _coarser(task, source, session, case))


def energy_departure(outputs: Arrays, reference: Arrays) -> float:
    """Of results [batch, time, ...], or [batch, ...] of one frame; points count alike."""

    def squares(values: np.ndarray) -> np.ndarray:
        frames = values if values.ndim > 2 else values[:, None]
        return np.mean(frames.reshape(*frames.shape[:2], -1) ** 2, axis=2)

    found = []
    for name, known in reference.items():
        wanted = squares(known)
        largest = wanted.max(axis=1)
        apart = np.abs(squares(outputs[name]) - wanted).max(axis=1)
        found.append(float(np.mean(apart / np.where(largest == 0.0, 1.0, largest))))
    return max(found)


def halves(times: np.ndarray) -> tuple[int, int] | None:
    """The latest frames k and j of which the second is as long after the first as that is after the beginning; None where there are none."""
    near = SAME * (times[-1] - times[0])
    for k in range(len(times) - 1, 0, -1):
        j = int(np.argmin(np.abs(times - (2 * times[k] - times[0]))))
        if j > k and abs(times[j] - (2 * times[k] - times[0])) <= near:
            return k, j
    return None


def _semigroup(task: Task, source: str, session: Session, case: Case, outputs: Arrays) -> float | None:
    signature = task.brief().signature
    try:
        layout = Layout.of(task)
    except InputError:  # a task whose equation is not known, or has more axes
        return None
    if not layout.follows:
        return None
    found = halves(np.asarray(case.inputs[layout.clock], float))
    if found is None:
        return None
    half, whole = found
    started = {
        argument: np.ascontiguousarray(outputs[name][:, half])
        for name, argument in zip(layout.results, layout.starts, strict=True)
    }
    again = _called(signature, source, session, {**case.inputs, **started})
    if again is None:
        return None
    direct = {name: outputs[name][:, whole] for name in layout.results}
    return float(np.mean(sample_nrmse({name: again[name][:, half] for name in direct}, direct)))


def _coarser(task: Task, source: str, session: Session, case: Case) -> float | None:
    signature = task.brief().signature
    try:
        axes = axes_of(task)
    except InputError:
        return None
    sizes = signature.sizes(case.inputs)
    for name, axis in axes.items():
        # Every second one of the centres of cells between two ends leaves one side wider.
        if not (axis.periodic or axis.ends) or (sizes[name] - axis.ends) % STRIDE:
            return None
    outputs = _called(signature, source, session, thinned(signature, axes, case, STRIDE, 1))
    if outputs is None:
        return None
    known = {
        one.name: case.reference[one.name][tuple(slice(None, None, STRIDE if name in axes else 1) for name in one.axes)]
        for one in signature.results
    }
    return float(np.mean(sample_nrmse(as_samples(signature, outputs), as_samples(signature, known))))


def _called(
    signature: Signature, source: str, session: Session, given: Mapping[str, np.ndarray | float]
) -> Arrays | None:  # fmt: skip
    """The results; None where the call fails, or values are not finite."""
    if session.closed:
        return None
    inputs = {argument.name: given[argument.name] for argument in signature.arguments}
    answer = session.call(source, signature.function, inputs, signature.shapes(inputs))
    sound = answer.status == "ok" and all(np.isfinite(values).all() for values in answer.outputs.values())
    return answer.outputs if sound else None
