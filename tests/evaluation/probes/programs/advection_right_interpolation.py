from itertools import pairwise

import numpy as np


def solver(u0_batch, t_coordinate, beta):
    n = u0_batch.shape[1]
    x = (np.arange(n) + 0.5) / n
    frames = [u0_batch]
    for a, b in pairwise(t_coordinate):
        feet = (x - beta * (b - a)) % 1.0
        frames.append(np.stack([np.interp(feet, x, u, period=1.0) for u in frames[-1]]))
    return np.stack(frames, axis=1)
