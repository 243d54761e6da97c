"""Where a function of one variable is short: panels of an interval, halved until a parabola's square follows the function in each, and its jumps to rounding.

Functions are looked at on many more points than a solver has, so that what lies between a solver's points is found before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]
"""Values [rows, points] at points."""

BASE = 16
"""Panels of an interval to begin with: what they follow is long."""
FOLLOWED = 0.05
"""Part of the largest change of a function by which a polynomial of degree 4 may be off in a panel."""
SAMPLES = 33
"""Points of a panel at least."""
JUMP = 0.05
"""Part of the largest change from which on two neighbouring points may have a jump between them."""
SHARP = 2e-12
"""Width of a jump beside the interval's length: beyond rounding of a time, short for every solver."""
MOST_JUMPS, MOST_PANELS, LEVELS = 400, 4000, 36
MOST_VALUES = 8_000_000
"""Of all rows at once."""


@dataclass(frozen=True)
class Panels:
    """`jumps` [n, 2] are the points before and after each, `short` [n, 2] the ends of panels that were halved at least once or lie between jumps."""

    jumps: np.ndarray
    short: np.ndarray

    @property
    def shortest(self) -> float:
        return float(np.diff(self.short).min(initial=np.inf))


def panels(function: Function, low: float, high: float, count: int, zeros: Sequence[float] = ()) -> Panels:
    """Look at a function on `count` even points, and where it is not followed on more; `zeros` are places where something may happen however short."""
    inner = np.array([z for z in zeros if low < z < high])
    known = np.unique(np.concatenate([[low, high], inner]))
    points = np.unique(np.concatenate([np.linspace(low, high, count), known, (known[1:] + known[:-1]) / 2]))
    values = _finite(function(points))
    scale = np.ptp(values, axis=1)
    if not scale.max(initial=0.0) > 1e-9 * np.abs(values).max(initial=0.0):
        return Panels(np.empty((0, 2)), np.empty((0, 2)))
    scale = np.where(scale > 1e-9 * scale.max(), scale, np.inf)[:, None]

    def scaled(places: np.ndarray) -> np.ndarray:
        return _finite(function(places)) / scale

    jumps = _jumps(scaled, points, values / scale, high - low)
    edges = np.concatenate([np.linspace(low, high, BASE + 1), inner])
    inside = (edges[:, None] > jumps[:, 0]) & (edges[:, None] < jumps[:, 1])
    edges = np.unique(np.concatenate([edges[~inside.any(axis=1)], jumps.ravel()]))
    ends = np.stack([edges[:-1], edges[1:]], axis=1)
    ends = ends[~np.isin(ends[:, 0], jumps[:, 0])]
    return Panels(jumps, np.concatenate([_halved(scaled, ends, count, high - low), _between(jumps, high - low)]))


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, 0.0)


def _jumps(scaled: Function, points: np.ndarray, values: np.ndarray, length: float) -> np.ndarray:
    """Both sides of each jump, [n, 2]: between two points the half with the larger change is taken until it is as short as rounding allows."""
    change = np.abs(np.diff(values)).max(axis=0)
    found = np.flatnonzero(change > JUMP)
    if not len(found) or len(found) > MOST_JUMPS:
        return np.empty((0, 2))
    left, right = points[found].copy(), points[found + 1].copy()
    least = np.maximum(SHARP * length, 8 * np.spacing(np.maximum(np.abs(left), np.abs(right))))
    before, after = scaled(left), scaled(right)
    for _ in range(60):
        wide = right - left > least
        if not wide.any():
            break
        middle = np.where(wide, (left + right) / 2, left)
        between = scaled(middle)
        upper = np.abs(after - between).max(axis=0) >= np.abs(between - before).max(axis=0)
        left, before = np.where(wide & upper, middle, left), np.where(wide & upper, between, before)
        right, after = np.where(wide & ~upper, middle, right), np.where(wide & ~upper, between, after)
    lasting = np.abs(after - before).max(axis=0) > 0.5 * np.minimum(change[found], 1.0)
    # A step that ends at one side must not reach the other by rounding.
    left, right = (left - least)[lasting], (right + least)[lasting]
    apart = left[1:] > right[:-1]  # where one value is taken at the jump alone, both halves are one
    return (
        np.stack([left[np.insert(apart, 0, True)], right[np.append(apart, True)]], axis=1)
        if len(left)
        else np.empty((0, 2))
    )


def _between(jumps: np.ndarray, length: float) -> np.ndarray:
    """What lies between two jumps that are closer than a panel."""
    if len(jumps) < 2:
        return np.empty((0, 2))
    pieces = np.stack([jumps[:-1, 1], jumps[1:, 0]], axis=1)
    width = np.diff(pieces)[:, 0]
    return pieces[(width < length / BASE) & (width > 0)]


def _halved(scaled: Function, ends: np.ndarray, count: int, length: float) -> np.ndarray:
    """The panels [n, 2] that came of halving others."""
    fresh, short = np.ones(len(ends), bool), [np.empty((0, 2))]
    for _ in range(LEVELS):
        samples = max(SAMPLES, count // max(len(ends), 1))
        shares = np.linspace(0, 1, samples)
        places = ends[:, :1] + np.diff(ends) * shares
        places[:, -1] = ends[:, 1]
        values = scaled(places.ravel()).reshape(-1, len(ends), samples)
        nodes = np.round((1 - np.cos(np.pi * np.arange(5) / 4)) / 2 * (samples - 1)).astype(int)
        off = np.abs(values - values[..., nodes] @ _lagrange(shares[nodes], shares)).max(axis=(0, 2))
        open_ = (off > FOLLOWED) & (np.diff(ends)[:, 0] > 1e-10 * length)
        short.append(ends[~open_ & ~fresh])
        ends = ends[open_]
        if not len(ends) or 2 * len(ends) > MOST_PANELS or 2 * len(values) * len(ends) * SAMPLES > MOST_VALUES:
            break
        middle = ends.mean(axis=1)
        ends = np.concatenate([np.stack([ends[:, 0], middle], axis=1), np.stack([middle, ends[:, 1]], axis=1)])
        fresh = np.zeros(len(ends), bool)
    return np.concatenate([*short, ends])


def _lagrange(nodes: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Values at places of the polynomials that are 1 at one node and 0 at the others, [nodes, places]."""
    rows = []
    for k, node in enumerate(nodes):
        others = np.delete(nodes, k)
        rows.append(np.prod((places[:, None] - others) / (node - others), axis=1))
    return np.array(rows)
