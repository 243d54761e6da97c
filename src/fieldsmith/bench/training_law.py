"""What more samples and more epochs are worth to an operator, from a few small trainings, and how a budget is split between them.

The law has the form of Hoffmann et al. (arXiv 2203.15556, approach 3) with samples in place of parameters, as breakeven complexity splits its training budget (arXiv 2605.15399): error = E + A n^-alpha + B m^-beta,
with n samples and m epochs, or n times as many passes of a sample. It is fitted to logarithms with Huber's loss; intervals are by drawing residuals with replacement.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import nnls

from fieldsmith.errors import InputError

DRAWS = 200
"""Of residuals with replacement, for intervals."""
SHARE = 0.95
HUBER = 0.05
"""Departure of a logarithm from which on it counts by its size alone: seeds of one training differ by some hundredths."""
STEPS = 300
"""Of a fit at most: what trainings do not determine is a flat valley, in which there is no hurry."""
STEEPEST, FLATTEST = 4.0, 0.02
"""Exponents that are looked for."""
LEAST = 3
"""Different numbers of samples, and of epochs: two tell no exponent beside a floor."""
CONSTANTS = 5
APART = 3.0
"""Ratio of the ends of an interval from which on a figure is not determined."""
BEYOND = 4.0
"""Times the largest that was trained from which on a split is far out."""

Kind = Literal["epochs", "passes"]
KINDS: tuple[Kind, ...] = ("epochs", "passes")


@dataclass(frozen=True)
class Trial:
    """A training that was done: `error` on dev, seconds of the device for its samples (`data`) and its steps (`training`)."""

    samples: int
    epochs: int
    error: float
    data: float
    training: float


@dataclass(frozen=True)
class Law:
    """`floor` + `data` (n / n0)^-`alpha` + `time` (m / m0)^-`beta`; m is the number of epochs or of passes n e, `middle` the (n0, m0) that it is told about."""

    kind: Kind
    floor: float
    data: float
    alpha: float
    time: float
    beta: float
    middle: tuple[float, float]

    def error(self, samples: np.ndarray | float, epochs: np.ndarray | float) -> np.ndarray:
        """What is expected of these, arrays of one shape or numbers."""
        n, m = _measured(self.kind, np.asarray(samples, float), np.asarray(epochs, float))
        of_data = self.data * (n / self.middle[0]) ** -self.alpha
        return self.floor + of_data + self.time * (m / self.middle[1]) ** -self.beta


@dataclass(frozen=True)
class Rates:
    """Seconds of the device: to make a sample, for a pass of one, and what an epoch takes besides, which is the look at dev."""

    sample: float
    of_pass: float
    epoch: float

    def seconds(self, samples: float, epochs: float) -> tuple[float, float]:
        """For the samples, and for the training."""
        return samples * self.sample, epochs * (samples * self.of_pass + self.epoch)


@dataclass(frozen=True)
class Fitted:
    """A law with others that the same trainings might have told, and by how much logarithms of errors depart from it (`spread`, root of the mean square)."""

    law: Law
    drawn: tuple[Law, ...]
    spread: float

    def between(self, name: Literal["floor", "alpha", "beta"]) -> tuple[float, float]:
        """The interval of one of its constants."""
        return between([getattr(one, name) for one in self.drawn])

    def determined(self, name: Literal["alpha", "beta"]) -> bool:
        """Whether the trainings tell this exponent: its interval is narrow and off the ends of what is looked for."""
        low, high = self.between(name)
        return low > 1.01 * FLATTEST and high < 0.99 * STEEPEST and high <= APART * low


@dataclass(frozen=True)
class Split:
    """A budget as so many samples and epochs, with the seconds of each part and the error that is expected; intervals are those of the drawn laws, each with its own best split."""

    budget: float
    samples: int
    epochs: int
    data: float
    training: float
    error: float
    error_between: tuple[float, float]
    samples_between: tuple[float, float]
    epochs_between: tuple[float, float]

    @property
    def determined(self) -> bool:
        low, high = self.samples_between
        return high <= APART * low


def check(trials: Sequence[Trial]) -> None:
    """Raises InputError for trainings that tell no law."""
    for what, found in (("samples", {one.samples for one in trials}), ("epochs", {one.epochs for one in trials})):
        if len(found) < LEAST:
            told = "one number" if len(found) == 1 else f"{len(found)} numbers"
            raise InputError(
                f"No exponent can be told from {told} of {what}.", f"Give --{what} {LEAST} times or more, each another."
            )
    if len(trials) <= CONSTANTS:
        raise InputError(f"{len(trials)} trainings tell no law of {CONSTANTS} constants.", "Nine or more do.")


def rates_of(trials: Sequence[Trial]) -> Rates:
    """The rates that fit best, each training's seconds in units of their own; none is negative."""
    sample = sum(one.data for one in trials) / sum(one.samples for one in trials)
    rows = np.array([[one.epochs * one.samples, one.epochs] for one in trials], float)
    seconds = np.array([max(one.training, 1e-9) for one in trials])
    of_pass, epoch = nnls(rows / seconds[:, None], np.ones(len(trials)))[0]
    return Rates(sample, float(of_pass), float(epoch))


def fitted(trials: Sequence[Trial], seed: int = 0) -> Fitted:
    """The law of the kind that departs less from these trainings. Raises InputError where they tell none."""
    check(trials)
    errors = np.log([[one.error for one in trials]])
    of_kinds = [_laws(trials, kind, errors) for kind in KINDS]
    _, (law,) = min(of_kinds, key=lambda one: one[0][0])
    expected = law.error(*_grid(trials))
    residuals = np.log([one.error for one in trials]) - np.log(expected)
    spread = float(np.sqrt(np.mean(residuals**2)))
    # As many degrees of freedom as constants are used up: residuals of a fit are smaller than what they estimate.
    wider = (residuals - residuals.mean()) * math.sqrt(len(trials) / (len(trials) - CONSTANTS))
    drawn = np.random.default_rng(seed).choice(wider, (DRAWS, len(trials)))
    _, laws = _laws(trials, law.kind, np.log(expected) + drawn, near=law)
    return Fitted(law, tuple(laws), spread)


def best_split(known: Fitted, rates: Rates, budget: float) -> Split:
    """The split of so many seconds whose expected error is the smallest. Raises InputError for a budget that pays for no sample and epoch."""
    counts = _counts(rates, budget)
    samples, epochs = _best(known.law, rates, budget, counts)
    several = [_best(law, rates, budget, counts) for law in known.drawn]
    errors = [float(law.error(*split)) for law, split in zip(known.drawn, several, strict=True)]
    data, training = rates.seconds(samples, epochs)
    of_samples, of_epochs = (between([float(split[n]) for split in several]) for n in range(2))
    return Split(
        budget, samples, epochs, data, training, float(known.law.error(samples, epochs)), between(errors), of_samples, of_epochs
    )  # fmt: skip


def along(law: Law, rates: Rates, budget: float) -> tuple[np.ndarray, np.ndarray]:
    """Share of the budget that samples take, and the error that is expected, over all splits."""
    counts = _counts(rates, budget)
    return counts * rates.sample / budget, law.error(counts, _epochs(rates, budget, counts))


def far_out(split: Split, trials: Sequence[Trial]) -> list[str]:
    """What of a split lies far beyond what was trained, in words."""
    told = []
    for what, value, known in (
        ("samples", split.samples, [one.samples for one in trials]),
        ("epochs", split.epochs, [one.epochs for one in trials]),
    ):
        if value > BEYOND * max(known):
            told.append(f"{value:,} {what} are {value / max(known):.0f} times the most that were tried")
        elif BEYOND * value < min(known):
            told.append(f"{value:,} {what} are {min(known) / value:.0f} times fewer than the fewest that were tried")
    return told


def between(values: Sequence[float]) -> tuple[float, float]:
    """The interval that holds the middle SHARE of values."""
    low, high = np.quantile(values, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return float(low), float(high)


def _grid(trials: Sequence[Trial]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([one.samples for one in trials], float), np.array([one.epochs for one in trials], float)


def _measured(kind: Kind, samples: np.ndarray, epochs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return samples, epochs if kind == "epochs" else samples * epochs


def _laws(
    trials: Sequence[Trial], kind: Kind, wanted: np.ndarray, near: Law | None = None
) -> tuple[np.ndarray, list[Law]]:  # fmt: skip
    """For each row of logarithms of errors, `wanted` [rows, trials], the loss [rows] of the law that fits best from several beginnings, and that law."""
    n, m = _measured(kind, *_grid(trials))
    middle = float(np.exp(np.log(n).mean())), float(np.exp(np.log(m).mean()))
    x, y = np.log(n / middle[0]), np.log(m / middle[1])
    smallest, typical, largest = wanted.min(1), np.median(wanted, 1), wanted.max(1)
    same = np.ones(len(wanted))
    # Logarithms of floor, data and time, then both exponents.
    low = np.stack([*[smallest - 7.0] * 3, FLATTEST * same, FLATTEST * same], axis=1)
    high = np.stack([smallest + 0.1, largest + 3.0, largest + 3.0, STEEPEST * same, STEEPEST * same], axis=1)
    begins = [
        np.stack([floor, typical - 0.7, typical - 0.7, alpha * same, beta * same], axis=1)
        for floor in (smallest - 3.0, smallest - 0.5)
        for alpha in (0.4, 1.2)
        for beta in (0.4, 1.2)
    ]
    if near is not None:
        begins.append(np.tile([*np.log([near.floor, near.data, near.time]), near.alpha, near.beta], (len(wanted), 1)))
    several = [_descended(x, y, wanted, begin, low, high) for begin in begins]
    losses = np.stack([loss for _, loss in several])
    best = np.argmin(losses, axis=0)
    found = np.stack([several[begin][0][row] for row, begin in enumerate(best)])
    laws = [Law(kind, *_constants(one), middle) for one in found]
    return losses.min(0), laws


def _constants(at: np.ndarray) -> tuple[float, float, float, float, float]:
    floor, data, time = np.exp(at[:3])
    return float(floor), float(data), float(at[3]), float(time), float(at[4])


def _descended(
    x: np.ndarray, y: np.ndarray, wanted: np.ndarray, begin: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Constants [rows, 5] within their bounds that make Huber's loss [rows] small, all rows at once: Levenberg's and Marquardt's steps with weights that are found anew in each, constants at a bound that would leave it held."""
    at, damping = np.clip(begin, low, high), np.full(len(begin), 1e-2)
    away, slopes = _away(at, x, y, wanted)
    loss = _huber(away)
    for _ in range(STEPS):
        weights = np.minimum(1.0, HUBER / np.maximum(np.abs(away), 1e-300))
        gradient = np.einsum("rtp,rt->rp", slopes, weights * away)
        held = ((at <= low) & (gradient > 0)) | ((at >= high) & (gradient < 0))
        free = np.where(held, 0.0, 1.0)
        curved = np.einsum("rtp,rt,rtq->rpq", slopes, weights, slopes) * free[:, :, None] * free[:, None, :]
        added = damping[:, None] * (np.einsum("rpp->rp", curved) + 1e-9) + (1.0 - free)
        step = np.linalg.solve(curved + added[:, :, None] * np.eye(CONSTANTS), (-free * gradient)[:, :, None])[:, :, 0]
        tried = np.clip(at + step, low, high)
        away_there, slopes_there = _away(tried, x, y, wanted)
        loss_there = _huber(away_there)
        better = loss_there < loss
        done = ~better | (loss - loss_there <= 1e-10 * loss)
        at = np.where(better[:, None], tried, at)
        away, slopes = (
            np.where(better[:, None], away_there, away),
            np.where(better[:, None, None], slopes_there, slopes),
        )
        loss = np.where(better, loss_there, loss)
        damping = np.clip(np.where(better, damping / 3, damping * 4), 1e-9, 1e9)
        if bool((done & (better | (damping > 1e6))).all()):
            break
    return at, loss


def _away(at: np.ndarray, x: np.ndarray, y: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By how much logarithms of the law with constants `at` [rows, 5] depart, [rows, trials], and the derivatives [rows, trials, 5]."""
    floor, data, time, alpha, beta = (column[:, None] for column in at.T)
    parts = np.exp(np.stack([floor + 0 * x, data - alpha * x, time - beta * y]))
    whole = parts.sum(0)
    shares = parts / whole
    return np.log(whole) - wanted, np.stack([*shares, -shares[1] * x, -shares[2] * y], axis=2)


def _huber(away: np.ndarray) -> np.ndarray:
    """Of each row."""
    size = np.abs(away)
    return np.where(size <= HUBER, 0.5 * size**2, HUBER * (size - 0.5 * HUBER)).sum(1)


def _counts(rates: Rates, budget: float) -> np.ndarray:
    """Numbers of samples, one to all that leave an epoch, each a hundredth more than the one before."""
    each = rates.sample + rates.of_pass
    most = (budget - rates.epoch) / each if each > 0 else math.inf
    if not 1 <= most < 1e12:
        least = each + rates.epoch
        raise InputError(f"A budget of {budget:g} s pays for no sample and epoch.", f"One of each takes {least:.2g} s.")
    return np.unique(np.floor(np.geomspace(1.0, most, 2 + int(100 * math.log(max(most, 2.0))))))


def _epochs(rates: Rates, budget: float, samples: np.ndarray) -> np.ndarray:
    """Whole epochs that the rest of a budget pays for."""
    left = budget - samples * rates.sample
    return np.maximum(1.0, np.floor(left / np.maximum(samples * rates.of_pass + rates.epoch, 1e-12)))


def _best(law: Law, rates: Rates, budget: float, counts: np.ndarray) -> tuple[int, int]:
    epochs = _epochs(rates, budget, counts)
    least = int(np.argmin(law.error(counts, epochs)))
    return int(counts[least]), int(epochs[least])
