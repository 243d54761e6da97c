"""Fourier method for the one-dimensional compressible Navier-Stokes equations of an ideal gas, periodic in x.

Fields are velocity v, density r, pressure p, each [batch, points]. In primitive form, with mu = zeta + 4/3 eta:

    r_t = -(r v)_x
    v_t = -v v_x - p_x / r + mu v_xx / r
    p_t = -v p_x - Gamma p v_x + (Gamma - 1) mu v_x^2
"""

import numpy as np

from fieldsmith.tasks.fourier import etdrk4_step, irfft, phi_coefficients, resample, rfft, wave_numbers
from fieldsmith.tasks.muscl_hancock import GAMMA, State


def spectral_solution(
    start: State, length: float, times: np.ndarray, mu: float, points: int, new_points: int, courant: float
) -> State:
    """Fields [batch, time, new_points] at cell centres, `start` being samples at `points` cell centres.

    Fourier pseudo-spectral with 2/3 dealiasing; ETDRK4 in time, where each sample's viscous term is split into a
    constant diffusivity midway between its extremes, taken exactly, and a remainder too small to limit the step.
    Needs smooth, resolved states. `courant` is the distance a wave travels a step times the largest wave number.
    """
    k = wave_numbers(points, length)
    kept = (k <= 2.0 / 3.0 * k[-1]).astype(float)
    ik = 1j * k
    state = np.stack([rfft(field) * kept for field in start])
    frames = [_sampled(state, points, new_points)]
    for n in range(len(times) - 1):
        v, r, p = (irfft(s, points) for s in state)
        speed = float((np.abs(v) + np.sqrt(GAMMA * p / r)).max())
        interval = float(times[n + 1] - times[n])
        steps = max(1, int(np.ceil(interval * speed * k[kept > 0][-1] / courant)))
        inverse = mu / r
        majorant = 0.5 * (inverse.min(axis=1) + inverse.max(axis=1))[:, None]
        linear = np.zeros((3, *state.shape[1:]))
        linear[0] = -majorant * k**2
        coefficients = phi_coefficients(linear, interval / steps)

        def rates(spectra: np.ndarray, majorant: np.ndarray = majorant) -> np.ndarray:
            slopes = ik * spectra[0], ik * spectra[2], -(k**2) * spectra[0]
            v, r, p, v_x, p_x, v_xx = irfft(np.stack([*spectra, *slopes]), points)
            force, mass, work = rfft(
                np.stack(
                    [-v * v_x + (mu * v_xx - p_x) / r, r * v, (GAMMA - 1.0) * mu * v_x**2 - v * p_x - GAMMA * p * v_x]
                )
            )
            return kept * np.stack([force + majorant * k**2 * spectra[0], -ik * mass, work])

        for _ in range(steps):
            state = etdrk4_step(state, rates, coefficients)
        frames.append(_sampled(state, points, new_points))
    v, r, p = (np.stack([frame[i] for frame in frames], axis=1) for i in range(3))
    return v, r, p


def _sampled(state: np.ndarray, points: int, new_points: int) -> list[np.ndarray]:
    """Values at the cell centres of the scored grid, from the interpolant on a common multiple of it."""
    multiple = new_points * -(-points // new_points)
    shift = 0.5 / new_points - 0.5 / points
    return [irfft(resample(s, points, multiple, shift), multiple)[:, :: multiple // new_points] for s in state]
