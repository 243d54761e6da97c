import numpy as np


def solver(u0_batch, t_coordinate, beta):
    u = np.array(u0_batch)
    N = u.shape[1]
    dx = 1 / N
    out = [u]
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        n = max(1, int(np.ceil((b - a) * np.abs(u).max() * N / 0.4)))
        h = (b - a) / n
        for _ in range(n):
            r = np.roll(u, -1, 1)
            c = np.maximum(np.abs(u), np.abs(r))
            F = 0.25 * (u * u + r * r) - 0.5 * c * (r - u)
            u = u - h / dx * (F - np.roll(F, 1, 1))
        out.append(u)
    return np.stack(out, 1)
