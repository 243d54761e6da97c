"""The scheme of Lax and Friedrichs, diffusion by Fourier transforms: right, of first order, and very diffusive."""

from itertools import pairwise

import numpy as np


def solver(u0_batch, t_coordinate, nu):
    u = np.array(u0_batch)
    n = u.shape[1]
    decay = nu * (2 * np.pi * np.arange(n // 2 + 1)) ** 2
    frames = [u]
    for a, b in pairwise(t_coordinate):
        steps = max(1, int(np.ceil((b - a) * np.abs(u).max() * n / 0.9)))
        dt = (b - a) / steps
        for _ in range(steps):
            right, left = np.roll(u, -1, axis=1), np.roll(u, 1, axis=1)
            u = 0.5 * (right + left) - dt * n / 4 * (right**2 - left**2)
            u = np.fft.irfft(np.exp(-decay * dt) * np.fft.rfft(u), n)
        frames.append(u)
    return np.stack(frames, axis=1)
