"""Small plots of plain characters, 60 columns at most: lines of blocks, and maps in shades."""

import itertools

import numpy as np

COLUMNS, ROWS = 48, 14
"""Bins along a line or across a map, and the rows of one."""
BLOCKS = " ▁▂▃▄▅▆▇█"
SHADES = ((0.5, "█"), (0.2, "▓"), (0.05, "▒"), (0.01, "░"))
"""From which part of the largest value on what is drawn."""
LEGEND = "█ from 1/2 of the largest value on, ▓ from 1/5, ▒ from 1/20, ░ from 1/100"


def bins(size: int, most: int) -> list[slice]:
    """Neighbouring parts of an axis of that many points, no more than `most` and of two points at least."""
    edges = np.linspace(0, size, max(1, min(size // 2, most)) + 1).round().astype(int)
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]


def means(values: np.ndarray, most: int, axis: int = 0) -> np.ndarray:
    """The mean in each bin along an axis."""
    parts = [np.take(values, range(part.start, part.stop), axis).mean(axis) for part in bins(values.shape[axis], most)]
    return np.stack(parts, axis)


def roots(values: np.ndarray, most: int, axis: int = 0) -> np.ndarray:
    """The root of the mean square in each bin along an axis."""
    return np.sqrt(means(values**2, most, axis))


def line(values: np.ndarray, low: float, high: float) -> str:
    """A line of blocks, from low to high."""
    span = high - low
    levels = np.clip(np.round((values - low) / span * 8) if span > 0.0 else np.zeros(len(values)), 0, 8)
    return "".join(BLOCKS[int(level)] for level in levels)


def shaded(values: np.ndarray, largest: float) -> str:
    """A row of a map: how large each value is beside the largest."""
    return "".join(next((s for part, s in SHADES if largest > 0.0 and v >= part * largest), " ") for v in values)


def bar(value: float, least: float, most: float, width: int = 20) -> str:
    """The logarithm of a value as a bar."""
    if not (value > 0.0 and most > least > 0.0):
        return ""
    share = (np.log(value) - np.log(least)) / (np.log(most) - np.log(least))
    return "█" * max(1, round(float(np.clip(share, 0.0, 1.0)) * width))
