"""Fourier tools for periodic fields sampled at equispaced points, last axis space."""

from collections.abc import Callable

import numpy as np
from scipy import fft

Spectrum = np.ndarray
Nonlinearity = Callable[[Spectrum], Spectrum]


def rfft(samples: np.ndarray) -> Spectrum:
    """Real transform along the last axis."""
    return np.asarray(fft.rfft(samples))


def irfft(spectrum: Spectrum, points: int) -> np.ndarray:
    """Inverse of `rfft` for `points` samples."""
    return np.asarray(fft.irfft(spectrum, points))


def wave_numbers(points: int, length: float) -> np.ndarray:
    """k of the real transform, [points // 2 + 1], radians a unit length."""
    return 2.0 * np.pi * np.arange(points // 2 + 1) / length


def resample(spectrum: Spectrum, points: int, new_points: int, shift: float = 0.0) -> Spectrum:
    """Real spectrum [..., points // 2 + 1] of samples for another number of samples, by padding or truncation.

    `shift` moves the samples by that fraction of the period, so that cell centres of one grid can be turned
    into cell centres of the other: shift = (1/new_points - 1/points) / 2. The Nyquist mode of the shorter
    grid is dropped.
    """
    kept = min(points, new_points) // 2 + min(points, new_points) % 2
    out = np.zeros((*spectrum.shape[:-1], new_points // 2 + 1), complex)
    turn = np.exp(2j * np.pi * shift * np.arange(kept))
    out[..., :kept] = spectrum[..., :kept] * turn * (new_points / points)
    return out


def centred(samples: np.ndarray, new_points: int) -> np.ndarray:
    """Trigonometric interpolation of cell-centre samples [..., n] to the cell centres of a grid of `new_points`."""
    points = samples.shape[-1]
    if points == new_points:
        return np.array(samples, float)
    shift = 0.5 / new_points - 0.5 / points
    return irfft(resample(rfft(samples), points, new_points, shift), new_points)


def etdrk4(
    start: Spectrum,
    linear: np.ndarray,
    nonlinear: Nonlinearity,
    times: np.ndarray,
    substeps: Callable[[int, Spectrum], int],
) -> list[Spectrum]:
    """Spectra at `times` of du/dt = linear u + nonlinear(u), `start` holding at times[0].

    `substeps(n, state)` is the number of equal ETDRK4 steps from times[n], where the spectrum is `state`, to times[n + 1].
    """
    frames, state, known, coefficients = [start], start, 0.0, ()
    for n in range(len(times) - 1):
        steps = substeps(n, state)
        dt = round(float(times[n + 1] - times[n]) / steps, 15)
        if dt != known:
            known, coefficients = dt, phi_coefficients(linear, dt)
        for _ in range(steps):
            state = etdrk4_step(state, nonlinear, coefficients)
        frames.append(state)
    return frames


def etdrk4_step(state: Spectrum, nonlinear: Nonlinearity, coefficients: tuple[np.ndarray, ...]) -> Spectrum:
    """One step of exponential time differencing of order 4 (Cox and Matthews, J. Comput. Phys. 176, 2002)."""
    full, half, q, f1, f2, f3 = coefficients
    at_start = nonlinear(state)
    a = half * state + q * at_start
    at_a = nonlinear(a)
    b = half * state + q * at_a
    at_b = nonlinear(b)
    c = half * a + q * (2.0 * at_b - at_start)
    return full * state + f1 * at_start + f2 * (at_a + at_b) + f3 * nonlinear(c)


def phi_coefficients(linear: np.ndarray, dt: float) -> tuple[np.ndarray, ...]:
    """ETDRK4's coefficients by contour integrals (Kassam and Trefethen, SIAM J. Sci. Comput. 26, 2005)."""
    z = dt * linear
    if np.isrealobj(linear):
        # By symmetry the upper half of the circle is enough for a real symbol.
        r = z[..., None] + np.exp(1j * np.pi * (np.arange(16) + 0.5) / 16)
    else:
        r = z[..., None] + np.exp(2j * np.pi * (np.arange(32) + 0.5) / 32)

    def mean(values: np.ndarray) -> np.ndarray:
        average = values.mean(axis=-1)
        return average.real if np.isrealobj(linear) else average

    e = np.exp(r)
    q = dt * mean((np.exp(r / 2) - 1.0) / r)
    f1 = dt * mean((-4.0 - r + e * (4.0 - 3.0 * r + r**2)) / r**3)
    f2 = dt * mean(2.0 * (2.0 + r + e * (r - 2.0)) / r**3)
    f3 = dt * mean((-4.0 - 3.0 * r - r**2 + e * (4.0 - r)) / r**3)
    return np.exp(z), np.exp(z / 2), q, f1, f2, f3
