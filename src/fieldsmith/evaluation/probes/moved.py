"""Whether a program answers moved data by the moved answer, and if not, why: the ends, a grid of its own, or the place itself.

Along periodic axes an equation without coordinates has no place of its own. A program on every second, fourth, eighth point has
one, but not for data that is moved by half of the period; what goes wrong at the ends shows there, wherever the data is moved to.
"""

from collections.abc import Mapping

import numpy as np

from fieldsmith.evaluation.probes.smooth import Probe, Smooth

Outputs = Mapping[str, np.ndarray]
MOVED = 0.02
"""Departure of the answer to moved data from the moved answer, in units of the change."""
ROUGH, FEW = 1e-3, 0.1
"""The same for data that is moved to between the points of a program's own grid, and the share of it that smooth waves may have then."""
NEAR, MOST = 16, 0.7
"""Part of the period on either side of both places of the ends, and the share of the squared departure within, where the ends make it."""
SMOOTH_WAVES = 8
"""Waves a period up to which fields of probes and what equations make of them have next to all of their size."""


def answered(smooth: Smooth, probe: Probe, outputs: Outputs) -> str:
    """Why moved data is answered otherwise: `ends`, `grid` where it is one of the program's own, `place`; empty where it is not."""
    if not smooth.anywhere:
        return ""
    axes, half = len(smooth.axes), _departures(smooth, probe, outputs, 0, MOVED)
    if half:
        return (
            "ends" if _share_at_ends(half, axes) > MOST else "place" if _share_of_smooth(half, axes) > 0.5 else "grid"
        )
    other = _departures(smooth, probe, outputs, 1, ROUGH)
    return "grid" if other and _share_of_smooth(other, axes) < FEW else ""


def _departures(smooth: Smooth, probe: Probe, outputs: Outputs, n: int, least: float) -> list[np.ndarray]:
    """[moved, time, *points] of every result from what the n-th shift makes due; none where all are next to it."""
    shift, first = probe.shifts[n], probe.samples + n * probe.moved
    departures, much = [], False
    for values in outputs.values():
        own, moved = values[: probe.moved], values[first : first + probe.moved]
        departure = moved - smooth.rolled(own, shift)
        change = np.max(np.abs(own - own[:, :1]))
        much |= bool(np.max(np.abs(departure)) > least * change + 1e-9 * np.max(np.abs(own)))
        departures.append(departure)
    return departures if much else []


def _share_at_ends(departures: list[np.ndarray], axes: int) -> float:
    """Of the squared departure from data moved by half of the period, where the ends are now and where they were."""
    points = departures[0].shape[-axes:]
    near = np.zeros(points, bool)
    for n, size in enumerate(points):
        place = np.arange(size) % (size // 2)
        close = np.minimum(place, size // 2 - place) <= size // NEAR
        near |= close.reshape(-1, *[1] * (axes - n - 1))
    squares = sum(np.sum(d**2, axis=tuple(range(d.ndim - axes))) for d in departures)
    return float(np.sum(squares * near) / (np.sum(squares) or 1.0))


def _share_of_smooth(departures: list[np.ndarray], axes: int) -> float:
    """Of the squared departure, in waves that smooth fields have; what an interpolation brings is rougher."""
    points = departures[0].shape[-axes:]
    waves = np.zeros(points)
    for n, size in enumerate(points):
        numbers = np.abs(np.fft.fftfreq(size, 1.0 / size)).reshape(-1, *[1] * (axes - n - 1))
        waves = np.maximum(waves, numbers)
    space = tuple(range(-axes, 0))
    squares = sum(np.sum(np.abs(np.fft.fftn(d, axes=space)) ** 2, axis=tuple(range(d.ndim - axes))) for d in departures)
    return float(np.sum(squares * (waves <= SMOOTH_WAVES)) / (np.sum(squares) or 1.0))
