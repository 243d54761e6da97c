"""The empirical order of convergence from errors at several resolutions."""

import math
from collections.abc import Sequence

from fieldsmith.evaluation.evaluation import ConvergencePoint

ROUND_OFF = 1e-12


def empirical_order(points: Sequence[ConvergencePoint]) -> float | None:
    """Slope of log(error) against log(1/resolution), least squares.

    Points at the level of round-off say nothing about the scheme and are left out. None when fewer than two remain (the
    program converged at once, or never ran), and where the error does not fall with the number of points (the program
    refines inside, or does not converge).
    """
    telling = [p for p in points if math.isfinite(p.error) and p.error > ROUND_OFF]
    errors = [p.error for p in telling]
    if len(telling) < 2 or max(errors) < 1.2 * min(errors):
        return None
    x = [math.log(p.resolution) for p in telling]
    y = [math.log(p.error) for p in telling]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((a - mean_x) ** 2 for a in x)
    if spread == 0.0:
        return None
    slope = -sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
    return slope if slope > 0.0 else None
