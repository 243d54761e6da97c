"""Evolutions along one axis by the method of lines: central differences of eighth order, Radau IIA of fifth order with a tight tolerance.

None of the families discretises so. Grids are several times finer than the problems need: halving the points or the tolerance changes nothing that matters.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import scipy.sparse as sp
from scipy.integrate import solve_ivp
from scipy.interpolate import make_interp_spline

from fieldsmith.problems import Problem

Places = Mapping[str, np.ndarray]
Found = Callable[[Places], dict[str, np.ndarray]]
TOLERANCE = 1e-9
FIRST = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
SECOND = {0: -205 / 72, 1: 8 / 5, 2: -1 / 5, 3: 8 / 315, 4: -1 / 560}


class Ring:
    """Even points of a periodic axis, or of one with level ends as half of a ring (`mirrored`), with matrices of derivatives."""

    def __init__(self, low: float, high: float, points: int, mirrored: bool = False) -> None:
        self.low, self.length, self.mirrored = low, high - low, mirrored
        self.x = np.linspace(low, high, points + 1)[: points + mirrored]
        self.step = self.length / points
        self.first = self._matrix({**FIRST, **{-k: -w for k, w in FIRST.items()}}) / self.step
        self.second = self._matrix({**SECOND, **{-k: w for k, w in SECOND.items()}}) / self.step**2

    def _matrix(self, weights: Mapping[int, float]) -> sp.csr_matrix:
        size = len(self.x)
        rows = np.arange(size)
        total = sp.csr_matrix((size, size))
        for shift, weight in weights.items():
            columns = rows + shift
            if self.mirrored:
                columns = np.abs(columns)
                columns = np.where(columns >= size, 2 * (size - 1) - columns, columns)
            else:
                columns %= size
            total = total + sp.csr_matrix((np.full(size, weight), (rows, columns)), shape=(size, size))
        return total.tocsr()

    def at(self, values: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Values [..., own points] at others, by splines of seventh degree."""
        beside = 12
        body = values[..., 1 : beside + 1], values[..., -beside - 1 : -1]
        if self.mirrored:
            whole = np.concatenate([body[0][..., ::-1], values, body[1][..., ::-1]], axis=-1)
        else:
            whole = np.concatenate([values[..., -beside:], values, values[..., :beside]], axis=-1)
        line = self.low + self.step * np.arange(-beside, whole.shape[-1] - beside)
        return make_interp_spline(line, whole, k=7, axis=-1)(points)


def _solved(
    ring: Ring, names: Sequence[str], starts: Sequence[np.ndarray], rate: Callable, jacobian: Callable, span: float
) -> Found:
    """Fields side by side; `rate` of their values [field, x], `jacobian` as blocks [field][field] of sparse matrices."""
    shape = (len(names), len(ring.x))

    @lru_cache(maxsize=1)
    def solved() -> Callable[[np.ndarray], np.ndarray]:
        found = solve_ivp(
            lambda t, y: np.concatenate(rate(*y.reshape(shape))), (0, span), np.concatenate(starts), "Radau",
            dense_output=True, rtol=TOLERANCE, atol=1e-2 * TOLERANCE, jac=lambda t, y: sp.bmat(jacobian(*y.reshape(shape)), "csc"),
        )  # fmt: skip
        assert found.success, found.message
        return found.sol

    def solution(places: Places) -> dict[str, np.ndarray]:
        values = solved()(places["t"]).T.reshape(-1, *shape)
        return {name: ring.at(values[:, k], places["x"]) for k, name in enumerate(names)}

    return solution


def _numbers(problem: Problem) -> dict[str, float]:
    return {p.name: p.value for p in problem.system.parameters}


def gray_scott(problem: Problem, seed: int) -> Found:
    n = _numbers(problem)
    ring = Ring(0, 1, 512)
    spread = ring.second

    def rate(u, v):
        return n["Du"] * spread @ u - u * v**2 + n["F"] * (1 - u), n["Dv"] * spread @ v + u * v**2 - (
            n["F"] + n["k"]
        ) * v

    def jacobian(u, v):
        return [
            [n["Du"] * spread - sp.diags(v**2 + n["F"]), -sp.diags(2 * u * v)],
            [sp.diags(v**2), n["Dv"] * spread + sp.diags(2 * u * v - n["F"] - n["k"])],
        ]

    bump = np.exp(-100 * (ring.x - 0.5) ** 2)
    return _solved(ring, ("u", "v"), (1 - 0.5 * bump, 0.25 * bump), rate, jacobian, 200)


def fitzhugh_nagumo(problem: Problem, seed: int) -> Found:
    n = _numbers(problem)
    ring = Ring(0, 100, 600, mirrored=True)

    def rate(v, w):
        return ring.second @ v + v * (1 - v) * (v - n["a"]) - w, n["eps"] * (v - n["g"] * w)

    def jacobian(v, w):
        slope = -3 * v**2 + 2 * (1 + n["a"]) * v - n["a"]
        one = sp.identity(len(v))
        return [[ring.second + sp.diags(slope), -one], [n["eps"] * one, -n["eps"] * n["g"] * one]]

    return _solved(ring, ("v", "w"), (np.exp(-((ring.x / 6) ** 2)), 0 * ring.x), rate, jacobian, 120)


def kuramoto_sivashinsky(problem: Problem, seed: int) -> Found:
    ring = Ring(0, 10 * np.pi, 400)
    fixed = -ring.second - ring.second @ ring.second

    def rate(u):
        return (fixed @ u - u * (ring.first @ u),)

    def jacobian(u):
        return [[fixed - sp.diags(u) @ ring.first - sp.diags(ring.first @ u)]]

    start = np.cos(ring.x / 5) + 0.5 * np.sin(2 * ring.x / 5)
    return _solved(ring, ("u",), (start,), rate, jacobian, 20)


def cahn_hilliard(problem: Problem, seed: int) -> Found:
    eps = _numbers(problem)["eps"]
    ring = Ring(0, 1, 400)

    def rate(c):
        return (ring.second @ (c**3 - c - eps**2 * (ring.second @ c)),)

    def jacobian(c):
        return [[ring.second @ (sp.diags(3 * c**2 - 1) - eps**2 * ring.second)]]

    start = 0.1 + 0.3 * np.cos(2 * np.pi * ring.x) + 0.2 * np.sin(4 * np.pi * ring.x)
    return _solved(ring, ("c",), (start,), rate, jacobian, 0.02)


def swift_hohenberg(problem: Problem, seed: int) -> Found:
    n = _numbers(problem)
    ring = Ring(0, 8 * np.pi, 400)
    fixed = (n["r"] - 1) * sp.identity(len(ring.x)) - 2 * ring.second - ring.second @ ring.second

    def rate(u):
        return (fixed @ u + n["g"] * u**2 - u**3,)

    def jacobian(u):
        return [[fixed + sp.diags(2 * n["g"] * u - 3 * u**2)]]

    start = 0.2 * np.cos(ring.x) + 0.1 * np.sin(ring.x / 2)
    return _solved(ring, ("u",), (start,), rate, jacobian, 10)


def ginzburg_landau(problem: Problem, seed: int) -> Found:
    """Real and imaginary parts p and q side by side."""
    n = _numbers(problem)
    b, c = n["b"], n["c"]
    ring = Ring(0, 30, 400)
    spread = ring.second

    def rate(p, q):
        size = p**2 + q**2
        return p + spread @ (p - b * q) - size * (p - c * q), q + spread @ (q + b * p) - size * (q + c * p)

    def jacobian(p, q):
        size, one = p**2 + q**2, sp.identity(len(p))
        along, across = p - c * q, q + c * p
        return [
            [one + spread - sp.diags(size + 2 * p * along), -b * spread - sp.diags(2 * q * along - c * size)],
            [b * spread - sp.diags(2 * p * across + c * size), one + spread - sp.diags(size + 2 * q * across)],
        ]

    angle = 2 * np.pi * ring.x / 30
    starts = 0.8 * np.cos(angle) + 0.2 * np.cos(2 * angle), 0.8 * np.sin(angle)
    return _solved(ring, ("A_real", "A_imag"), starts, rate, jacobian, 10)


KNOWN = {
    "gray_scott": gray_scott, "fitzhugh_nagumo": fitzhugh_nagumo, "kuramoto_sivashinsky": kuramoto_sivashinsky,
    "cahn_hilliard": cahn_hilliard, "swift_hohenberg": swift_hohenberg, "ginzburg_landau": ginzburg_landau,
}  # fmt: skip
