"""A gas in conservation form whose viscosity is off by 1/pi, in the balances of momentum and of energy alike."""

import numpy as np

GAMMA = 5.0 / 3.0


def ddx(f, dx):
    return (8 * (np.roll(f, -1, 1) - np.roll(f, 1, 1)) - (np.roll(f, -2, 1) - np.roll(f, 2, 1))) / (12 * dx)


def rate(state, dx, mu):
    rho, m, e = state
    v = m / rho
    p = (GAMMA - 1) * (e - 0.5 * m * v)
    stress = mu * ddx(v, dx)
    return np.stack([-ddx(m, dx), -ddx(m * v + p - stress, dx), -ddx((e + p) * v - v * stress, dx)])


def solver(Vx0, density0, pressure0, t_coordinate, eta, zeta):  # noqa: N803
    dx = 2.0 / Vx0.shape[1]
    mu = (zeta + 4.0 / 3.0 * eta) / np.pi
    state = np.stack([density0, density0 * Vx0, pressure0 / (GAMMA - 1) + 0.5 * density0 * Vx0**2])
    frames = [(Vx0, density0, pressure0)]
    for k in range(1, len(t_coordinate)):
        span = t_coordinate[k] - t_coordinate[k - 1]
        rho, m, e = state
        c = np.abs(m / rho).max() + np.sqrt(GAMMA * ((GAMMA - 1) * (e - 0.5 * m * m / rho) / rho).max())
        steps = int(np.ceil(span / min(0.4 * dx / c, 0.3 * dx * dx / (mu / rho.min()))))
        h = span / steps
        for _ in range(steps):
            a = rate(state, dx, mu)
            b = rate(state + h * a, dx, mu)
            d = rate(state + h / 4 * (a + b), dx, mu)
            state = state + h / 6 * (a + b + 4 * d)
        rho, m, e = state
        frames.append((m / rho, rho, (GAMMA - 1) * (e - 0.5 * m * m / rho)))
    return tuple(np.stack([f[i] for f in frames], 1) for i in range(3))
