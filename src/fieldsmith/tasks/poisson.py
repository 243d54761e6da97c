"""-div(a grad u) = f on the unit square, u = 0 on the boundary, a constant on the control volume of each point.

Points are either nodes x_j = j h, h = 1/(N - 1), boundary included, or cell centres x_j = (j + 1/2) h, h = 1/N. Each
control volume is split into k x k cells, k odd, whose centres are the points of a grid of spacing h/k that contains the
given ones; interfaces of the coefficient then lie on faces, where the harmonic average is exact for flow across them.
"""

import numpy as np
from scipy import fft

from fieldsmith.equations.equation import Nodes


def split_volumes(a: np.ndarray, k: int, nodes: Nodes = "endpoints") -> np.ndarray:
    """Coefficient [n, n] at the points of the k times finer grid, (n - 1) k + 1 a side, n k with cell centres."""
    n = a.shape[-1]
    owner = np.arange(n * k) // k if nodes == "cell_centres" else (np.arange((n - 1) * k + 1) + k // 2) // k
    return a[..., owner[:, None], owner[None, :]]


def solve_split(
    a: np.ndarray, k: int, source: float, tolerance: float = 1e-8, nodes: Nodes = "endpoints"
) -> np.ndarray:
    """Solution at the given points, [n, n], for one coefficient field [n, n].

    Conservative five-point scheme; conjugate gradients preconditioned by the exact inverse of the Laplacian with
    a constant coefficient (fast sine transform), which converges by (sqrt(c) - 1)/(sqrt(c) + 1) an iteration for a
    coefficient of contrast c. `tolerance` is the relative size of the preconditioned residual.
    """
    centred = nodes == "cell_centres"
    west, south, h = _conductances(split_volumes(a, k, nodes), centred)
    diagonal = west[:-1] + west[1:] + south[:, :-1] + south[:, 1:]
    size = diagonal.shape[0]
    kind = 2 if centred else 1  # the sine transform whose waves vanish on the boundary
    eigenvalues = 4.0 * np.sin(np.pi * np.arange(1, size + 1) / (2.0 * (size if centred else size + 1))) ** 2
    inverse = 1.0 / ((eigenvalues[:, None] + eigenvalues[None, :]) * float(np.sqrt(a.min() * a.max())))

    def apply(u: np.ndarray) -> np.ndarray:
        out = diagonal * u
        out[1:] -= west[1:-1] * u[:-1]
        out[:-1] -= west[1:-1] * u[1:]
        out[:, 1:] -= south[:, 1:-1] * u[:, :-1]
        out[:, :-1] -= south[:, 1:-1] * u[:, 1:]
        return out

    def precondition(r: np.ndarray) -> np.ndarray:
        return np.asarray(fft.idstn(fft.dstn(r, type=kind) * inverse, type=kind))

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
    if centred:
        return u[k // 2 :: k, k // 2 :: k].copy()
    answer = np.zeros(a.shape)
    answer[1:-1, 1:-1] = u[k - 1 :: k, k - 1 :: k]
    return answer


def _conductances(fine: np.ndarray, centred: bool) -> tuple[np.ndarray, np.ndarray, float]:
    """Flux across faces along x and along y for a difference of one, and the spacing; boundary faces come with them."""
    if not centred:
        west = _harmonic(fine[:-1, 1:-1], fine[1:, 1:-1])
        return west, _harmonic(fine[1:-1, :-1], fine[1:-1, 1:]), 1.0 / (fine.shape[0] - 1)
    # The boundary is half a spacing away from the outermost points.
    west = np.concatenate([2.0 * fine[:1], _harmonic(fine[:-1], fine[1:]), 2.0 * fine[-1:]])
    south = np.concatenate([2.0 * fine[:, :1], _harmonic(fine[:, :-1], fine[:, 1:]), 2.0 * fine[:, -1:]], axis=1)
    return west, south, 1.0 / fine.shape[0]


def _harmonic(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return 2.0 * one * other / (one + other)
