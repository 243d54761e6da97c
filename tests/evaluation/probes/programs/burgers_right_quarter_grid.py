"""Godunov's scheme on a quarter of the points, whose answer is interpolated between them: right, and coarse."""

from itertools import pairwise

import numpy as np


def solver(u0_batch, t_coordinate, nu):
    samples, points = u0_batch.shape
    n = points // 4
    u = u0_batch.reshape(samples, n, 4).mean(axis=2)
    own, given = (np.arange(n) + 0.5) / n, (np.arange(points) + 0.5) / points
    frames = [u0_batch]
    for a, b in pairwise(t_coordinate):
        steps = max(1, int(np.ceil((b - a) * (np.abs(u).max() * n + 2 * nu * n**2) / 0.8)))
        for _ in range(steps):
            right = np.roll(u, -1, axis=1)
            flux = np.maximum(np.maximum(u, 0) ** 2, np.minimum(right, 0) ** 2) / 2 - nu * n * (right - u)
            u = u - (b - a) / steps * n * (flux - np.roll(flux, 1, axis=1))
        frames.append(np.stack([np.interp(given, own, sample, period=1) for sample in u]))
    return np.stack(frames, axis=1)
