"""Solutions by series, eigenfunctions and characteristics, exact but for rounding."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import ive, j0, j1, jn_zeros

from fieldsmith.problems import Problem

Places = Mapping[str, np.ndarray]
Found = Callable[[Places], dict[str, np.ndarray]]


def burgers_viscous(problem: Problem, seed: int) -> Found:
    """From sin(x) on a ring by the transformation of Cole and Hopf: exp(cos(x)/(2 nu)) is a series of Bessel functions (Benton and Platzman, 1972)."""
    nu = problem.system.parameters[0].value
    n = np.arange(1, 120)
    first, others = ive(0, 1 / (2 * nu)), 2 * ive(n, 1 / (2 * nu))

    def solution(places: Places) -> dict[str, np.ndarray]:
        fade = others * np.exp(-nu * n**2 * places["t"][:, None])
        angle = np.outer(n, places["x"])
        return {"u": 2 * nu * (fade * n) @ np.sin(angle) / (first + fade @ np.cos(angle))}

    return solution


def burgers_shock(problem: Problem, seed: int) -> Found:
    """From 0.5 + sin(x): along x - t/2 a sine that breaks at pi; the smallest foot of a characteristic is the one that has met no shock."""

    def solution(places: Places) -> dict[str, np.ndarray]:
        t, x = np.broadcast_arrays(places["t"][:, None], places["x"])
        along = np.mod(x - 0.5 * t, 2 * np.pi)
        side = np.where(along > np.pi, -1.0, 1.0)
        here = np.where(side < 0, 2 * np.pi - along, along)
        low = np.zeros(x.shape)
        high = np.where(t > 1, np.arccos(-1 / np.maximum(t, 1.0)), np.pi)
        for _ in range(60):
            middle = (low + high) / 2
            short = middle + t * np.sin(middle) < here
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        return {"u": 0.5 + side * np.sin((low + high) / 2)}

    return solution


def heat_random(problem: Problem, seed: int) -> Found:
    """Every wave of a draw of up to six fades by itself."""
    diffusivity = problem.system.parameters[0].value
    nodes = np.arange(64) / 64
    weights = np.fft.rfft(problem.field("u", {"x": nodes}, seed)) / 64
    weights[1:] *= 2
    numbers = 2 * np.pi * np.arange(33)

    def solution(places: Places) -> dict[str, np.ndarray]:
        fade = np.exp(-diffusivity * np.outer(places["t"], numbers**2))
        return {"u": np.real((fade * weights) @ np.exp(1j * np.outer(numbers, places["x"])))}

    return solution


def advected(problem: Problem, seed: int) -> Found:
    """The draw, moved."""
    speed = problem.system.parameters[0].value

    def solution(places: Places) -> dict[str, np.ndarray]:
        return {"u": problem.field("u", {"x": places["x"] - speed * places["t"][:, None]}, seed)}

    return solution


def tunnelling(problem: Problem, seed: int) -> Found:
    """Eigenfunctions of the Hamiltonian among 400 sines, each turning by itself; the potential by quadrature at as many points."""
    low, length, count = -20.0, 40.0, 400
    n = np.arange(1, count + 1)
    nodes = low + length * n / (count + 1)
    sines = np.sqrt(2 / (count + 1)) * np.sin(np.pi * np.outer(n, n) / (count + 1))
    hamiltonian = sines @ np.diag(2 * np.exp(-2 * nodes**2)) @ sines + np.diag((np.pi * n / length) ** 2 / 2)
    energies, states = np.linalg.eigh(hamiltonian)
    weights = states.T @ (sines @ np.exp(-((nodes + 6) ** 2) / 4 + 2j * nodes))

    def solution(places: Places) -> dict[str, np.ndarray]:
        turned = (np.exp(-1j * np.outer(places["t"], energies)) * weights) @ states.T
        psi = np.sqrt(2 / (count + 1)) * turned @ np.sin(np.pi * np.outer(n, (places["x"] - low) / length))
        return {"psi_real": psi.real, "psi_imag": psi.imag}

    return solution


def cooling_cylinder(problem: Problem, seed: int) -> Found:
    """From 1 - r^2 by Bessel functions that are 0 at the side (Carslaw and Jaeger, Conduction of heat in solids, 7.6); their sum at t = 0 is the start itself."""
    waves = jn_zeros(0, 120)

    def solution(places: Places) -> dict[str, np.ndarray]:
        t, r = places["t"][:, None], places["r"]
        modes = 8 / (waves**3 * j1(waves)) * np.exp(-problem.system.parameters[0].value * t * waves**2)
        return {"u": np.where(t == 0, 1 - r**2, modes @ j0(np.outer(waves, r)))}

    return solution


KNOWN = {
    "burgers_viscous": burgers_viscous, "burgers_shock": burgers_shock, "heat_random": heat_random,
    "advection_random": advected, "tunnelling": tunnelling, "codepde/advection": advected,
    "cooling_cylinder": cooling_cylinder,
}  # fmt: skip
