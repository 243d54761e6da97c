"""The symbol of the linearised equations: what they do to waves exp(s t + kappa·x), with coefficients frozen at a point.

The symbol is a matrix of polynomials in s and kappa. Its determinant, as a polynomial in one of them, has as roots the rates of
waves of a given length, or the ways in which a solution may decay away from a side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from fieldsmith.problems.jets import Orders, partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.system import System

NEGLIGIBLE = 1e-11
"""Of what was added up for a coefficient, what rounding may leave of a zero."""
PRODUCTS = 120_000
Frozen = Mapping[tuple[int, int], Sequence[tuple[Orders, complex]]]
"""By row and column, the derivatives with their factors at one point."""


@dataclass(frozen=True)
class Linearised:
    """The slopes of every law in every derivative of every field. Raises TooLarge where they outgrow what is analysed."""

    system: System
    room: list[int] = field(default_factory=lambda: [PRODUCTS])
    """Products of polynomials that determinants may still take."""

    def affords(self, times: int = 1) -> bool:
        """Whether there is room for so many determinants, which is taken then."""
        size = len(self.system.fields)
        self.room[0] -= times * size * 2 ** max(size - 1, 0)
        return self.room[0] >= 0

    @cached_property
    def slopes(self) -> Mapping[tuple[int, int], Sequence[tuple[Orders, Any]]]:
        fields, jets = self.system.fields, self.system.jets
        found: dict[tuple[int, int], list[tuple[Orders, Any]]] = {}
        for row, residual in enumerate(self.system.residuals):
            for jet in jets.among(residual):
                name, orders = jets.meanings[jet]
                found.setdefault((row, fields.index(name)), []).append((orders, partial(residual, jet)))
        return found

    @property
    def expressions(self) -> list[Any]:
        return [slope for entry in self.slopes.values() for _, slope in entry]

    def frozen(self, values: Mapping[Any, Any], count: int) -> list[Frozen]:
        """The factors at each of `count` points; points where one is not finite are left out."""
        memo: dict[Any, Any] = {}
        arrays = {
            place: [(orders, np.broadcast_to(np.asarray(evaluate(slope, values, memo), complex), (count,))) for orders, slope in entry]
            for place, entry in self.slopes.items()
        }  # fmt: skip
        sound = np.ones(count, bool)
        for entry in arrays.values():
            for _, array in entry:
                sound &= np.isfinite(array)
        return [
            {place: [(orders, complex(array[k])) for orders, array in entry] for place, entry in arrays.items()}
            for k in np.flatnonzero(sound)
        ]

    @cached_property
    def across(self) -> tuple[int, ...]:
        """The highest derivative along each coordinate."""
        every = [orders for entry in self.slopes.values() for orders, _ in entry]
        return tuple(max((o[k] for o in every), default=0) for k in range(len(self.system.coordinates)))


def matrix(frozen: Frozen, size: int, waves: Sequence[complex]) -> tuple[np.ndarray, np.ndarray]:
    """The symbol at given s and kappa, in the order of the coordinates, and what its entries were added up from in size."""
    found, bounds = np.zeros((size, size), complex), np.zeros((size, size))
    for (row, column), entry in frozen.items():
        for orders, factor in entry:
            term = factor * np.prod([w**n for w, n in zip(waves, orders, strict=True)])
            found[row, column] += term
            bounds[row, column] += abs(term)
    return found, bounds


def determinant(frozen: Frozen, size: int, waves: Sequence[complex], along: int) -> tuple[np.ndarray, np.ndarray]:
    """The determinant as a polynomial in one of the waves, lowest power first, and what its coefficients were added up from in size."""
    entries: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}
    for place, entry in frozen.items():
        highest = max(orders[along] for orders, _ in entry)
        value, bound = np.zeros(highest + 1, complex), np.zeros(highest + 1)
        for orders, factor in entry:
            term = factor * np.prod([w**n for k, (w, n) in enumerate(zip(waves, orders, strict=True)) if k != along])
            value[orders[along]] += term
            bound[orders[along]] += abs(term)
        entries[place] = value, bound
    # Expansion by rows over sets of columns that are used: size * 2**size products instead of size factorial.
    partial_sums: dict[int, tuple[np.ndarray, np.ndarray]] = {0: (np.ones(1, complex), np.ones(1))}
    for row in range(size):
        following: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for used, (value, bound) in partial_sums.items():
            for column in range(size):
                if used >> column & 1 or (row, column) not in entries:
                    continue
                sign = -1 if (used >> (column + 1)).bit_count() % 2 else 1
                entry = entries[row, column]
                term = sign * np.convolve(value, entry[0]), np.convolve(bound, entry[1])
                key = used | 1 << column
                if key in following:
                    before = following[key]
                    term = _added(before[0], term[0]), _added(before[1], term[1])
                following[key] = term
        partial_sums = following
    return partial_sums.get((1 << size) - 1, (np.zeros(1, complex), np.zeros(1)))


def _added(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total


def roots(coefficients: np.ndarray, bounds: np.ndarray) -> np.ndarray | None:
    """The roots of a polynomial, those that are 0 exactly among them; None where it is 0 as far as rounding tells."""
    sound = np.abs(coefficients) > NEGLIGIBLE * bounds
    if not np.isfinite(coefficients).all() or not sound.any():
        return None
    first, last = np.flatnonzero(sound)[[0, -1]]
    inner = np.where(sound, coefficients, 0)[first : last + 1]
    zeros = np.zeros(first, complex)
    if len(inner) == 1:
        return zeros
    scale = abs(inner[0] / inner[-1]) ** (1 / (len(inner) - 1))
    powers = scale ** np.arange(len(inner))
    scaled = inner * powers
    if not np.isfinite(scaled).all() or not scale:
        return None
    scaled = scaled / np.abs(scaled).max()
    if scaled[-1] == 0:
        return None
    return np.concatenate([zeros, scale * np.roots(scaled[::-1])])


def uncertainty(coefficients: np.ndarray, bounds: np.ndarray, found: np.ndarray) -> np.ndarray:
    """How far rounding may have moved each root of a polynomial, to first order; infinite where that says nothing."""
    scale = float(np.abs(found).max(initial=0.0)) or 1.0
    powers = scale ** np.arange(len(coefficients))
    at = found / scale
    slope = np.polyval(np.polyder((coefficients * powers)[::-1]), at)
    moved = np.finfo(float).eps * np.polyval((bounds * powers)[::-1], np.abs(at)) / np.maximum(np.abs(slope), 1e-300)
    return np.where(np.isfinite(moved), scale * moved, np.inf)
