from itertools import pairwise

import numpy as np


def logistic(u, rho, t):
    growth = np.exp(rho * t)
    return u * growth / (1 + u * (growth - 1))


def solver(u0_batch, t_coordinate, nu, rho):
    n = u0_batch.shape[1]
    k = 2 * np.pi * np.arange(n // 2 + 1)
    u = np.array(u0_batch)
    frames = [u]
    for a, b in pairwise(t_coordinate):
        steps = 1
        dt = (b - a) / steps
        for _ in range(steps):
            u = logistic(u, rho, dt / 2)
            u = np.fft.irfft(np.exp(-nu * k**2 * dt) * np.fft.rfft(u), n)
            u = logistic(u, rho, dt / 2)
        frames.append(u)
    return np.stack(frames, axis=1)
