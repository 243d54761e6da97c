"""Viscous Burgers' equation by the transformation of Cole and Hopf: exact but for quadrature, however thin its fronts are.

With P a primitive of the initial values u0, u(t, x) is the mean of u0(y) over all y under the weight

    exp(-(P(y) + (x - y)^2 / (2 t)) / (2 viscosity))

(Hopf, Comm. Pure Appl. Math. 3, 1950). Gauss-Legendre points of panels that end at kinks of u0 serve every x and t.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fieldsmith.tasks.folded import Folded, unfold
from fieldsmith.tasks.fourier import rfft

LOST = 40.0
"""Weights below exp(-LOST) of the largest count for nothing."""
TOGETHER = 64
"""Places whose means are taken at once."""


@dataclass(frozen=True)
class Profile:
    """Initial values of period 1 as a function of x, and the places in [0, 1) where it has kinks."""

    values: Callable[[np.ndarray], np.ndarray]
    kinks: np.ndarray


def sampled_profile(samples: np.ndarray) -> Profile:
    """The function that samples [n] at cell centres tell: a folded sum, or their trigonometric interpolant."""
    n = len(samples)
    folded, first = unfold(samples), 0.5 / n
    if folded is not None:
        return Profile(lambda x: folded(x - first), np.mod(folded.zeros + first, 1.0))
    interpolant = Folded(rfft(samples)[: (n + 1) // 2] / n, 0.0, 1.0)
    return Profile(lambda x: interpolant.signed(x - first), np.zeros(0))


@dataclass(frozen=True)
class _Points:
    """Points y of a period and their weights, u0 and its primitive there; over a period the primitive rises by `mean`."""

    y: np.ndarray
    weights: np.ndarray
    u0: np.ndarray
    primitive: np.ndarray
    mean: float


def cole_hopf(
    profile: Profile, viscosity: float, times: np.ndarray, x: np.ndarray, panels: int, order: int
) -> np.ndarray:
    """u [time, places] at rising places x; `order` points on each of at least `panels` panels of the period."""
    points = _points(profile, panels, order)
    parts = [x[n : n + TOGETHER] for n in range(0, len(x), TOGETHER)]
    frames = [
        np.concatenate([_means(points, viscosity, float(t - times[0]), part) for part in parts]) for t in times[1:]
    ]
    return np.stack([profile.values(x), *frames])


def _points(profile: Profile, panels: int, order: int) -> _Points:
    ends = np.unique(np.concatenate([np.arange(panels) / panels, profile.kinks]))
    ends = np.append(ends[np.append(True, np.diff(ends) > 1e-12)], 1.0)
    place, weight = np.polynomial.legendre.leggauss(order)
    half = 0.5 * np.diff(ends)[:, None]
    y = ends[:-1, None] + half * (1.0 + place)
    u0 = profile.values(y.ravel()).reshape(y.shape)
    whole = (half * weight * u0).sum(axis=1)
    before = np.cumsum(whole) - whole
    primitive = before[:, None] + half * (u0 @ _integrals(place, weight).T)
    return _Points(y.ravel(), (half * weight).ravel(), u0.ravel(), primitive.ravel(), float(whole.sum()))


def _integrals(place: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """[order, order]: from values at Gauss points to integrals from -1 to each of them, by Legendre polynomials."""
    order = len(place)
    p = np.polynomial.legendre.legvander(place, order)
    lower = np.concatenate([-np.ones((order, 1)), p[:, : order - 1]], axis=1)
    return 0.5 * (p[:, 1:] - lower) @ (p[:, :order] * weight[:, None]).T


def _means(points: _Points, viscosity: float, t: float, x: np.ndarray) -> np.ndarray:
    """u at time t and places x. Only values of u0 that can have come to x count, and some diffusion around them."""
    spread = math.sqrt(4.0 * LOST * viscosity * t)
    low, high = x[0] - t * points.u0.max() - spread, x[-1] - t * points.u0.min() + spread
    periods = np.arange(math.floor(low), math.floor(high) + 1)[:, None]
    y = (points.y + periods).ravel()
    near = (y >= low) & (y <= high)
    primitive = (points.primitive + points.mean * periods).ravel()[near]
    u0, weights = (np.tile(values, len(periods))[near] for values in (points.u0, points.weights))
    exponent = -(primitive + (x[:, None] - y[near]) ** 2 / (2.0 * t)) / (2.0 * viscosity)
    mass = np.exp(exponent - exponent.max(axis=1, keepdims=True)) * weights
    return (mass @ u0) / mass.sum(axis=1)
