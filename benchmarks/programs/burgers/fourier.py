"""Fourier in space, two thirds of the modes, ETDRK4 in time, on the given grid."""

import numpy as np


def solver(u0_batch, t_coordinate, nu):
    n = u0_batch.shape[1]
    k = 2 * np.pi * np.fft.rfftfreq(n, 1 / n)
    kept = k <= 2 / 3 * k[-1]
    steps = int(np.ceil((t_coordinate[1] - t_coordinate[0]) * abs(u0_batch).max() * k[-1] / 2))
    dt = (t_coordinate[1] - t_coordinate[0]) / steps
    r = -nu * k[:, None] ** 2 * dt + np.exp(1j * np.pi * (np.arange(16) + 0.5) / 16)
    e = np.exp(r)
    full, half = np.exp(-nu * k**2 * dt), np.exp(-nu * k**2 * dt / 2)
    q = dt * ((np.exp(r / 2) - 1) / r).real.mean(1)
    f1 = dt * ((-4 - r + e * (4 - 3 * r + r**2)) / r**3).real.mean(1)
    f2 = dt * 2 * ((2 + r + e * (r - 2)) / r**3).real.mean(1)
    f3 = dt * ((-4 - 3 * r - r**2 + e * (4 - r)) / r**3).real.mean(1)

    def rest(v):
        return -0.5j * k * kept * np.fft.rfft(np.fft.irfft(v, n) ** 2)

    v, frames = np.fft.rfft(u0_batch), [u0_batch]
    for _ in t_coordinate[1:]:
        for _ in range(steps):
            at_v = rest(v)
            a = half * v + q * at_v
            at_a = rest(a)
            b = half * v + q * at_a
            at_b = rest(b)
            c = half * a + q * (2 * at_b - at_v)
            v = full * v + f1 * at_v + f2 * (at_a + at_b) + f3 * rest(c)
        frames.append(np.fft.irfft(v, n))
    return np.stack(frames, 1)
