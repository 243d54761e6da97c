from itertools import pairwise

import numpy as np


def solver(u0_batch, t_coordinate, nu, rho):
    n = u0_batch.shape[1]
    k = 2 * np.pi * np.arange(n // 2 + 1)
    u = np.array(u0_batch)
    frames = [u]
    for a, b in pairwise(t_coordinate):
        dt = b - a
        rhs = np.fft.rfft(u + dt * rho * u * (1 - u))
        u = np.fft.irfft(rhs / (1 + dt * nu * k**2), n)
        frames.append(u)
    return np.stack(frames, axis=1)
