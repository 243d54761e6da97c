"""Ordinary differential equations with conditions at two ends, by SciPy's `solve_bvp` (collocation of fourth order on a mesh that adapts)."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.integrate import solve_bvp

from fieldsmith.problems import Problem

Places = Mapping[str, np.ndarray]
Found = Callable[[Places], dict[str, np.ndarray]]
TOLERANCE = 1e-9


def _solved(name: str, right: Callable, ends: Callable, guess: Callable[[np.ndarray], np.ndarray]) -> Found:
    x = np.linspace(0, 1, 201)
    found = solve_bvp(right, ends, x, guess(x), tol=TOLERANCE, max_nodes=200_000)
    assert found.success, found.message
    return lambda places: {name: found.sol(places["x"])[0]}


def radiating_fin(problem: Problem, seed: int) -> Found:
    return _solved(
        "T",
        lambda x, y: np.stack([y[1], 2.0 * y[0] ** 4]),
        lambda a, b: np.array([a[0] - 1, b[1] + 0.5 * b[0] ** 4]),
        lambda x: np.stack([1 - 0.5 * x, -0.5 + 0 * x]),
    )


def troesch(problem: Problem, seed: int) -> Found:
    n = problem.system.parameters[0].value
    return _solved(
        "u",
        lambda x, y: np.stack([y[1], n * np.sinh(n * y[0])]),
        lambda a, b: np.array([a[0], b[0] - 1]),
        lambda x: np.stack([x**5, 5 * x**4]),
    )


def duffing(problem: Problem, seed: int) -> Found:
    """The solution without a zero inside, next to the start."""
    return _solved(
        "u",
        lambda x, y: np.stack([y[1], y[0] ** 3 - 30 * y[0]]),
        lambda a, b: np.array([a[0], b[0]]),
        lambda x: np.stack([5 * np.sin(np.pi * x), 5 * np.pi * np.cos(np.pi * x)]),
    )


KNOWN = {"radiating_fin": radiating_fin, "troesch": troesch, "duffing": duffing}
