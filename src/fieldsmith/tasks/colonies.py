"""Periodic initial fields on [0, 1): a few narrow bumps on empty ground."""

from dataclasses import dataclass

import numpy as np

COLONIES = 3
WIDTHS = (0.01, 0.02)
HEIGHTS = (0.1, 1.0)


@dataclass(frozen=True)
class Colonies:
    """A batch of sums of heights exp(-(d / widths)^2 / 2), d being the distance to `places`; all [batch, bumps]."""

    places: np.ndarray
    widths: np.ndarray
    heights: np.ndarray

    def take(self, part: slice) -> "Colonies":
        """Some of the samples."""
        return Colonies(self.places[part], self.widths[part], self.heights[part])

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Values [batch, points] at x [points]."""
        distance = np.mod(x - self.places[..., None] + 0.5, 1.0) - 0.5
        return np.sum(self.heights[..., None] * np.exp(-0.5 * (distance / self.widths[..., None]) ** 2), axis=1)


def random_colonies(rng: np.random.Generator, count: int) -> Colonies:
    """Three bumps at random places."""
    shape = (count, COLONIES)
    return Colonies(rng.uniform(0.0, 1.0, shape), rng.uniform(*WIDTHS, shape), rng.uniform(*HEIGHTS, shape))
