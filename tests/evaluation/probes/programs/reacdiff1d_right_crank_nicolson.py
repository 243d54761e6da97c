from itertools import pairwise

import numpy as np
from scipy.sparse import diags, identity
from scipy.sparse.linalg import splu


def solver(u0_batch, t_coordinate, nu, rho):
    n = u0_batch.shape[1]
    laplace = diags([1.0, 1.0, -2.0, 1.0, 1.0], [-n + 1, -1, 0, 1, n - 1], shape=(n, n)) * nu * n**2
    u = np.array(u0_batch).T
    frames = [u.T]
    for a, b in pairwise(t_coordinate):
        steps = 2
        dt = (b - a) / steps
        implicit = splu((identity(n) - 0.5 * dt * laplace).tocsc())
        for _ in range(steps):
            guess = u
            for _ in range(3):
                middle = 0.5 * (u + guess)
                guess = implicit.solve(u + 0.5 * dt * (laplace @ u) + dt * rho * middle * (1 - middle))
            u = guess
        frames.append(u.T)
    return np.stack(frames, axis=1)
