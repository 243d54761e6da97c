"""Periodic fields on [0, 1) that jump, and how steps and smooth waves are told apart from samples of their sum.

Jumps lie at multiples of 1/SLOTS, midway between cell centres wherever SLOTS divides their number. Then samples tell them
exactly: a difference between neighbours is a jump or belongs to waves that have no short modes, so the short modes of all
differences are those of a few jumps alone.
"""

from dataclasses import dataclass

import numpy as np

from fieldsmith.tasks.fourier import irfft, rfft, wave_numbers
from fieldsmith.tasks.waves import SPLIT, Waves, random_waves

SLOTS = 64
PIECES = (2, 6)
"""Fewest and most pieces of a step function."""
POINTS_A_WAVE = 16
"""Samples a period of the shortest wave beside the steps, at least; as many samples a jump."""
EXACT = 1e-11
"""What is left of the differences' short modes, relative to the samples, where all jumps are found."""


@dataclass(frozen=True)
class Stepped:
    """A batch of step functions on sums of sines, defined for every x: `heights` is added from `places` on, [batch, jumps].

    base: [batch], the steps' value at x = 0. Jumps that a sample lacks have the height 0.
    """

    waves: Waves
    base: np.ndarray
    places: np.ndarray
    heights: np.ndarray

    @property
    def kinds(self) -> np.ndarray:
        """[batch], words: steps, or steps on waves."""
        return np.where(self.waves.amplitudes.any(axis=1), "steps on waves", "steps")

    def take(self, part: slice) -> "Stepped":
        """Some of the samples."""
        return Stepped(self.waves.take(part), self.base[part], self.places[part], self.heights[part])

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Values [batch, points] at x [points]."""
        after = np.mod(x, 1.0) >= self.places[..., None]
        return self.waves(x) + self.base[:, None] + np.sum(np.where(after, self.heights[..., None], 0.0), axis=1)


def random_stepped(rng: np.random.Generator, count: int) -> Stepped:
    """Levels in [-1, 1] on 2 to 6 pieces; one sample in four is the steps alone, at least one of a batch."""
    waves = random_waves(rng, count, smooth=True)
    alone = rng.random(count) < 0.25
    if count >= SPLIT and not alone.any():
        alone[rng.integers(count)] = True
    base, places, heights = np.zeros(count), np.zeros((count, PIECES[1])), np.zeros((count, PIECES[1]))
    for n in range(count):
        pieces = int(rng.integers(PIECES[0], PIECES[1] + 1))
        places[n, :pieces] = np.sort(rng.choice(SLOTS, pieces, replace=False)) / SLOTS
        levels = rng.uniform(-1.0, 1.0, pieces)
        base[n], heights[n, :pieces] = levels[-1], levels - np.roll(levels, 1)
    amplitudes = np.where(alone[:, None], 0.0, waves.amplitudes)
    return Stepped(Waves(**{**vars(waves), "amplitudes": amplitudes}), base, places, heights)


@dataclass(frozen=True)
class TakenApart:
    """Samples [n] as smooth ones, and steps that rise by `heights` midway between each of the samples `faces` and the one before."""

    smooth: np.ndarray
    faces: np.ndarray
    heights: np.ndarray

    def moved(self, shifts: np.ndarray) -> np.ndarray:
        """Samples [shifts, n] of the function moved to the right by so many periods."""
        n = len(self.smooth)
        waves = irfft(rfft(self.smooth) * np.exp(-1j * wave_numbers(n, 1.0) * shifts[:, None]), n)
        place = np.mod(np.arange(n) + 0.5 - n * shifts[:, None], n)
        return waves + np.where(place[..., None] >= self.faces, self.heights, 0.0).sum(axis=-1)


def take_apart(samples: np.ndarray) -> TakenApart | None:
    """Steps and smooth waves whose sum the samples [n] are; None where there are no jumps, or more than can be told.

    Orthogonal matching pursuit (Pati, Rezaiifar & Krishnaprasad, 1993): the face where what is left is largest joins the
    jumps, whose heights are then fitted anew.
    """
    n = len(samples)
    most = n // POINTS_A_WAVE
    short = np.arange(most + 1, n // 2 + 1)
    wanted = rfft(samples - np.roll(samples, 1))[short]
    enough = EXACT * n * float(np.max(np.abs(samples), initial=0.0))
    faces, heights, left = np.zeros(0, int), np.zeros(0), wanted
    while np.linalg.norm(left) > enough:
        if len(faces) >= most:
            return None
        spectrum = np.zeros(n // 2 + 1, complex)
        spectrum[short] = left
        size = np.abs(irfft(spectrum, n))
        size[faces] = 0.0
        faces = np.append(faces, np.argmax(size))
        modes = np.exp(-2j * np.pi * np.outer(short, faces) / n)
        heights = np.linalg.lstsq(_real(modes), _real(wanted), rcond=None)[0]
        left = wanted - modes @ heights
    if not len(faces):
        return None
    steps = np.where(np.arange(n)[:, None] >= faces, heights, 0.0).sum(axis=1)
    return TakenApart(samples - steps, faces, heights)


def _real(values: np.ndarray) -> np.ndarray:
    """Real parts, and imaginary ones after them."""
    return np.concatenate([np.real(values), np.imag(values)])
