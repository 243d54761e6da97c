"""Fourier in space, two thirds of the modes, RK4 in time, on the given grid."""

import numpy as np

GAMMA = 5 / 3


def solver(Vx0, density0, pressure0, t_coordinate, eta, zeta):
    n, mu = Vx0.shape[1], zeta + 4 / 3 * eta
    k = np.pi * np.fft.rfftfreq(n, 1 / n)
    kept = k <= 2 / 3 * k[-1]

    def slope(f, order=1):
        return np.fft.irfft((1j * k) ** order * kept * np.fft.rfft(f), n)

    def rate(w):
        v, r, p = w
        v_x = slope(v)
        return np.stack(
            [
                -v * v_x + (mu * slope(v, 2) - slope(p)) / r,
                -slope(r * v),
                -v * slope(p) - GAMMA * p * v_x + (GAMMA - 1) * mu * v_x**2,
            ]
        )

    w = np.stack([Vx0, density0, pressure0])
    frames = [w]
    for span in np.diff(t_coordinate):
        speed = (abs(w[0]) + np.sqrt(GAMMA * abs(w[2] / w[1]))).max()
        steps = min(2000, int(np.ceil(span * (speed * k[-1] + mu / abs(w[1]).min() * k[-1] ** 2))))
        for _ in range(steps):
            dt = span / steps
            a = rate(w)
            b = rate(w + dt / 2 * a)
            c = rate(w + dt / 2 * b)
            w = w + dt / 6 * (a + 2 * b + 2 * c + rate(w + dt * c))
        frames.append(w)
    return tuple(np.stack(frames, 2))
