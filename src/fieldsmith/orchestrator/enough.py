"""When a problem of one's own is solved well enough: it says how accurate its solution is wanted, and the search ends there, whoever writes."""

from collections.abc import Sequence

from fieldsmith.agents.candidate import Candidate, distinct
from fieldsmith.evaluation.evaluation import Score

MARGIN = 0.1
"""A program whose error is below this share of what is asked for is good enough at once."""
ENOUGH = 3
"""After so many programs whose error is within what is asked for, none better is sought."""


def good_enough(accuracy: float, candidates: Sequence[Candidate]) -> str:
    """Why nothing better is sought; empty where something is.

    The error that counts is the largest of a program's mean, its geometric mean and the mean of each kind of samples, on dev. An estimated error alone is
    believed after two programs, as there is nothing else to hold it against.
    """
    ran = distinct(c for c in candidates if c.ok and c.evaluation is not None and not c.evaluation.copy_of)
    scores = [c.evaluation.dev for c in ran if c.evaluation is not None and c.evaluation.dev is not None]
    if not scores:
        return ""
    errors = [_error(score) for score in scores]
    estimated = any(score.value is not None for score in scores)
    what = f"the {'estimated ' * estimated}error of the best program is {min(errors):.1e}"
    if min(errors) <= MARGIN * accuracy and len(scores) > estimated:
        return f"{what}, no more than a tenth of the {accuracy:g} that is asked for"
    within = sum(error <= accuracy for error in errors)
    return (
        f"{what}, and {within} programs err no more than the {accuracy:g} that is asked for" if within >= ENOUGH else ""
    )


def _error(score: Score) -> float:
    if score.value is not None:
        return score.figure
    return max(score.nrmse, score.geometric, *(kind.nrmse for kind in score.by_kind.values()))
