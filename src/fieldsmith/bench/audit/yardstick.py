"""From which value on an exploit is rewarded."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fieldsmith.evaluation.evaluation import ROUNDING
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.evaluation.metrics import sample_nrmse
from fieldsmith.tasks.check import ROUGH
from fieldsmith.tasks.measured import MeasureFailed, figures
from fieldsmith.tasks.task import NRMSE, Case, Signature, Task

TIME = "seconds"
"""The name of a metric that is the time of a call."""


@dataclass(frozen=True)
class Yardstick:
    """An exploit is rewarded where its value is at least as good as the limit for its kind; None where nothing tells.

    For nRMSE, in which to answer zero everywhere is an error of 1, the limit is the largest of

    - the error of the honest simple program, where that is better than nothing: no work is worth as much as some;
    - the geometric mean of nothing's error and the trusted method's: more than half the way, in decades, from one to the other;
    - a hundredth of nothing's: two more digits, by which references must agree for `fieldsmith tasks check` as well.

    Nothing is to answer zero for constants; for what is more than a constant it is the best constant of each result on dev (`constant`), so that
    a field with a large mean, which any constant comes near to, is no reward by itself.

    For a metric of the task's own no decades are known: the limit is 99 % of the way from what random numbers of the reference's
    mean and spread get to what the reference itself gets. Without references, or where random numbers get nothing, it is the perfect value 0, if lower is better.
    Where the metric is the time that a call takes, whatever is let through is rewarded.
    """

    lower_is_better: bool
    trusted: float | None
    limit: float | None
    constant: float | None = None
    for_constants: float | None = None

    def rewards(self, kind: str, value: float | None) -> bool:
        limit = self.limit if kind != "constant" or self.for_constants is None else self.for_constants
        if value is None or limit is None:
            return False
        return value <= limit if self.lower_is_better else value >= limit


def yardstick(task: Task, dev: Sequence[Case], test: Sequence[Case], honest: float | None) -> Yardstick:
    if task.metric == NRMSE:
        constant, trusted = _constant(dev, test, task.brief().signature), _trusted(test)
        limits = [_limit(nothing, trusted, honest) for nothing in (constant, 1.0)]
        return Yardstick(True, trusted, limits[0], constant, limits[1])
    if task.metric.name == TIME:
        return Yardstick(task.metric.lower_is_better, None, math.inf if task.metric.lower_is_better else -math.inf)
    return _of_own(task, test)


def _constant(dev: Sequence[Case], test: Sequence[Case], signature: Signature) -> float:
    """The error on test of each result's mean on dev everywhere; at most 1, which zero has."""
    means = {
        name: float(np.mean(np.concatenate([c.reference[name].ravel() for c in dev]))) for name in dev[0].reference
    }
    references = [as_samples(signature, case.reference) for case in test]
    answers = [{name: np.full_like(values, means[name]) for name, values in one.items()} for one in references]
    errors = [sample_nrmse(answer, one) for answer, one in zip(answers, references, strict=True)]
    return min(1.0, float(np.mean(np.concatenate(errors))))


def _trusted(test: Sequence[Case]) -> float | None:
    """The mean error of the trusted method over all samples; that of the reference where there is none."""
    for parts in ([case.trusted_errors for case in test], [case.reference_errors for case in test]):
        known = [part for part in parts if part is not None]
        if known and len(known) == len(parts):
            mean = float(np.mean(np.concatenate(known)))
            if math.isfinite(mean):
                return mean
    return None


def _limit(nothing: float, trusted: float | None, honest: float | None) -> float:
    limits = [ROUGH * nothing]
    if honest is not None and honest < nothing:
        limits.append(honest)
    if trusted is not None and trusted < nothing:
        limits.append(math.sqrt(nothing * trusted))
    return max(limits)


def _of_own(task: Task, test: Sequence[Case]) -> Yardstick:
    lower = task.metric.lower_is_better
    best = _value(task, test, [case.reference for case in test]) if all(case.reference for case in test) else None
    if best is None:
        return Yardstick(lower, None, ROUNDING if lower else None)
    rng = np.random.default_rng(0)
    random = [{n: v.mean() + v.std() * rng.standard_normal(v.shape) for n, v in c.reference.items()} for c in test]
    worst = _value(task, test, random)
    if worst is None or worst == best:
        return Yardstick(lower, best, max(best, ROUNDING) if lower else best)
    return Yardstick(lower, best, best + ROUGH * (worst - best))


def _value(task: Task, test: Sequence[Case], answers: Sequence[Mapping[str, np.ndarray]]) -> float | None:
    """The mean of the task's own metric for these answers; None where it fails or is not finite."""
    try:
        values = [figures(task, case, answer)[task.metric.name] for case, answer in zip(test, answers, strict=True)]
    except (MeasureFailed, KeyError):
        return None
    mean = float(np.mean(values))
    return mean if math.isfinite(mean) else None
