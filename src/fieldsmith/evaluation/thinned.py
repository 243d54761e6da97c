"""Fields on every so many-th point, and back on all of them."""

import numpy as np
from scipy.interpolate import CubicSpline


def filled(values: np.ndarray, dim: int, points: int, stride: int, periodic: bool) -> np.ndarray:
    """Values at the points 0, stride, 2 stride, … of a dimension on all its `points`: by their Fourier series where it is periodic, else by cubic splines."""
    if stride == 1:
        return values
    if periodic:
        return _series(values, dim, points)
    return CubicSpline(np.arange(values.shape[dim]) * stride, values, axis=dim)(np.arange(points))


def _series(values: np.ndarray, dim: int, points: int) -> np.ndarray:
    """The trigonometric interpolant on so many points, the first of which stays where it is; the last mode of an even number is shared by both its signs."""
    few = values.shape[dim]
    spectrum = np.moveaxis(np.fft.rfft(values, axis=dim), dim, -1)
    if few % 2 == 0:
        spectrum[..., -1] *= 0.5
    fine = np.fft.irfft(spectrum, points) * (points / few)
    return np.moveaxis(fine, -1, dim)
