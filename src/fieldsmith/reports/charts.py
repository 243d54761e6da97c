"""What the charts of a run show, as plain figures: the page and the plots for papers draw the same."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fieldsmith.agents.author import Candidate
from fieldsmith.evaluation.evaluation import ROUNDING, ConvergencePoint, Evaluation
from fieldsmith.evaluation.order import Why, empirical_order, why_no_order
from fieldsmith.orchestrator.run import Best
from fieldsmith.strategies.choosing import bests_of
from fieldsmith.tasks.task import NRMSE, Picture

SMALLEST_TIME = 1e-4
"""A shorter time is drawn as if it were this, since the axis is logarithmic."""
DECADES = 10.0
"""Values of a metric where more is better have a logarithmic axis if they are this factor apart, such as speeds."""


@dataclass(frozen=True)
class Point:
    """A candidate that ran: its dev error, or the value of the task's own metric, and the processor time of its calls."""

    candidate: int
    slot: str
    move: str
    error: float
    seconds: float
    lower_is_better: bool = True

    @property
    def rank(self) -> float:
        """The smaller the better."""
        return self.error if self.lower_is_better else -self.error


@dataclass(frozen=True)
class Ordinate:
    """The axis of what candidates are chosen by: whether it goes by decades, and which of its ends is the good one."""

    metric: str
    log: bool
    lower_is_better: bool

    def beyond(self, values: Sequence[float]) -> float:
        """A place for candidates that failed: beside the worst of these values."""
        low, high = min(values), max(values)
        if self.log:
            return 1.6 * high if self.lower_is_better else low / 1.6
        pad = 0.1 * (high - low) or 0.5
        return high + pad if self.lower_is_better else low - pad


@dataclass(frozen=True)
class Step:
    """The search after one more candidate: what was used up to here, its error (None: it failed), the best so far (`holder`) and its error."""

    candidate: int
    slot: str
    status: str
    candidates: int
    tokens: int
    seconds: float
    error: float | None
    best: float | None
    holder: int | None = None


@dataclass(frozen=True)
class Convergence:
    """Errors at rising resolution; `used` tells which the order was fitted to, `fit` is the line through those."""

    points: tuple[ConvergencePoint, ...]
    used: tuple[bool, ...]
    order: float | None
    fit: tuple[ConvergencePoint, ...]
    why: Why = ""
    """Why there is no order."""


def points(candidates: Sequence[Candidate]) -> list[Point]:
    """Every candidate that ran and whose figures can be drawn."""
    found = []
    for candidate in candidates:
        score = candidate.evaluation.dev if candidate.ok and candidate.evaluation else None
        if score is not None and math.isfinite(score.figure) and math.isfinite(score.cost):
            figures = score.figure, max(score.cost, SMALLEST_TIME), score.lower_is_better
            found.append(Point(candidate.id, candidate.slot, candidate.move, *figures))
    return found


def front(found: Sequence[Point]) -> list[Point]:
    """The Pareto front: nothing else is both faster and more accurate. The fastest first."""
    best, kept = math.inf, []
    for point in sorted(found, key=lambda p: (p.seconds, p.rank)):
        if point.rank < best:
            kept.append(point)
            best = point.rank
    return kept


def ordinate(candidates: Sequence[Candidate]) -> Ordinate:
    """The axis that the values of the candidates ask for: errors by decades, unless one is zero or below."""
    scores = [c.evaluation.dev for c in candidates if c.evaluation and c.evaluation.dev]
    metric, lower = (scores[0].metric, scores[0].lower_is_better) if scores else (NRMSE.name, True)
    drawn = [point.error for point in points(candidates)] or [1.0]
    log = min(drawn) > 0.0 and (lower or max(drawn) >= DECADES * min(drawn))
    return Ordinate(metric, log, lower)


def trusted(candidates: Sequence[Candidate]) -> float | None:
    """What the trusted method reaches on the dev split, which is the same for all candidates; a metric of the task's own has none."""
    for candidate in candidates:
        score = candidate.evaluation.dev if candidate.evaluation else None
        if score is not None and score.value is None and score.trusted and math.isfinite(score.trusted):
            return score.trusted
    return None


def least(candidates: Sequence[Candidate]) -> float:
    """The error below which none can be told from another on the dev split: the reference's own; 0 for a metric of the task's own."""
    for candidate in candidates:
        score = candidate.evaluation.dev if candidate.evaluation else None
        if score is not None and score.value is None and score.reference_error and math.isfinite(score.reference_error):
            return max(score.reference_error, ROUNDING)
    return 0.0


def progress(candidates: Sequence[Candidate]) -> list[Step]:
    """Best error against candidates, tokens and seconds of work (writing and running, added up over all candidates).

    The best is chosen as by `choosing.py`: its error rises where a faster program is as good as can be told.
    """
    drawable = {point.candidate: point for point in points(candidates)}
    steps, tokens, seconds = [], 0, 0.0
    judged = [c for c in candidates if c.evaluation is not None]
    for count, (candidate, chosen) in enumerate(zip(judged, bests_of(judged), strict=True), 1):
        assert candidate.evaluation is not None
        if candidate.proposal is not None:
            usage = candidate.proposal.usage
            tokens += usage.input_tokens + usage.output_tokens
            seconds += usage.seconds if math.isfinite(usage.seconds) else 0.0
        seconds += candidate.evaluation.seconds if math.isfinite(candidate.evaluation.seconds) else 0.0
        point = drawable.get(candidate.id)
        best = drawable.get(chosen.id) if chosen else None
        told = candidate.evaluation.status, count, tokens, seconds, point and point.error
        steps.append(Step(candidate.id, candidate.slot, *told, best and best.error, best and best.candidate))
    return steps


def rises(candidates: Sequence[Candidate]) -> bool:
    """Whether the error of the best so far rises somewhere: the next one was faster, and as good as can be told."""
    errors = [step.best for step in progress(candidates) if step.best is not None]
    return ordinate(candidates).lower_is_better and any(one < other for one, other in pairwise(errors))


def convergence(evaluation: Evaluation | None) -> Convergence | None:
    """Error against resolution on smooth data; None with fewer than two resolutions that can be drawn."""
    if evaluation is None:
        return None
    shown = tuple(p for p in evaluation.convergence if p.error > 0 and math.isfinite(p.error))
    if len(shown) < 2:
        return None
    score = evaluation.dev or evaluation.test
    order = score.order if score and score.order is not None and math.isfinite(score.order) else None
    used = _fitted(shown, order)
    taken = [p for p, one in zip(shown, used, strict=True) if one]
    fit = _line(taken, order) if order is not None and taken else ()
    return Convergence(shown, used, order, fit, why_no_order(evaluation.convergence) if order is None else "")


def _fitted(shown: Sequence[ConvergencePoint], order: float | None) -> tuple[bool, ...]:
    """Which points gave the recorded order. Those left out were at the level of the reference's error: the smallest."""
    if order is not None:
        for count in range(len(shown), 1, -1):
            largest = sorted(shown, key=lambda p: -p.error)[:count]
            found = empirical_order(largest)
            if found is not None and math.isclose(found, order, rel_tol=1e-9):
                return tuple(p in largest for p in shown)
    return tuple(False for _ in shown)


def _line(taken: Sequence[ConvergencePoint], order: float) -> tuple[ConvergencePoint, ...]:
    """The ends of the fitted line: the recorded slope through the points' centre."""
    middle_x = sum(math.log(p.resolution) for p in taken) / len(taken)
    middle_y = sum(math.log(p.error) for p in taken) / len(taken)
    ends = (min(p.resolution for p in taken), max(p.resolution for p in taken))
    return tuple(ConvergencePoint(n, math.exp(middle_y - order * (math.log(n) - middle_x))) for n in ends)


@dataclass(frozen=True)
class OverTime:
    """The error of the best over physical time: curves by name, each with an error at every time."""

    split: str
    times: tuple[float, ...]
    curves: tuple[tuple[str, tuple[float, ...]], ...]


def over_time(best: Best | None) -> OverTime | None:
    """A curve for each kind of sample; of runs that stored none, for each sample that there is a picture of."""
    if best is None:
        return None
    stored = best.by_frame
    if stored is not None:
        curves = [(name, errors) for name, errors in zip(stored.components, stored.solution, strict=True)]
        return _over_time(stored, curves)
    shown = [p for p in best.pictures if p.axes[:1] == (p.time,) and p.reference is not None and p.solution.size]
    first = [p for p in shown if p.field == shown[0].field and len(p.places[0]) == len(shown[0].places[0])]
    named = f"{shown[0].field}, " if len({p.field for p in shown}) > 1 else ""
    return _over_time(first[0], [(f"{named}sample {p.sample}", _frame_errors(p)) for p in first]) if first else None


def _over_time(picture: Picture, curves: Sequence[tuple[str, np.ndarray]]) -> OverTime | None:
    drawable = [(name, tuple(map(float, errors))) for name, errors in curves if np.isfinite(errors).all()]
    times = tuple(map(float, picture.places[0]))
    some = len(times) > 1 and any(max(errors) > 0.0 for _, errors in drawable)
    return OverTime(picture.split, times, tuple(drawable)) if some else None


def _frame_errors(picture: Picture) -> np.ndarray:
    """Error at each time of a picture, relative to the reference's norm then; of lines over time all components together."""
    assert picture.reference is not None
    error, reference = picture.solution - picture.reference, picture.reference
    if len(picture.axes) == 1:
        error, reference = error.T, reference.T
    norms = [np.linalg.norm(values.reshape(len(values), -1), axis=1) for values in (error, reference)]
    return norms[0] / np.where(norms[1] == 0.0, 1.0, norms[1])


def _counting(candidates: Sequence[Candidate]) -> str:
    """How the tokens of candidates are known."""
    proposals = [c.proposal for c in candidates if c.proposal is not None]
    if any(proposal.usage.estimated for proposal in proposals):
        return "estimated"
    total = sum(proposal.usage.input_tokens + proposal.usage.output_tokens for proposal in proposals)
    return "counted" if total or not any(proposal.reply for proposal in proposals) else "unknown"


@dataclass(frozen=True)
class AuthorSpend:
    """What one author (a model, or the built-in one) has used; `usd` is None where a price is unknown.

    `tokens` says that tokens were `counted` by the server, `estimated` from the texts, or are `unknown`."""

    author: str
    candidates: int
    ran: int
    best: float | None
    input_tokens: int
    output_tokens: int
    usd: float | None
    writing: float
    running: float
    tokens: str = "counted"

    def shown(self, count: int) -> str:
        """A count of tokens in words that say how it is known."""
        return "unknown" if self.tokens == "unknown" else f"{'about ' * (self.tokens == 'estimated')}{count:,}"


def spend_by_author(candidates: Sequence[Candidate]) -> list[AuthorSpend]:
    """One row an author, in the order in which they first appear."""
    rows = []
    for author in dict.fromkeys(c.author for c in candidates):
        own = [c for c in candidates if c.author == author]
        usages = [c.proposal.usage for c in own if c.proposal is not None]
        ran = min(points(own), key=lambda point: point.rank, default=None)
        known = all(usage.usd is not None for usage in usages)
        rows.append(
            AuthorSpend(
                author=author,
                candidates=sum(c.proposal is not None or c.evaluation is not None for c in own),
                ran=sum(c.ok for c in own),
                best=ran.error if ran else None,
                input_tokens=sum(usage.input_tokens for usage in usages),
                output_tokens=sum(usage.output_tokens for usage in usages),
                usd=sum(usage.usd or 0.0 for usage in usages) if known else None,
                writing=sum(usage.seconds for usage in usages),
                running=sum(c.evaluation.seconds for c in own if c.evaluation),
                tokens=_counting(own),
            )
        )
    return rows
