"""Random periodic initial fields on [0, 1): sums of sines, some folded, some windowed, as in PDEBench (2210.07182)."""

from dataclasses import dataclass

import numpy as np

from fieldsmith.tasks.folded import DENSE, Folded
from fieldsmith.tasks.fourier import rfft

WINDOW_WIDTH = 0.01
SPLIT = 4
"""From this size on a batch has at least one folded and one windowed field."""


@dataclass(frozen=True)
class Waves:
    """A batch of fields u0(x), x in units of the period, each defined for every x.

    amplitudes, numbers, phases: [batch, terms]. folded: take the absolute value. sign: +1 or -1. windows: left
    and right edge, NaN where there is none. offset, factor: u0 = factor (raw - offset).
    """

    amplitudes: np.ndarray
    numbers: np.ndarray
    phases: np.ndarray
    folded: np.ndarray
    sign: np.ndarray
    windows: np.ndarray
    offset: np.ndarray
    factor: np.ndarray

    @property
    def kinds(self) -> np.ndarray:
        """[batch], words: smooth, kinked (folded), windowed, or both of these."""
        windowed = ~np.isnan(self.windows[:, 0])
        plain = np.where(windowed, "windowed", "smooth")
        return np.where(self.folded, np.where(windowed, "kinked and windowed", "kinked"), plain)

    def folded_sum(self, sample: int) -> Folded | None:
        """A kinked field in closed form, places counted from x = 0; None for one of another kind."""
        if self.kinds[sample] != "kinked":
            return None
        factor, side = float(self.factor[sample]), float(self.sign[sample] * np.sign(self.factor[sample]))
        return Folded(abs(factor) * self._modes(sample), -factor * float(self.offset[sample]), side)

    def kinks(self, sample: int) -> np.ndarray:
        """Where in [0, 1) a field has kinks, whether there is a window or not."""
        return Folded(self._modes(sample), 0.0, 1.0).zeros if self.folded[sample] else np.zeros(0)

    def _modes(self, sample: int) -> np.ndarray:
        """Fourier coefficients of the sum of sines."""
        modes = np.zeros(int(self.numbers[sample].max()) + 1, complex)
        terms = 0.5 / 1j * self.amplitudes[sample] * np.exp(1j * self.phases[sample])
        np.add.at(modes, self.numbers[sample], terms)
        return modes

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Values [batch, points] at x [points] or [batch, points]."""
        x = np.mod(np.broadcast_to(x, (len(self.sign), np.shape(x)[-1])), 1.0)
        return self.factor[:, None] * (self._raw(x) - self.offset[:, None])

    def _raw(self, x: np.ndarray) -> np.ndarray:
        angle = 2.0 * np.pi * self.numbers[:, :, None] * x[:, None, :] + self.phases[:, :, None]
        u = np.sum(self.amplitudes[:, :, None] * np.sin(angle), axis=1)
        u = np.where(self.folded[:, None], np.abs(u), u) * self.sign[:, None]
        left, right = self.windows[:, :1], self.windows[:, 1:]
        window = 0.5 * (np.tanh((x - left) / WINDOW_WIDTH) - np.tanh((x - right) / WINDOW_WIDTH))
        return np.where(np.isnan(left), u, u * window)

    def kinked_coefficients(self, sample: int, count: int) -> np.ndarray | None:
        """Fourier coefficients 0..count-1 of a field with kinks, aliased by 1e-12 at most; None for one without."""
        folded = self.folded_sum(sample)
        if folded is not None:
            return folded.coefficients(count)
        if not self.folded[sample]:
            return None
        values = self.take(slice(sample, sample + 1))((np.arange(DENSE) + 0.5) / DENSE)[0]
        return rfft(values)[:count] / DENSE * np.exp(-1j * np.pi * np.arange(count) / DENSE)

    def take(self, part: slice) -> "Waves":
        """Some of the samples."""
        return Waves(**{name: getattr(self, name)[part] for name in self.__dataclass_fields__})

    def scaled_to_unit(self) -> "Waves":
        """The same fields shifted and scaled so that each spans [0, 1]; the extremes are those of the function."""
        x = (np.arange(65536) + 0.5) / 65536
        raw = self._raw(np.broadcast_to(x, (len(self.sign), x.size)))
        low, high = raw.min(axis=1), raw.max(axis=1)
        return Waves(**{**self.__dict__, "offset": low, "factor": 1.0 / (high - low)})


def random_waves(rng: np.random.Generator, count: int, smooth: bool = False, highest: int = 4) -> Waves:
    """Sums over two random wave numbers of 1..highest, amplitudes in [0, 1], phases in [0, 2 pi].

    One in ten is folded by the absolute value, one in ten multiplied by a window with edges of width 0.01 (at least one
    of each in a batch), the sign flips with probability 1/2. With `smooth` there are neither folds nor windows.
    """
    amplitudes = rng.uniform(0.0, 1.0, (count, 2))
    numbers = rng.integers(1, highest + 1, (count, 2))
    phases = rng.uniform(0.0, 2.0 * np.pi, (count, 2))
    folded = rng.random(count) < 0.1
    sign = rng.choice([-1.0, 1.0], count)
    windowed = rng.random(count) < 0.1
    if count >= SPLIT:
        # A small batch might have none of a kind, and dev and test would then ask for different things.
        for chosen, other in ((folded, windowed), (windowed, folded)):
            if not chosen.any():
                chosen[rng.choice(np.flatnonzero(~other))] = True
    edges = np.stack([rng.uniform(0.1, 0.45, count), rng.uniform(0.55, 0.9, count)], axis=1)
    if smooth:
        folded, windowed = np.zeros(count, bool), np.zeros(count, bool)
    windows = np.where(windowed[:, None], edges, np.nan)
    return Waves(amplitudes, numbers, phases, folded, sign, windows, np.zeros(count), np.ones(count))
