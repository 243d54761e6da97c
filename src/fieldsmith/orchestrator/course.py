"""How a search went, in a few figures: the first shot, when the target was met, what failed, the best so far."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from fieldsmith.agents.author import Candidate
from fieldsmith.strategies.choosing import bests_of

TARGET = 2.0
"""The target is an error within this factor of the trusted method's on the dev split."""


def course_fields(candidates: Sequence[Candidate]) -> dict[str, Any]:
    """`first_shot`, `target`, `evaluations_to_target` and `failures`, as `docs/events.md` tells them.

    Candidates count in the order in which they were begun, whatever their order of ending was.
    """
    judged = [candidate for candidate in candidates if candidate.evaluation is not None]
    target = _target(judged)
    return {
        "first_shot": first_shot(judged),
        "target": target,
        "evaluations_to_target": _evaluations_to(target, judged),
        "failures": dict(Counter(c.evaluation.status for c in judged if c.evaluation and not c.ok)),
    }


def first_shot(judged: Sequence[Candidate]) -> dict[str, object] | None:
    """The candidate that was begun first, with its dev figure: null where it failed."""
    if not judged:
        return None
    first = judged[0]
    status = first.evaluation.status if first.evaluation else None
    return {"candidate": first.id, "slot": first.slot, "status": status, "value": _finite(first.dev_figure)}


def curve(judged: Sequence[Candidate]) -> list[dict[str, object]]:
    """Every evaluated candidate with its dev figure and that of the best so far, which may rise where a faster one is as good as can be told."""
    return [
        {
            "candidate": candidate.id,
            "slot": candidate.slot,
            "status": candidate.evaluation.status if candidate.evaluation else None,
            "value": _finite(candidate.dev_figure),
            "best_value": _finite(best.dev_figure) if best else None,
        }
        for candidate, best in zip(judged, bests_of(judged), strict=True)
    ]


def _target(judged: Sequence[Candidate]) -> float | None:
    """A metric of the task's own has none, and neither has a run in which no program ran."""
    for candidate in judged:
        score = candidate.evaluation.dev if candidate.evaluation else None
        if score is not None and score.value is None and score.trusted:
            return _finite(TARGET * score.trusted)
    return None


def _evaluations_to(target: float | None, judged: Sequence[Candidate]) -> int | None:
    if target is None:
        return None
    return next((count for count, one in enumerate(judged, 1) if one.dev_nrmse <= target), None)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
