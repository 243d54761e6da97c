"""How well a task is done, from 0 to 1, and the panel of figures."""

import math

from fieldsmith.environments.observation import Measure
from fieldsmith.evaluation.evaluation import ROUNDING, Evaluation, Score

COARSEST = 0.1
"""A reference's own error counts as no more: a score must tell programs apart even there."""
MEASURES = (
    Measure("score", "how well the task is done, by the dev samples: 0 for nothing, 1 for the reference's own error", False, main=True),
    Measure("nrmse", "mean over the samples of ||u - u_ref|| / ||u_ref||", main=True),
    Measure("metric", "the task's own metric, where it has one", None),
    Measure("geometric", "geometric mean of the samples' nRMSE, which a few bad ones do not rule"),
    Measure("max_error", "largest absolute error anywhere"),
    Measure("cpu_seconds", "processor time of the call", unit="s", main=True),
    Measure("drift", "how far conserved totals depart, relative to their scale"),
    Measure("order", "measured order of convergence on smooth data", None),
    Measure("test_score", "the score by the test samples", False, held_out=True),
    Measure("test_nrmse", "nRMSE on the test samples", held_out=True),
    Measure("test_metric", "the task's own metric on the test samples", None, held_out=True),
    Measure("test_geometric", "geometric mean of the test samples' nRMSE", held_out=True),
    Measure("test_max_error", "largest absolute error on the test samples", held_out=True),
    Measure("test_cpu_seconds", "processor time of the call with the test samples", unit="s", held_out=True),
)  # fmt: skip


def score_of(score: Score) -> float:
    """Between 0 and 1, the better the higher.

    By the nRMSE it goes with its logarithm: 0 from an error of 1 on, 1 at the reference's own error or below. A metric of a task's own has no
    such scale: m/(1 + m) where higher is better, 1/(1 + m^(1/4)) where lower is.
    """
    if score.value is None:
        return error_score(score.nrmse, score.reference_error or score.trusted)
    if not math.isfinite(score.value):
        return 0.0
    value = max(score.value, 0.0)
    return 1.0 / (1.0 + value**0.25) if score.lower_is_better else value / (1.0 + value)


def error_score(error: float, reference: float | None) -> float:
    """0 from an error of 1 on, 1 at the reference's own, which counts as rounding where it is unknown."""
    if not error < 1.0:  # not a number too
        return 0.0
    least = min(COARSEST, max(reference or 0.0, ROUNDING))
    return min(1.0, math.log(max(error, ROUNDING)) / math.log(least))


def panel(evaluation: Evaluation) -> dict[str, float | None]:
    """The figures of a program on the dev samples; one that fails has a score of 0 and no others."""
    return figures(evaluation.dev) if evaluation.status == "ok" else figures(None)


def judgement(evaluation: Evaluation | None) -> dict[str, float | None]:
    """The figures on the test samples, which only judges see; of nothing, where there is no program to judge."""
    found = figures(evaluation.test if evaluation is not None and evaluation.status == "ok" else None)
    return {f"test_{name}": value for name, value in found.items() if name not in ("drift", "order")}


def figures(score: Score | None) -> dict[str, float | None]:
    if score is None:
        return {"score": 0.0, "nrmse": None, "cpu_seconds": None}
    found = {
        "score": score_of(score),
        "nrmse": score.nrmse,
        "geometric": score.geometric,
        "max_error": score.max_error,
        "cpu_seconds": score.cost,
        "order": score.order,
    }
    found |= {} if score.drift is None else {"drift": score.drift}
    found |= {} if score.value is None else {"metric": score.value}
    return {name: value if value is not None and math.isfinite(value) else None for name, value in found.items()}
