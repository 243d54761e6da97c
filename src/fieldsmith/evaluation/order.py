"""The empirical order of convergence from errors at several resolutions."""

import itertools
import math
from collections.abc import Sequence
from typing import Literal

from fieldsmith.evaluation.evaluation import ConvergencePoint

ROUND_OFF = 1e-12
FLAT = 1.5
"""Errors whose largest and smallest differ by less than this factor depend on the grid too little to tell."""

Why = Literal["", "rounding", "growth", "grid", "reference"]


def empirical_order(points: Sequence[ConvergencePoint]) -> float | None:
    """Slope of log(error) against log(1/resolution), least squares.

    Points at the level of round-off say nothing about the scheme and are left out. None when fewer than two remain (the
    program converged at once, or never ran), and where the error does not fall with the number of points (the program
    refines inside, or does not converge).
    """
    telling = [p for p in points if math.isfinite(p.error) and p.error > ROUND_OFF]
    errors = [p.error for p in telling]
    if len(telling) < 2 or max(errors) < FLAT * min(errors):
        return None
    x = [math.log(p.resolution) for p in telling]
    y = [math.log(p.error) for p in telling]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((a - mean_x) ** 2 for a in x)
    if spread == 0.0:
        return None
    slope = -sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
    return slope if slope > 0.0 else None


def local_orders(points: Sequence[ConvergencePoint]) -> tuple[float, ...]:
    """The slopes between neighbouring resolutions, of the points that `empirical_order` looks at."""
    telling = sorted((p for p in points if math.isfinite(p.error) and p.error > ROUND_OFF), key=lambda p: p.resolution)
    pairs = [(a, b) for a, b in itertools.pairwise(telling) if a.resolution < b.resolution]
    return tuple(math.log(a.error / b.error) / math.log(b.resolution / a.resolution) for a, b in pairs)


def why_no_order(points: Sequence[ConvergencePoint]) -> Why:
    """What kept the order of a program that ran from being measured; empty where too few resolutions ran to say.

    The errors are at the level of round-off, grow with the number of points, or hardly depend on it; where they fall, those
    that are not near the error of the reference itself were too few.
    """
    errors = [p.error for p in sorted(points, key=lambda p: p.resolution) if math.isfinite(p.error)]
    if len(errors) < 2:
        return ""
    if sum(error > ROUND_OFF for error in errors) < 2:
        return "rounding"
    if errors[-1] > FLAT * errors[0]:
        return "growth"
    return "grid" if max(errors) < FLAT * min(errors) else "reference"
