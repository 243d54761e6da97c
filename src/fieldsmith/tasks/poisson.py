"""-div(a grad u) = f on the unit square, u = 0 on the boundary, a constant on the control volume of each node.

Nodes x_j = j h, h = 1/(N - 1), include the boundary. Each control volume is split into k x k cells, k odd, whose
centres are the points of a grid of spacing h/k that contains the nodes; interfaces of the coefficient then lie on
faces, where the harmonic average is exact for flow across them.
"""

import numpy as np
from scipy import fft


def split_volumes(a: np.ndarray, k: int) -> np.ndarray:
    """Coefficient [n, n] at the points of the k times finer grid, [(n - 1) k + 1] squared."""
    n = a.shape[-1]
    owner = (np.arange((n - 1) * k + 1) + k // 2) // k
    return a[..., owner[:, None], owner[None, :]]


def solve_split(a: np.ndarray, k: int, source: float, tolerance: float = 1e-8) -> np.ndarray:
    """Solution at the nodes, [n, n], for one coefficient field [n, n].

    Conservative five-point scheme; conjugate gradients preconditioned by the exact inverse of the Laplacian with
    a constant coefficient (fast sine transform), which converges by (sqrt(c) - 1)/(sqrt(c) + 1) an iteration for a
    coefficient of contrast c. `tolerance` is the relative size of the preconditioned residual.
    """
    fine = split_volumes(a, k)
    h = 1.0 / (fine.shape[0] - 1)
    west = _harmonic(fine[:-1, 1:-1], fine[1:, 1:-1])
    south = _harmonic(fine[1:-1, :-1], fine[1:-1, 1:])
    diagonal = west[:-1] + west[1:] + south[:, :-1] + south[:, 1:]
    size = fine.shape[0] - 2
    eigenvalues = 4.0 * np.sin(np.pi * np.arange(1, size + 1) / (2.0 * (size + 1))) ** 2
    inverse = 1.0 / ((eigenvalues[:, None] + eigenvalues[None, :]) * float(np.sqrt(a.min() * a.max())))

    def apply(u: np.ndarray) -> np.ndarray:
        out = diagonal * u
        out[1:] -= west[1:-1] * u[:-1]
        out[:-1] -= west[1:-1] * u[1:]
        out[:, 1:] -= south[:, 1:-1] * u[:, :-1]
        out[:, :-1] -= south[:, 1:-1] * u[:, 1:]
        return out

    def precondition(r: np.ndarray) -> np.ndarray:
        return np.asarray(fft.idstn(fft.dstn(r, type=1) * inverse, type=1))

    r = np.full((size, size), source * h * h)
    u = np.zeros_like(r)
    z = precondition(r)
    p, rz = z.copy(), float(np.vdot(r, z))
    stop = rz * tolerance**2
    while rz > stop:
        image = apply(p)
        step = rz / float(np.vdot(p, image))
        u += step * p
        r -= step * image
        z = precondition(r)
        rz, before = float(np.vdot(r, z)), rz
        p = z + (rz / before) * p
    nodes = np.zeros(a.shape)
    nodes[1:-1, 1:-1] = u[k - 1 :: k, k - 1 :: k]
    return nodes


def _harmonic(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return 2.0 * one * other / (one + other)
