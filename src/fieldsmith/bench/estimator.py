"""What the best of k independent drafts is expected to come to, from n drafts: exact, not by drawing.

Of n drafts, v ran and f = n - v did not. Sorted by dev error, r = 0 ... v - 1, the r-th is the best of k drawn without replacement if it is
among them and none before it is, which has probability C(n-1-r, k-1) / C(n, k). None of the k ran with probability C(f, k) / C(n, k). So
the expected logarithm of the test error of the one that is selected on dev, given that one ran, is

    E[log e] = sum over r of C(n-1-r, k-1) / C(n, k) log e_r  /  (1 - C(f, k) / C(n, k)).

For pass@k this is the estimator of Chen et al., arXiv 2107.03374, eq. 1; with a value in place of success that of best-of-n in Nakano et al., arXiv 2112.09332, appendix.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

SMALLEST = 1e-17
"""Errors below this count as this."""
BOOTSTRAPS = 1000


@dataclass(frozen=True)
class Draft:
    """An independent try. dev, test: its figures, the smaller the better, or None where it did not run. tokens, usd, seconds: what it cost, mends included."""

    dev: float | None
    test: float | None
    tokens: float | None = None
    usd: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Figure:
    """An expected value with its 95 % interval: NaN where nothing can be said."""

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Expected:
    """What the best of k comes to. none: the probability that none runs. test, dev: of the one that is best on dev; oracle: of the one that is
    best on test, which nobody can select. All geometric means of errors, or arithmetic means of a metric of a task's own. tokens, usd, seconds: of k drafts."""

    k: int
    none: float
    test: Figure
    dev: float
    oracle: float
    tokens: float | None
    usd: float | None
    seconds: float


@lru_cache(maxsize=256)
def selected(n: int, k: int) -> np.ndarray:
    """The probabilities that the r-th best of n is the best of k. Shape: (n,). Each is the one before times (n-k-r) / (n-1-r)."""
    r = np.arange(n - 1)
    return k / n * np.cumprod(np.concatenate(([1.0], np.maximum(n - k - r, 0) / (n - 1 - r))))


def none_runs(n: int, k: int, failed: int) -> float:
    """The probability that none of k drawn from n runs."""
    return math.comb(failed, k) / math.comb(n, k)


def expected(ranked: Sequence[float], n: int, k: int) -> float:
    """The expected value of the best of k out of n, given that one ran; `ranked` are the values of those that ran, best first. NaN where none did."""
    if not ranked:
        return math.nan
    return float(selected(n, k)[: len(ranked)] @ np.asarray(ranked)) / (1.0 - none_runs(n, k, n - len(ranked)))


def curve(
    drafts: Sequence[Draft], ks: Sequence[int], by_decades: bool, seed: int = 0, bootstraps: int = BOOTSTRAPS
) -> list[Expected]:
    """What the best of each k comes to. Intervals by the bootstrap over drafts (percentiles); none without `bootstraps`."""
    n = len(drafts)
    dev, test, ran = _arrays(drafts, by_decades)
    lot = np.random.default_rng(seed)
    draws = [lot.integers(0, n, n) for _ in range(bootstraps)] if n > 1 else []
    ranks = [_by_dev(dev[draw], test[draw], ran[draw]) for draw in draws]
    rows = []
    for k in ks:
        values = [expected(one, n, k) for one in ranks]
        known = [value for value in values if not math.isnan(value)]
        low, high = np.percentile(known, [2.5, 97.5]) if known else (math.nan, math.nan)
        mean = expected(_by_dev(dev, test, ran), n, k)
        rows.append(
            Expected(
                k=k,
                none=none_runs(n, k, n - int(ran.sum())),
                test=Figure(*(back(value, by_decades) for value in (mean, float(low), float(high)))),
                dev=back(expected(np.sort(dev[ran]).tolist(), n, k), by_decades),
                oracle=back(expected(np.sort(test[ran]).tolist(), n, k), by_decades),
                tokens=_cost([one.tokens for one in drafts], k),
                usd=_cost([one.usd for one in drafts], k),
                seconds=k * math.fsum(one.seconds for one in drafts) / n,
            )
        )
    return rows


def scaled(value: float, by_decades: bool) -> float:
    return math.log10(max(value, SMALLEST)) if by_decades else value


def back(value: float, by_decades: bool) -> float:
    return 10.0**value if by_decades else value


def _arrays(drafts: Sequence[Draft], by_decades: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dev and test values on the scale they are averaged on, and which drafts ran."""
    ran = np.array([one.dev is not None and one.test is not None for one in drafts])
    dev, test = (
        np.array([scaled(value, by_decades) if value is not None else math.nan for value in values])
        for values in ([one.dev for one in drafts], [one.test for one in drafts])
    )
    return dev, test, ran


def _by_dev(dev: np.ndarray, test: np.ndarray, ran: np.ndarray) -> list[float]:
    """Test values of those that ran, the best on dev first, the earlier of equals."""
    return test[ran][np.argsort(dev[ran], kind="stable")].tolist()


def _cost(each: Sequence[float | None], k: int) -> float | None:
    known = [one for one in each if one is not None]
    return k * math.fsum(known) / len(known) if len(known) == len(each) and known else None
