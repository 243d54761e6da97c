"""A task's own metric, and arrays without a batch axis as a batch of one sample."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.sandboxes.sandbox import CallResult
from fieldsmith.tasks.measured import MeasureFailed, figures
from fieldsmith.tasks.task import NRMSE, Brief, Case, Metric, Signature, Task


def as_samples(signature: Signature, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The results, or references, with a first axis for samples: one sample where the signature has no batch."""
    return {
        r.name: arrays[r.name] if signature.batched else arrays[r.name][None]
        for r in signature.results
        if r.name in arrays
    }


def with_samples(brief: Brief) -> Brief:
    """The brief with that axis in its results."""
    if brief.signature.batched:
        return brief
    results = tuple(replace(result, axes=("batch", *result.axes)) for result in brief.signature.results)
    return replace(brief, signature=replace(brief.signature, results=results))


def not_measured_facts(metric: Metric, value: float | None) -> dict[str, Any]:
    """Of an answer for which the task's own metric is not a finite number."""
    return {"kind": "not_measured", "metric": metric.name, "value": str(value), "meaning": metric.failure}


def measure_failed_facts(failed: MeasureFailed) -> dict[str, Any]:
    """Of an answer on which the task's own `measure` fails."""
    return {"kind": "measure_failed", "fault": failed.message}


def fault_of_measure(evaluation: Evaluation | None) -> str:
    """How the task's own `measure` failed on the answer, if it did."""
    facts = evaluation.facts if evaluation else {}
    return str(facts["fault"]) if facts.get("kind") == "measure_failed" else ""


def measured(task: Task, case: Case, result: CallResult) -> tuple[float | None, Mapping[str, float]]:
    """The value of the task's own metric for an answer, and its further figures; None where the metric is nRMSE.

    Raises MeasureFailed for a `measure` that fails or does not give the metric.
    """
    name = task.metric.name
    if task.metric == NRMSE:
        return None, {}
    found: dict[str, float] = {"seconds": result.seconds}
    if name != "seconds" or type(task).measure is not Task.measure:
        found |= figures(task, case, result.outputs)
    if name not in found:
        raise MeasureFailed(
            f"{type(task).__name__}.measure gives {', '.join(found)}, but not {name}.", "Give a value of its metric."
        )
    value = found.pop(name)
    found.pop("seconds", None)
    return value, found
