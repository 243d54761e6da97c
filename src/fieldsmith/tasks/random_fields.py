"""Smooth random periodic fields in any number of dimensions, none included: sums of a few cosine waves."""

from dataclasses import dataclass

import numpy as np

TERMS = 4


@dataclass(frozen=True)
class RandomFields:
    """A batch of several fields, each defined everywhere, with values in [-1, 1].

    amplitudes, phases: [fields, batch, terms], amplitudes adding up to 1. numbers: [fields, batch, terms, dimensions],
    waves a period along each axis.
    """

    amplitudes: np.ndarray
    phases: np.ndarray
    numbers: np.ndarray

    def __call__(self, *places: np.ndarray) -> np.ndarray:
        """Values [fields, batch, *points]; `places`, an array a dimension that broadcast, in units of the period."""
        shape = np.broadcast_shapes(*(place.shape for place in places))
        values = np.zeros((*self.phases.shape[:2], *shape))
        spread = (..., *(None for _ in shape))
        for term in range(self.phases.shape[2]):
            angle = self.phases[:, :, term][spread]
            for axis, place in enumerate(places):
                angle = angle + 2.0 * np.pi * self.numbers[:, :, term, axis][spread] * place
            values += self.amplitudes[:, :, term][spread] * np.cos(angle)
        return values

    def take(self, part: slice) -> "RandomFields":
        """Some of the samples."""
        return RandomFields(self.amplitudes[:, part], self.phases[:, part], self.numbers[:, part])


def random_fields(rng: np.random.Generator, count: int, fields: int, dimensions: int, highest: int = 4) -> RandomFields:
    """`count` samples of `fields` fields: four waves each, of -highest to highest periods along every axis, none constant."""
    shape = (fields, count, TERMS)
    amplitudes = rng.uniform(0.2, 1.0, shape)
    numbers = rng.integers(-highest, highest + 1, (*shape, dimensions))
    if dimensions:
        constant = ~numbers.any(axis=-1)
        numbers[constant, 0] = rng.integers(1, highest + 1, int(constant.sum()))
    phases = rng.uniform(0.0, 2.0 * np.pi, shape)
    return RandomFields(amplitudes / amplitudes.sum(axis=2, keepdims=True), phases, numbers)
