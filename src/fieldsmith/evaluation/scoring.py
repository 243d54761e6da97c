"""Scoring: the figures of single calls, and those of a split, which are joined from them."""

import math
from collections.abc import Sequence

import numpy as np

from fieldsmith.evaluation import conservation, metrics
from fieldsmith.evaluation.evaluation import Score
from fieldsmith.evaluation.measuring import as_samples, measured
from fieldsmith.sandboxes.sandbox import CallResult
from fieldsmith.tasks.task import Case, Signature, Task


class CaseScore:
    """The figures of one call. Raises MeasureFailed for a task's own `measure` that fails on the answer."""

    def __init__(self, task: Task, signature: Signature, case: Case, result: CallResult) -> None:
        outputs, reference = as_samples(signature, result.outputs), as_samples(signature, case.reference)
        self.samples = metrics.sample_nrmse(outputs, reference)
        unknowns = {result.name: result.of or result.name for result in signature.results}
        self.fields = {
            unknowns[name]: metrics.sample_nrmse({name: outputs[name]}, {name: reference[name]}) for name in reference
        }
        self.max_error = metrics.max_error(outputs, reference)
        self.drift = conservation.drift(task, signature, result.outputs, case.reference)
        self.value, self.measures = measured(task, case, result)
        self.kinds = case.kinds
        self.trusted, self.reference = case.trusted_errors, case.reference_errors
        self.result = result


def combined(task: Task, parts: Sequence[CaseScore]) -> Score:
    """The score of a split of these calls."""
    samples = np.concatenate([part.samples for part in parts])
    values = [part.value for part in parts if part.value is not None]
    trusted, reference = _joined([part.trusted for part in parts]), _joined([part.reference for part in parts])
    drifts = [part.drift for part in parts if part.drift is not None]
    return Score(
        nrmse=float(np.mean(samples)) if samples.size else math.nan,
        fields={
            name: float(np.mean(np.concatenate([part.fields[name] for part in parts]))) for name in parts[0].fields
        },
        trusted=float(np.mean(trusted)) if trusted else None,
        reference_error=float(np.mean(reference)) if reference else None,
        max_error=max(part.max_error for part in parts),
        seconds=sum(part.result.seconds for part in parts),
        cpu_seconds=_total([part.result.cpu_seconds for part in parts]),
        peak_mb=_largest([part.result.peak_mb for part in parts]),
        drift=max(drifts) if drifts else None,
        samples=tuple(float(value) for value in samples),
        kinds=tuple(kind for part in parts for kind in part.kinds) if all(part.kinds for part in parts) else (),
        trusted_samples=trusted,
        reference_samples=reference,
        metric=task.metric.name,
        value=float(np.mean(values)) if values else None,
        lower_is_better=task.metric.lower_is_better,
        measures={name: float(np.mean([part.measures[name] for part in parts])) for name in parts[0].measures},
    )


def _joined(parts: Sequence[np.ndarray | None]) -> tuple[float, ...]:
    """Values of all samples; () where some are unknown."""
    known = [part for part in parts if part is not None]
    joined = np.concatenate(known) if len(known) == len(parts) else np.zeros(0)
    return tuple(map(float, joined)) if np.isfinite(joined).all() else ()


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _largest(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) if known else None
