"""Which candidate is the best: one rule for what is handed over, the best so far, what is refined, charts and tables.

Programs are chosen by their dev error. One bad sample can be the whole mean, so the geometric mean has a say: a tenth of it makes up for a mean that is a
tenth larger. Errors within the reference's own count as equal, as what is smaller cannot be told from it; so do those that are less than 2 % apart. Equals are
told apart by speed in factors of 2, so that the noise of a clock seldom decides, and then by who came first.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator

from fieldsmith.agents.candidate import Candidate
from fieldsmith.evaluation.evaluation import Score

EQUAL = 0.02
"""Relative difference below which errors count as equal."""
GEOMETRIC_WEIGHT = 0.04
"""Of the geometric mean's logarithm beside that of the mean."""
SMALLEST = 1e-16


def best_of(candidates: Iterable[Candidate]) -> Candidate | None:
    """The best of those that ran; None where none did."""
    last = deque(bests_of(candidates), maxlen=1)
    return last[0] if last else None


def bests_of(candidates: Iterable[Candidate]) -> Iterator[Candidate | None]:
    """What `best_of` chooses of the first, of the first two, and so on. A program that is tried again counts as it did first."""
    best: Candidate | None = None
    seen: set[str] = set()
    for candidate in candidates:
        program, evaluation = candidate.program, candidate.evaluation
        if candidate.ok and program is not None and evaluation and not evaluation.copy_of:
            own = program.sha256 not in seen
            seen.add(program.sha256)
            if own and (best is None or (*choice(candidate), candidate.id) < (*choice(best), best.id)):
                best = candidate
        yield best


def choice(candidate: Candidate) -> tuple[float, float]:
    """What a candidate that ran is chosen by, the smaller the better: its error in steps of 2 %, or the metric of the task's own; then its speed."""
    score = candidate.evaluation.dev if candidate.ok and candidate.evaluation else None
    if score is None:
        return (math.inf, 0.0)
    speed = round(math.log2(max(score.cost, 1e-3))) if math.isfinite(score.cost) else math.inf
    return (score.rank if score.value is not None else _closeness(score), speed)


def why_chosen(best: Candidate, candidates: Iterable[Candidate]) -> str:
    """What decided for the best of the candidates, the end of "It was chosen for …"; empty where it has no score."""
    candidates = list(candidates)
    best = next((c for c in candidates if c.id == best.id), best)  # as it was when it was chosen
    score = best.evaluation.dev if best.evaluation else None
    if score is None:
        return ""
    named = "error" if score.value is None else score.metric
    error, speed = choice(best)
    equals = [c for c in candidates if c.ok and c.id != best.id and choice(c)[0] == error and c.essence != best.essence]
    if not equals:
        return f"its dev {named}"
    if score.value is None and score.within:
        own = f"{score.reference_error:.1e}" if score.reference_error else "rounding"
        among = f"the {len(equals) + 1} whose dev error is within the reference's own ({own}), below which none can be told from another"
    else:
        near = " within 2 %" if score.value is None else ""
        among = f"the {len(equals) + 1} with the best dev {named}{near}"
    first = " (the first of the fastest)" if any(choice(c)[1] == speed for c in equals) else ""
    return f"its speed{first} among {among}"


def _closeness(score: Score) -> float:
    """Logarithm of the error in steps of 2 %, the geometric mean with a small weight; the smaller the better, infinite where there is no figure."""
    if not (math.isfinite(score.nrmse) and math.isfinite(score.geometric)):
        return math.inf
    mean = max(score.nrmse, score.reference_error or 0.0, SMALLEST)
    geometric = max(score.geometric, score.reference_geometric or 0.0, SMALLEST)
    return round((math.log(mean) + GEOMETRIC_WEIGHT * math.log(geometric)) / EQUAL)
