"""A solver in the style of CodePDE, to be scored: fieldsmith evaluate advection examples/upwind.py"""

import numpy as np


def solver(u0_batch, t_coordinate, beta):
    """First-order upwind differences; prints what it does, as such programs do."""
    batch, n = u0_batch.shape
    frames = np.empty((batch, len(t_coordinate), n), dtype=np.float32)
    frames[:, 0] = u = u0_batch
    for k in range(1, len(t_coordinate)):
        interval = t_coordinate[k] - t_coordinate[k - 1]
        steps = max(1, int(np.ceil(interval * beta * n / 0.9)))
        for _ in range(steps):
            u = u - beta * interval / steps * n * (u - np.roll(u, 1, axis=1))
        frames[:, k] = u
    print(f"advanced to t = {t_coordinate[-1]}")
    return frames
