"""How good programs are on a scale of their own, for strategies that draw by lot."""

import math
import random
import statistics
from collections.abc import Sequence
from typing import TypeVar

from fieldsmith.agents.author import Candidate

LEAST = 1e-17
"""Errors below this count as this: double precision tells no smaller one."""
BEYOND = 2.0
"""Decades below the trusted method's error at which a program earns the most."""
DECADES = 8.0
"""The same from an error of 1, where no trusted method is known."""

T = TypeVar("T")


def merits(candidates: Sequence[Candidate]) -> list[float]:
    """The greater the better: decades of the error below 1; of a task's own metric, standard deviations among these candidates."""
    ranks = [candidate.dev_rank for candidate in candidates]
    if all(map(_by_error, candidates)):
        return [-math.log10(max(rank, LEAST)) for rank in ranks]
    spread = statistics.pstdev(ranks) or 1.0
    return [(statistics.fmean(ranks) - rank) / spread for rank in ranks]


def share(candidate: Candidate, others: Sequence[Candidate]) -> float:
    """A program's worth in [0, 1]: the logarithm of its error, 0 at an error of 1 and 1 at `BEYOND` decades below the trusted method's.

    Of a task's own metric, which has no such scale, the share of the others that it is no worse than.
    """
    score = candidate.evaluation.dev if candidate.evaluation else None
    if not candidate.ok or score is None:
        return 0.0
    if not _by_error(candidate):
        return sum(candidate.dev_rank <= other.dev_rank for other in others) / len(others) if others else 1.0
    decades = BEYOND - math.log10(min(1.0, max(score.trusted, LEAST))) if score.trusted else DECADES
    return min(1.0, max(0.0, -math.log10(max(score.nrmse, LEAST)) / decades))


def drawn(lot: random.Random, items: Sequence[T], merit: Sequence[float], temperature: float) -> T:
    """One of the items with Boltzmann's probabilities, exp(merit / temperature) up to a factor; the best where the temperature is 0."""
    best = max(merit)
    if temperature <= 0.0:
        return items[merit.index(best)]
    return lot.choices(items, [math.exp((one - best) / temperature) for one in merit])[0]


def _by_error(candidate: Candidate) -> bool:
    score = candidate.evaluation.dev if candidate.evaluation else None
    return score is not None and score.value is None
