from itertools import pairwise

import numpy as np


def solver(u0_batch, t_coordinate, nu, rho):
    n = u0_batch.shape[1]
    k = 2 * np.pi * np.arange(n // 2 + 1)
    u = np.array(u0_batch)
    frames = [u]
    for a, b in pairwise(t_coordinate):
        steps = max(1, int(np.ceil((b - a) / 1e-3)))
        dt = (b - a) / steps
        for _ in range(steps):
            half = 0.5 * dt * nu * k**2
            reaction = np.fft.rfft(rho * u * (1 - u))
            u = np.fft.irfft(((1 - half) * np.fft.rfft(u) + 0.5 * dt * reaction) / (1 + half), n)
        frames.append(u)
    return np.stack(frames, axis=1)
