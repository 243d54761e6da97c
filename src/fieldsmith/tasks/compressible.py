"""Trusted solvers for the one-dimensional compressible Navier-Stokes equations of an ideal gas, periodic in x.

Fields are velocity v, density r, pressure p, each [batch, points]. In primitive form, with mu = zeta + 4/3 eta:

    r_t = -(r v)_x
    v_t = -v v_x - p_x / r + mu v_xx / r
    p_t = -v p_x - Gamma p v_x + (Gamma - 1) mu v_x^2
"""

import numpy as np

from fieldsmith.tasks.fourier import etdrk4_step, irfft, phi_coefficients, resample, rfft, wave_numbers

GAMMA = 5.0 / 3.0
State = tuple[np.ndarray, ...]


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
            v, r, p = (irfft(s, points) for s in spectra)
            v_x, p_x = irfft(ik * spectra[0], points), irfft(ik * spectra[2], points)
            v_xx = irfft(-(k**2) * spectra[0], points)
            return kept * np.stack(
                [
                    rfft(-v * v_x + (mu * v_xx - p_x) / r) + majorant * k**2 * spectra[0],
                    -ik * rfft(r * v),
                    rfft(-v * p_x - GAMMA * p * v_x + (GAMMA - 1.0) * mu * v_x**2),
                ]
            )

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


def finite_volume_solution(start: State, length: float, times: np.ndarray, mu: float, courant: float = 0.45) -> State:
    """Fields [batch, time, points] of flows with shocks, `start` being values at cell centres.

    Conservative finite volumes: fifth-order WENO reconstruction of the primitive variables (Jiang and Shu, J. Comput.
    Phys. 126, 1996), HLLC flux (Toro), central viscous fluxes, SSP Runge-Kutta of order 3, adaptive steps.
    """
    h = length / start[0].shape[-1]
    state = _conserved(start)
    frames = [start]
    t = float(times[0])
    for target in times[1:]:
        while t < target - 1e-14:
            v, r, p = _primitive(state)
            speed = float((np.abs(v) + np.sqrt(GAMMA * p / r)).max())
            dt = min(courant * h / speed, 0.4 * h**2 * float(r.min()) / max(mu, 1e-300), float(target) - t)
            one = state + dt * _divergence(state, h, mu)
            two = 0.75 * state + 0.25 * (one + dt * _divergence(one, h, mu))
            state = (state + 2.0 * (two + dt * _divergence(two, h, mu))) / 3.0
            t += dt
        frames.append(_primitive(state))
    v, r, p = (np.stack([frame[i] for frame in frames], axis=1) for i in range(3))
    return v, r, p


def _conserved(fields: State) -> np.ndarray:
    v, r, p = fields
    return np.stack([r, r * v, p / (GAMMA - 1.0) + 0.5 * r * v**2])


def _primitive(state: np.ndarray) -> State:
    r = state[0]
    v = state[1] / r
    return v, r, (GAMMA - 1.0) * (state[2] - 0.5 * r * v**2)


def _divergence(state: np.ndarray, h: float, mu: float) -> np.ndarray:
    """Minus the difference of the fluxes through each cell's faces over h."""
    fields = np.stack(_primitive(state))
    left, right = _weno(fields), np.roll(_weno(fields[..., ::-1])[..., ::-1], -1, axis=-1)
    for side in (left, right):
        bad = (side[1] <= 0.0) | (side[2] <= 0.0)
        cells = fields if side is left else np.roll(fields, -1, axis=-1)
        side[:, bad] = cells[:, bad]
    flux = _hllc(left, right)
    v = fields[0]
    v_x = (np.roll(v, -1, axis=-1) - v) / h
    stress = mu * v_x
    flux[1] -= stress
    flux[2] -= stress * 0.5 * (np.roll(v, -1, axis=-1) + v)
    return -(flux - np.roll(flux, 1, axis=-1)) / h


def _weno(u: np.ndarray) -> np.ndarray:
    """Left-biased value at the right face of each cell."""
    a, b, d, e = (np.roll(u, shift, axis=-1) for shift in (2, 1, -1, -2))
    c = u
    b0 = 13 / 12 * (a - 2 * b + c) ** 2 + 0.25 * (a - 4 * b + 3 * c) ** 2
    b1 = 13 / 12 * (b - 2 * c + d) ** 2 + 0.25 * (b - d) ** 2
    b2 = 13 / 12 * (c - 2 * d + e) ** 2 + 0.25 * (3 * c - 4 * d + e) ** 2
    w0, w1, w2 = 0.1 / (1e-12 + b0) ** 2, 0.6 / (1e-12 + b1) ** 2, 0.3 / (1e-12 + b2) ** 2
    q0 = (2 * a - 7 * b + 11 * c) / 6
    q1 = (-b + 5 * c + 2 * d) / 6
    q2 = (2 * c + 5 * d - e) / 6
    return (w0 * q0 + w1 * q1 + w2 * q2) / (w0 + w1 + w2)


def _hllc(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """HLLC flux between primitive states [v, r, p]."""
    vl, rl, pl = left
    vr, rr, pr = right
    cl, cr = np.sqrt(GAMMA * pl / rl), np.sqrt(GAMMA * pr / rr)
    sl, sr = np.minimum(vl - cl, vr - cr), np.maximum(vl + cl, vr + cr)
    middle = (pr - pl + rl * vl * (sl - vl) - rr * vr * (sr - vr)) / (rl * (sl - vl) - rr * (sr - vr))

    def star(fields: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        v, r, p = fields
        q = _conserved((v, r, p))
        f = np.stack([q[1], q[1] * v + p, (q[2] + p) * v])
        scale = r * (s - v) / (s - middle)
        q_star = scale * np.stack([np.ones_like(v), middle, q[2] / r + (middle - v) * (middle + p / (r * (s - v)))])
        return f, f + s * (q_star - q)

    fl, fl_star = star(left, sl)
    fr, fr_star = star(right, sr)
    return np.where(sl >= 0, fl, np.where(middle >= 0, fl_star, np.where(sr > 0, fr_star, fr)))
