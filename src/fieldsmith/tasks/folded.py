"""Absolute values of Fourier sums: exact values and coefficients, and how to recover one from its samples.

A sum s of a few sines that is folded by the absolute value has kinks, so samples of |s| miss much of it. But s^2 is a
short Fourier sum again, of which equispaced samples tell everything: the samples of s are those of |s| with signs that
make them band-limited. The root of the interpolated s^2 is never taken, as it loses half of the digits near zeros of s.
A window does not spoil that as long as the samples resolve its edges; the sum is then longer.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fieldsmith.tasks.fourier import irfft, rfft

POINTS_A_WAVE = (16, 5)
"""Samples a period of the shortest wave that is looked for, at least: of a short sum first, then of whatever is resolved."""
SHORT, DENSE = 80, 2**20
"""Up to so many modes coefficients are integrated in closed form, otherwise taken from so many values."""
PREDICTORS = 6
"""Samples from which the next one is predicted, to tell its sign."""
FEWEST = 4
"""Modes that must vanish of the square, at least: fewer prove nothing."""
RESOLVED = 1e-11
"""Modes that are smaller than this part of the largest are rounding: the samples tell all of the function."""
QUIET = 16
"""Part of a period, one in so many, in which values are looked at together where the smallest are sought."""
GAIN = 1e-3
"""What is recovered must be at least this much closer to the samples than their kinks are to a Fourier sum."""
ON_CIRCLE = 1e-4
"""How far from the unit circle roots of the polynomial may lie that count as zeros of the sum."""


@dataclass(frozen=True)
class Folded:
    """base + side |s(y)|, s(y) = Re(modes[0] + 2 sum over l > 0 of modes[l] exp(2 pi i l y)), y in periods; side is +1 or -1."""

    modes: np.ndarray
    base: float
    side: float

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """Values at any places."""
        return self.base + self.side * np.abs(self.signed(y))

    def on_grid(self, points: int, moved: np.ndarray) -> np.ndarray:
        """Values [..., points] at equispaced places, the first `moved` [...] periods on; at least two points a shortest wave."""
        turn = np.exp(2j * np.pi * np.asarray(moved)[..., None] * np.arange(len(self.modes)))
        return self.base + self.side * np.abs(irfft(points * self.modes * turn, points))

    def signed(self, y: np.ndarray) -> np.ndarray:
        """The sum itself."""
        waves = np.exp(2j * np.pi * np.asarray(y)[..., None] * np.arange(len(self.modes)))
        return 2.0 * np.real(waves @ self.modes) - float(np.real(self.modes[0]))

    @cached_property
    def zeros(self) -> np.ndarray:
        """Zeros of the sum in [0, 1), in order; two that touch may stand for none or be left out, which makes no difference."""
        roots = np.roots(self._symmetric[::-1])
        roots = roots[np.abs(np.abs(roots) - 1.0) < ON_CIRCLE]
        return np.sort(np.mod(np.angle(roots) / (2.0 * np.pi), 1.0))

    def coefficients(self, count: int) -> np.ndarray:
        """Fourier coefficients 0..count-1, of a short sum in closed form.

        Between two zeros the function is plus or minus the sum; of each of its waves the integral against exp(-2 pi i k y) is
        known. At a zero where the sign turns, the difference of the two signs is left of the primitives on either side.
        """
        if len(self.modes) > SHORT:  # aliased by 1e-12
            return rfft(self.on_grid(DENSE, np.zeros(())))[:count] / DENSE
        zeros, sums = self.zeros, self._symmetric
        last = len(self.modes) - 1
        ends = np.append(zeros, zeros[0] + 1.0) if len(zeros) else np.array([0.0, 1.0])
        signs = np.sign(self.signed(0.5 * (ends[:-1] + ends[1:])))
        found = np.zeros(count, complex)
        same = min(count, last + 1)
        found[:same] = np.dot(signs, np.diff(ends)) * self.modes[:same]
        turns = np.roll(signs, 1) - signs if len(zeros) else np.zeros(0)
        k, waves = np.arange(count), np.arange(-last, last + 1)
        apart = waves[None, :] - k[:, None]
        weights = np.where(apart == 0, 0.0, sums / (2j * np.pi * np.where(apart == 0, 1, apart)))
        for zero, turn in zip(zeros, turns, strict=True):
            found += turn * np.exp(-2j * np.pi * k * zero) * (weights @ np.exp(2j * np.pi * waves * zero))
        found *= self.side
        found[0] += self.base
        return found

    @property
    def _symmetric(self) -> np.ndarray:
        """Coefficients of all waves, the negative ones first."""
        return np.concatenate([np.conj(self.modes[:0:-1]), self.modes])


def unfold(samples: np.ndarray) -> Folded | None:
    """The folded sum behind equispaced samples [n] of one period, y counted from the first; None where there is none.

    A base is found with which the square of the rest is band-limited: of the modes that must vanish, it is the one unknown.
    """
    for points in POINTS_A_WAVE:
        found = _unfolded(samples, len(samples) // points)
        if found is not None:
            return found
    return None


def _unfolded(samples: np.ndarray, highest: int) -> Folded | None:
    """The folded sum of waves up to `highest`, but for a remainder that hardly counts."""
    n = len(samples)
    tail = slice(2 * highest + 1, n // 2 + 1)
    kinks, squares = rfft(samples)[tail], rfft(samples**2)[tail]
    size = float(np.max(np.abs(samples), initial=0.0))
    roughness = float(np.linalg.norm(kinks))
    if highest < 1 or len(kinks) < FEWEST or roughness <= RESOLVED * n * size:
        return None
    base = float(np.vdot(kinks, squares).real) / (2.0 * roughness**2)
    if np.linalg.norm(squares - 2.0 * base * kinks) > GAIN * size * roughness:
        return None
    rest = samples - base
    side = 1.0 if rest.sum() >= 0.0 else -1.0
    modes = _smooth_root(np.abs(rest), highest)
    if n * np.linalg.norm(modes[tail]) > GAIN * roughness:
        return None
    found = Folded(_above(modes, float(np.max(np.abs(modes[tail])))), base, side)
    misfit = np.linalg.norm(found.on_grid(n, np.zeros(())) - samples)
    return found if misfit <= GAIN * roughness / np.sqrt(n) else None


def _smooth_root(sizes: np.ndarray, highest: int) -> np.ndarray:
    """All modes of the smooth samples of which `sizes` are the absolute values."""
    n = len(sizes)
    signed = _signed(sizes)
    modes = rfft(signed) / n
    for _ in range(8):  # a sample that is all but zero may have got the wrong sign
        smooth = irfft(n * np.where(np.arange(len(modes)) <= highest, modes, 0.0), n)
        again = np.copysign(sizes, smooth)
        if np.array_equal(again, signed):
            break
        signed = again
        modes = rfft(signed) / n
    return modes


def _above(modes: np.ndarray, noise: float) -> np.ndarray:
    """Modes up to the last that stands out from the noise; never the one that alternates from sample to sample."""
    clear = np.flatnonzero(np.abs(modes[:-1]) > 4.0 * noise)
    return modes[: max(clear, default=0) + 1]


def _signed(sizes: np.ndarray) -> np.ndarray:
    """Each sample takes the sign of its prediction by the polynomial through those before it, away from the largest.

    No zero of a sum of waves up to m is nearer to its largest value than 1/(4 m). Both ways end where the values stay
    smallest: outside a window they are rounding, which tells no signs.
    """
    n = len(sizes)
    width = max(3, n // QUIET)
    around = np.pad(sizes, (width // 2, (width - 1) // 2), mode="wrap")
    quietest = int(np.argmin(np.lib.stride_tricks.sliding_window_view(around, width).max(axis=1)))
    values = np.roll(sizes, -quietest)
    largest = int(np.argmax(values))
    first = min(max(largest - PREDICTORS // 2, 0), n - PREDICTORS)
    weights = _predictor(PREDICTORS)
    for j in range(first + PREDICTORS, n):
        values[j] = np.copysign(values[j], weights @ values[j - PREDICTORS : j])
    for j in range(first - 1, -1, -1):
        values[j] = np.copysign(values[j], weights[::-1] @ values[j + 1 : j + 1 + PREDICTORS])
    return np.roll(values, quietest)


def _predictor(count: int) -> np.ndarray:
    """Weights of the last `count` values in the extrapolation by the polynomial through them."""
    weights = np.ones(1)
    for _ in range(count):
        weights = np.convolve(weights, [-1.0, 1.0])
    return -weights[:-1]
