from itertools import pairwise

import numpy as np


def rate(u, dx, nu):
    right, left = np.roll(u, -1, axis=1), np.roll(u, 1, axis=1)
    transport = (left**2 - right**2) / (4 * dx)
    diffusion = nu * (right - 2 * u + left) / dx**2
    return diffusion - transport


def solver(u0_batch, t_coordinate, nu):
    u = np.array(u0_batch)
    dx = 1.0 / u.shape[1]
    frames = [u]
    for a, b in pairwise(t_coordinate):
        steps = max(1, int(np.ceil((b - a) / min(0.4 * dx**2 / nu, 0.4 * dx / np.abs(u).max()))))
        dt = (b - a) / steps
        for _ in range(steps):
            k1 = rate(u, dx, nu)
            k2 = rate(u + 0.5 * dt * k1, dx, nu)
            k3 = rate(u + 0.5 * dt * k2, dx, nu)
            k4 = rate(u + dt * k3, dx, nu)
            u = u + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        frames.append(u)
    return np.stack(frames, axis=1)
