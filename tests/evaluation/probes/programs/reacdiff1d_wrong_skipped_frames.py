from itertools import pairwise

import numpy as np


def solver(u0_batch, t_coordinate, nu, rho):
    n = u0_batch.shape[1]
    k = 2 * np.pi * np.arange(n // 2 + 1)
    u = np.array(u0_batch)
    frames = [u]
    for a, b in pairwise(t_coordinate):
        steps = int((b - a) / 0.02)
        for _ in range(steps):
            dt = (b - a) / steps
            decay = np.exp(-nu * k**2 * dt / 2)
            u = np.fft.irfft(decay * np.fft.rfft(u), n)
            growth = np.exp(rho * dt)
            u = u * growth / (1 + u * (growth - 1))
            u = np.fft.irfft(decay * np.fft.rfft(u), n)
        frames.append(u)
    return np.stack(frames, axis=1)
