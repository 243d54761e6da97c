"""Whether paired differences are more than noise: Student's interval and a sign-flip test.

Two runs of the same task and seed are a pair, and pairs are compared by their differences, since most of what makes scores scatter is the tasks', which both share. Seeds of one task
are alike, so the tasks are the independent units: differences are averaged over seeds first, as a cluster each (Miller, "Adding Error Bars to Evals", 2024, arXiv:2411.00640). Of one task the seeds are the units, and what is found holds of that task alone.

Student's interval takes the units' differences to be normal. The sign-flip test (Fisher, "The Design of Experiments", 1935) takes them only to be as
likely of either sign if nothing differs: p is the share of all 2^n choices of signs whose mean is at least as far from 0, so with n units it cannot come below 2 / 2^n.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fieldsmith.bench.table import CONFIDENCE, Interval, over

MOST_ENUMERATED = 16
"""Units up to which all choices of signs are gone through; of more as many as that are drawn."""
SAME = 1e-9
"""Relative spread of differences below which they are the same but for rounding."""


@dataclass(frozen=True)
class Effect:
    """What paired differences come to, n units of them. interval: of their mean, by Student's t. student, flips: two-sided p, None where
    nothing can be said of noise. exact: whether all choices of signs were gone through.

    alike: whether the units' differences are all the same, two or more of them, so that there is no noise to measure by.
    """

    n: int
    interval: Interval
    alike: bool = False
    student: float | None = None
    flips: float | None = None
    exact: bool = True

    @property
    def reach(self) -> float:
        """The smallest p that the exact sign-flip test could have come to."""
        return min(1.0, 2.0 / 2.0**self.n)

    @property
    def more_than_noise(self) -> bool | None:
        """Whether both tests say so; Student's alone where the other cannot for want of units. None where nothing can be said.

        To ask both keeps the share of false alarms below 5 % where the assumptions of either hold.
        """
        if self.student is None or self.flips is None:
            return False if self.alike and self.interval.mean == 0.0 else None
        least = 1.0 - CONFIDENCE
        return self.student <= least and (self.flips <= least or self.reach > least)


def effect(differences: Sequence[float]) -> Effect:
    """Of one difference a unit, at least one."""
    given = np.asarray(differences, float)
    n = len(given)
    alike = n > 1 and bool(np.ptp(given) <= SAME * np.max(np.abs(given)))
    if n < 2 or alike:
        return Effect(n, Interval(float(given[0] if alike else np.mean(given))), alike)
    from scipy import stats  # every page imports this module, and this library takes long

    student = float(stats.ttest_1samp(given, 0.0).pvalue)  # pyright: ignore[reportAttributeAccessIssue]
    return Effect(n, over(given.tolist(), by_decades=False), False, student, sign_flips(given), n <= MOST_ENUMERATED)


def sign_flips(differences: Sequence[float] | np.ndarray) -> float:
    """Two-sided p of a mean of 0 by flipping signs: all of them up to MOST_ENUMERATED units, else 2^16 drawn with a fixed seed."""
    from scipy import stats

    found = stats.permutation_test(
        (np.asarray(differences, float),),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=2**MOST_ENUMERATED,
        batch=2**12,
        random_state=np.random.default_rng(0),  # pyright: ignore[reportCallIssue] - SciPy before 1.15 knows no rng
    )
    return float(found.pvalue)


def holm(ps: Sequence[float]) -> list[float]:
    """The p of several comparisons, in their order, corrected for their number: what is at most 0.05 is a false alarm in one of twenty such families at most.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979): the smallest p counts n times, the next n - 1 times,
    and none less than one before it. It needs nothing of how the comparisons depend on each other.
    """
    corrected = [0.0] * len(ps)
    least = 0.0
    for rank, n in enumerate(sorted(range(len(ps)), key=lambda n: ps[n])):
        least = max(least, min(1.0, (len(ps) - rank) * ps[n]))
        corrected[n] = least
    return corrected
