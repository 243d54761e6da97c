"""What the best of k independent drafts is expected to come to, from n drafts: exact, not by drawing.

Of n drafts, v ran and f = n - v did not. In the order in which a run would choose them, r = 0 ... v - 1, the r-th is the best of k drawn without replacement if it is
among them and none before it is, which has probability C(n-1-r, k-1) / C(n, k). None of the k ran with probability C(f, k) / C(n, k). So
the expected logarithm of the test error of the one that is selected on dev, given that one ran, is

    E[log e] = sum over r of C(n-1-r, k-1) / C(n, k) log e_r  /  (1 - C(f, k) / C(n, k)).

One that is selected and fails on the test split keeps its place: it counts with an error of 1, or, of a metric without such a figure, the mean is over the choices
that came to one, and the probability that the chosen one failed stands beside it.

For pass@k this is the estimator of Chen et al., arXiv 2107.03374, eq. 1; with a value in place of success that of best-of-n in Nakano et al., arXiv 2112.09332, appendix.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

SMALLEST = 1e-17
"""Errors below this count as this."""
NOTHING = 1.0
"""The error that counts where nothing ran, or where what was chosen fails on the test split: that of an answer of zeros."""
BOOTSTRAPS = 1000


@dataclass(frozen=True)
class Draft:
    """An independent try. dev, test: its figures, the smaller the better; dev is None where it did not run, test where it failed on the test split.

    tokens, usd, seconds: what it cost, mends included. key: what it is chosen by, the smaller the better; its dev figure where none is given.
    """

    dev: float | None
    test: float | None
    tokens: float | None = None
    usd: float | None = None
    seconds: float = 0.0
    key: tuple[float, ...] = ()


@dataclass(frozen=True)
class Figure:
    """An expected value with its 95 % interval: NaN where nothing can be said."""

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Expected:
    """What the best of k comes to. none: the probability that none runs. test, dev: of the one that is chosen on dev; oracle: of the one that is
    best on test, which nobody can select. All geometric means of errors, or arithmetic means of a metric of a task's own. tokens, usd, seconds: of k drafts.
    failed: the probability that one is chosen that fails on the test split."""

    k: int
    none: float
    test: Figure
    dev: float
    oracle: float
    tokens: float | None
    usd: float | None
    seconds: float
    failed: float = 0.0


@lru_cache(maxsize=256)
def selected(n: int, k: int) -> np.ndarray:
    """The probabilities that the r-th best of n is the best of k. Shape: (n,). Each is the one before times (n-k-r) / (n-1-r)."""
    r = np.arange(n - 1)
    return k / n * np.cumprod(np.concatenate(([1.0], np.maximum(n - k - r, 0) / (n - 1 - r))))


def none_runs(n: int, k: int, failed: int) -> float:
    """The probability that none of k drawn from n runs."""
    return math.comb(failed, k) / math.comb(n, k)


def expected(ranked: np.ndarray, n: int, k: int) -> float:
    """The expected value of the best of k out of n, given that it has one. NaN where none does.

    ranked: the values of those that ran, best first, NaN where one has none. Shape: (v,).
    """
    known = ~np.isnan(ranked)
    weights = selected(n, k)[: len(ranked)]
    total = 1.0 - none_runs(n, k, n - len(ranked)) if known.all() else float(weights[known].sum())
    return float(weights[known] @ ranked[known]) / total if known.any() and total > 0.0 else math.nan


def curve(
    drafts: Sequence[Draft], ks: Sequence[int], by_decades: bool, seed: int = 0, bootstraps: int = BOOTSTRAPS
) -> list[Expected]:
    """What the best of each k comes to. Intervals by the bootstrap over drafts (percentiles); none without `bootstraps`."""
    n = len(drafts)
    place, dev, test, ran = _arrays(drafts, by_decades)
    lot = np.random.default_rng(seed)
    draws = [lot.integers(0, n, n) for _ in range(bootstraps)] if n > 1 else []
    ranks = [_chosen(test[draw], place[draw], ran[draw]) for draw in draws]
    lost = np.array([one.dev is not None and one.test is None for one in drafts])
    rows = []
    for k in ks:
        values = [expected(one, n, k) for one in ranks]
        known = [value for value in values if not math.isnan(value)]
        low, high = np.percentile(known, [2.5, 97.5]) if known else (math.nan, math.nan)
        mean = expected(_chosen(test, place, ran), n, k)
        shown = np.where(np.isnan(test), math.nan, dev)  # over the very choices that test is of
        rows.append(
            Expected(
                k=k,
                none=none_runs(n, k, n - int(ran.sum())),
                test=Figure(*(back(value, by_decades) for value in (mean, float(low), float(high)))),
                dev=back(expected(_chosen(shown, place, ran), n, k), by_decades),
                oracle=back(expected(np.sort(test[~np.isnan(test)]), n, k), by_decades),
                tokens=_cost([one.tokens for one in drafts], k),
                usd=_cost([one.usd for one in drafts], k),
                seconds=k * math.fsum(one.seconds for one in drafts) / n,
                failed=float(selected(n, k)[: int(ran.sum())] @ _chosen(lost.astype(float), place, ran)),
            )
        )
    return rows


def scaled(value: float, by_decades: bool) -> float:
    return math.log10(max(value, SMALLEST)) if by_decades else value


def back(value: float, by_decades: bool) -> float:
    return 10.0**value if by_decades else value


def _arrays(drafts: Sequence[Draft], by_decades: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Places in the order of choice, dev and test values on the scale they are averaged on, and which drafts ran. Shapes: (n,)."""
    ran = np.array([one.dev is not None for one in drafts])
    keys = [(one.key or (one.dev,)) if one.dev is not None else (math.inf,) for one in drafts]
    order = {key: n for n, key in enumerate(sorted(set(keys)))}
    tests = [NOTHING if by_decades and d.dev is not None and d.test is None else d.test for d in drafts]
    dev, test = (
        np.array([scaled(value, by_decades) if value is not None else math.nan for value in values])
        for values in ([one.dev for one in drafts], tests)
    )
    return np.array([order[key] for key in keys]), dev, np.where(ran, test, math.nan), ran


def _chosen(values: np.ndarray, place: np.ndarray, ran: np.ndarray) -> np.ndarray:
    """The values of those that ran, in the order in which they would be chosen, the earlier of equals first."""
    return values[ran][np.argsort(place[ran], kind="stable")]


def _cost(each: Sequence[float | None], k: int) -> float | None:
    known = [one for one in each if one is not None]
    return k * math.fsum(known) / len(known) if len(known) == len(each) and known else None
