"""Linear interpolation of the shifted samples; across what looks like a jump each side is continued up to its middle."""

import numpy as np


def solver(u0_batch, t_coordinate, beta):
    n = u0_batch.shape[1]
    rise = np.roll(u0_batch, -1, 1) - u0_batch
    bend = np.minimum(abs(rise - np.roll(rise, 1, 1)), abs(np.roll(rise, -1, 1) - rise))
    jump = bend > 0.05
    frames = []
    for t in t_coordinate:
        place = np.arange(n) - beta * t * n
        left = np.floor(place).astype(int)
        part = place - left
        left, right = left % n, (left + 1) % n
        from_left = u0_batch[:, left] + part * rise[:, left - 1]
        from_right = u0_batch[:, right] - (1 - part) * rise[:, right]
        cut = np.where(part < 0.5, from_left, from_right)
        frames.append(np.where(jump[:, left], cut, u0_batch[:, left] + part * rise[:, left]))
    return np.stack(frames, 1)
