"""Splitting on three quarters of the points, between which it interpolates: right."""

from itertools import pairwise

import numpy as np


def solver(u0_batch, t_coordinate, nu, rho):
    points = u0_batch.shape[1]
    n = 3 * points // 4
    own, given = (np.arange(n) + 0.5) / n, (np.arange(points) + 0.5) / points
    u = np.stack([np.interp(own, given, sample, period=1) for sample in u0_batch])
    decay = nu * (2 * np.pi * np.arange(n // 2 + 1)) ** 2
    frames = [u0_batch]
    for a, b in pairwise(t_coordinate):
        growth = np.exp(rho * (b - a) / 20)
        for _ in range(10):
            u = u * growth / (1 + u * (growth - 1))
            u = np.fft.irfft(np.fft.rfft(u) * np.exp(-decay * (b - a) / 10), n)
            u = u * growth / (1 + u * (growth - 1))
        frames.append(np.stack([np.interp(given, own, sample, period=1) for sample in u]))
    return np.stack(frames, axis=1)
