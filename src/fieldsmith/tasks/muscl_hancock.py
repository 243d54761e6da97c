"""Finite volumes for the one-dimensional compressible Navier-Stokes equations with shocks, periodic in x.

MUSCL-Hancock (van Leer; Toro, Riemann Solvers and Numerical Methods for Fluid Dynamics, chapter 14): limited linear
profiles of the primitive variables, half a step forward inside each cell, HLLC fluxes between cells. Second order where
the flow is smooth, first at shocks, conservative to rounding; stable up to a Courant number of 1. The viscous part
acts before and after each step for half its length (Strang), explicitly, in as many parts as its own limit asks for.
"""

import math

import numpy as np

GAMMA = 5.0 / 3.0
State = tuple[np.ndarray, ...]
VISCOUS_LIMIT = 0.4
"""mu dt / (density h^2) a viscous part may have; 1/2 is the limit of stability."""


def finite_volume_solution(start: State, length: float, times: np.ndarray, mu: float, courant: float = 0.8) -> State:
    """Velocity, density and pressure [batch, time, points], `start` being values [batch, points] at cell centres.

    Each sample takes steps of its own length.
    """
    samples = [_one_solution(np.stack(fields), length, times, mu, courant) for fields in zip(*start, strict=True)]
    v, r, p = np.stack(samples, axis=1)
    return v, r, p


def _one_solution(start: np.ndarray, length: float, times: np.ndarray, mu: float, courant: float) -> np.ndarray:
    """[3 fields, time, points] of one sample."""
    h = length / start.shape[-1]
    state, frames, t = _conserved(start), [start], float(times[0])
    for target in times[1:]:
        while t < target - 1e-14:
            fields = _primitive(state)
            speed = float((np.abs(fields[0]) + np.sqrt(GAMMA * fields[2] / fields[1])).max())
            dt = min(courant * h / speed, float(target) - t)
            _diffuse(state, 0.5 * dt, h, mu)
            state += dt / h * _flux_difference(_primitive(state), dt / h)
            _diffuse(state, 0.5 * dt, h, mu)
            t += dt
        frames.append(_primitive(state))
    return np.stack(frames, axis=1)


def _conserved(fields: np.ndarray) -> np.ndarray:
    v, r, p = fields
    return np.stack([r, r * v, p / (GAMMA - 1.0) + 0.5 * r * v**2])


def _primitive(state: np.ndarray) -> np.ndarray:
    r, momentum, energy = state
    v = momentum / r
    return np.stack([v, r, (GAMMA - 1.0) * (energy - 0.5 * momentum * v)])


def _diffuse(state: np.ndarray, dt: float, h: float, mu: float) -> None:
    """Viscous stress on momentum, and its work on energy, for `dt`, in place."""
    r = state[0]
    parts = math.ceil(dt * mu / (VISCOUS_LIMIT * h**2 * float(r.min())))
    for _ in range(parts):
        v = state[1] / r
        following = np.roll(v, -1)
        stress = (following - v) * (mu * dt / (parts * h**2))
        work = 0.5 * stress * (following + v)
        state[1] += stress - np.roll(stress, 1)
        state[2] += work - np.roll(work, 1)


def _flux_difference(fields: np.ndarray, ratio: float) -> np.ndarray:
    """Flux into each cell minus flux out of it; `ratio` is dt/h."""
    padded = np.concatenate([fields[:, -2:], fields, fields[:, :2]], axis=1)
    slope = _limited(padded)
    v, r, p = inner = padded[:, 1:-1]
    rate = np.stack([v * slope[0] + slope[2] / r, v * slope[1] + r * slope[0], v * slope[2] + GAMMA * p * slope[0]])
    middle = inner - (0.5 * ratio) * rate
    slope *= 0.5
    lower, upper = middle - slope, middle + slope
    for side in (lower, upper):
        empty = (side[1] <= 0.0) | (side[2] <= 0.0)
        if empty.any():
            side[:, empty] = inner[:, empty]
    flux = _hllc(upper[:, :-1], lower[:, 1:])
    return flux[:, :-1] - flux[:, 1:]


def _limited(u: np.ndarray) -> np.ndarray:
    """Monotonized central slope times h of all cells but the first and the last."""
    steps = u[:, 1:] - u[:, :-1]
    before, after = steps[:, :-1], steps[:, 1:]
    central = 0.5 * (before + after)
    size = np.minimum(2.0 * np.minimum(np.abs(before), np.abs(after)), np.abs(central))
    return np.where(before * after > 0.0, np.copysign(size, central), 0.0)


def _hllc(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """HLLC flux [3, faces] of mass, momentum and energy between states [v, r, p] on either side of each face."""
    vl, rl, pl = left
    vr, rr, pr = right
    cl, cr = np.sqrt(GAMMA * pl / rl), np.sqrt(GAMMA * pr / rr)
    sl, sr = np.minimum(vl - cl, vr - cr), np.maximum(vl + cl, vr + cr)
    ml, mr = rl * (sl - vl), rr * (sr - vr)
    contact = (pr - pl + vl * ml - vr * mr) / (ml - mr)
    from_left = contact >= 0.0
    v, r, p = np.where(from_left, left, right)
    s, m = np.where(from_left, sl, sr), np.where(from_left, ml, mr)
    energy = p / (GAMMA - 1.0) + 0.5 * r * v**2
    outside = np.where(from_left, sl >= 0.0, sr <= 0.0)
    star = m / (s - contact)
    energy_star = star * (energy / r + (contact - v) * (contact + p / m))
    reach = np.where(outside, 0.0, s)
    mass = r * v
    return np.stack(
        [
            mass + reach * (star - r),
            mass * v + p + reach * (star * contact - mass),
            (energy + p) * v + reach * (energy_star - energy),
        ]
    )
