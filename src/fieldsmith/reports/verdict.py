"""How good the best of a run is, in words, as far as the reference lets tell."""

from fieldsmith.agents.author import Candidate
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.evaluation.feedback import times
from fieldsmith.orchestrator.met import met_by
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.reports.numbers import finite
from fieldsmith.reports.plain import visible


def verdict(run: RunRecord, best: Candidate | None) -> str:
    """The outcome in a sentence, for whoever reads no further."""
    evaluation = best.evaluation if best else None
    score = (evaluation.test or evaluation.dev) if evaluation else None
    if score is None or best is None:
        return ""
    count = len(run.written)
    words = f"Candidate {visible(best.slot, 20)} is the best of {count}" if count > 1 else "One program was written"
    if met := met_by(run):
        return f"{words}. {visible(str(met), 400)}"
    if score.value is not None:
        return f"{words}{', by' if count > 1 else '; it is judged by'} its {visible(score.metric, 40)}."
    if score.resolved:
        return f"{words}: its error is within the reference's own, or is rounding."
    if score.within:
        which = (
            f"that of the {' and the '.join(visible(kind, 40) for kind in score.beyond)} samples"
            if score.beyond
            else "the geometric mean"
        )
        return f"{words}: its mean error is within the reference's own, {which} is not."
    told = _told_ratio(score)
    if not told:
        return f"{words}."
    trusted = "what the trusted method gets from the same inputs"
    if score.trusted is not None and score.trusted < (score.reference_error or 0.0):
        return f"{words}: its error is {times(told)} times the reference's own, within which the trusted method is."
    if told < 1.0:
        return f"{words}: its error is {times(1.0 / told)} times smaller than {trusted}, which is no bound."
    return f"{words}: its error is {times(told)} times {trusted}."


def ratio(score: Score | None) -> float | None:
    return finite(score.nrmse / score.trusted) if score and score.trusted else None


def _told_ratio(score: Score) -> float | None:
    """Error over that of the trusted method, as far as the reference tells: what is below its own error counts as that."""
    least = score.reference_error or 0.0
    return finite(max(score.nrmse, least) / max(score.trusted, least)) if score.trusted else None


def compared(score: Score | None) -> str:
    """What a ratio to the trusted method below 1 says."""
    if score is not None and score.within:
        return "the error is within the reference's own"
    return "below 1: better than that"


def caution(evaluation: Evaluation | None) -> str:
    """A word of caution where the reference is too coarse to tell how good the program is."""
    for name, score in (("test", evaluation.test), ("dev", evaluation.dev)) if evaluation else ():
        if (
            score
            and score.value is None
            and score.reference_error is not None
            and score.nrmse < 2.0 * score.reference_error
        ):
            return f"The mean {name} error is of the size of the reference's own, or below: the program may be better than the figure says."
    return ""
