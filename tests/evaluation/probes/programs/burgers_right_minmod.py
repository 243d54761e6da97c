from itertools import pairwise

import numpy as np


def minmod(a, b):
    return np.where(a * b > 0, np.where(np.abs(a) < np.abs(b), a, b), 0.0)


def rate(u, dx, nu):
    slope = minmod(u - np.roll(u, 1, axis=1), np.roll(u, -1, axis=1) - u)
    left = u + 0.5 * slope
    right = np.roll(u - 0.5 * slope, -1, axis=1)
    speed = np.maximum(np.abs(left), np.abs(right))
    flux = 0.25 * (left**2 + right**2) - 0.5 * speed * (right - left)
    flux = flux - nu * (np.roll(u, -1, axis=1) - u) / dx
    return -(flux - np.roll(flux, 1, axis=1)) / dx


def solver(u0_batch, t_coordinate, nu):
    u = np.array(u0_batch)
    dx = 1.0 / u.shape[1]
    frames = [u]
    for a, b in pairwise(t_coordinate):
        limit = 0.4 / (np.abs(u).max() / dx + 2 * nu / dx**2)
        steps = max(1, int(np.ceil((b - a) / limit)))
        dt = (b - a) / steps
        for _ in range(steps):
            v = u + dt * rate(u, dx, nu)
            u = 0.5 * (u + v + dt * rate(v, dx, nu))
        frames.append(u)
    return np.stack(frames, axis=1)
