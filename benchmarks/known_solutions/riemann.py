"""Exact solutions of Riemann problems: gas, shallow water, traffic, two fluids in a rock. Each depends on x/t alone."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.optimize import root_scalar

from fieldsmith.problems import Problem

Places = Mapping[str, np.ndarray]
Fan = Callable[[np.ndarray], tuple[np.ndarray, ...]]
"""States at speeds x/t."""


def _spread(fan: Fan, start: float, names: tuple[str, ...]) -> Callable[[Places], dict[str, np.ndarray]]:
    """The solution over [time, x] of states that spread from `start`; at the first time the states far away."""

    def solution(places: Places) -> dict[str, np.ndarray]:
        t, x = places["t"][:, None], places["x"] - start
        with np.errstate(all="ignore"):
            speed = np.where(t > 0, x / t, np.where(x < 0, -1e6, 1e6))
        return dict(zip(names, fan(speed), strict=True))

    return solution


def sod(problem: Problem, seed: int) -> Callable[[Places], dict[str, np.ndarray]]:
    """Gas at rest at pressures 1 and 0.1 (Toro, Riemann Solvers and Numerical Methods for Fluid Dynamics, chapter 4)."""
    g = 1.4
    left, right = (1.0, 0.0, 1.0), (0.125, 0.0, 0.1)

    def across(pressure: float, state: tuple[float, float, float]) -> float:
        density, _, before = state
        if pressure > before:  # a shock
            a, b = 2 / ((g + 1) * density), (g - 1) / (g + 1) * before
            return (pressure - before) * np.sqrt(a / (pressure + b))
        sound = np.sqrt(g * before / density)
        return 2 * sound / (g - 1) * ((pressure / before) ** ((g - 1) / (2 * g)) - 1)

    p = root_scalar(lambda p: across(p, left) + across(p, right), bracket=(1e-3, 1.0), xtol=1e-14).root
    v = (across(p, right) - across(p, left)) / 2
    behind_fan = left[0] * (p / left[2]) ** (1 / g)
    share = (g - 1) / (g + 1)
    behind_shock = right[0] * (p / right[2] + share) / (share * p / right[2] + 1)
    shock = np.sqrt(g * right[2] / right[0]) * np.sqrt((g + 1) / (2 * g) * p / right[2] + (g - 1) / (2 * g))
    sound, end = np.sqrt(g), v - np.sqrt(g * p / behind_fan)

    def fan(speed: np.ndarray) -> tuple[np.ndarray, ...]:
        within = np.clip(speed, -sound, end)
        local = 2 / (g + 1) * sound - share * within
        masses = (local / sound) ** (2 / (g - 1))
        density = np.where(speed < v, masses, np.where(speed < shock, behind_shock, right[0]))
        velocity = np.where(speed < v, 2 / (g + 1) * (sound + within), np.where(speed < shock, v, 0.0))
        pressure = np.where(speed < v, (local / sound) ** (2 * g / (g - 1)), np.where(speed < shock, p, right[2]))
        return density, density * velocity, pressure / (g - 1) + density * velocity**2 / 2

    return _spread(fan, 0.5, ("rho", "m", "E"))


def dam_break(problem: Problem, seed: int) -> Callable[[Places], dict[str, np.ndarray]]:
    """Water 1 deep and 0.3 deep, at rest (Stoker, Water Waves, 1957)."""
    g, deep, low = 9.81, 1.0, 0.3

    def mismatch(h: float) -> float:
        return 2 * (np.sqrt(g * deep) - np.sqrt(g * h)) - (h - low) * np.sqrt(g * (h + low) / (2 * h * low))

    h = root_scalar(mismatch, bracket=(low, deep), xtol=1e-14).root
    v = 2 * (np.sqrt(g * deep) - np.sqrt(g * h))
    shock = h * v / (h - low)

    def fan(speed: np.ndarray) -> tuple[np.ndarray, ...]:
        within = np.clip(speed, -np.sqrt(g * deep), v - np.sqrt(g * h))
        depth = np.where(speed < shock, (2 * np.sqrt(g * deep) - within) ** 2 / (9 * g), low)
        velocity = np.where(speed < shock, 2 / 3 * (within + np.sqrt(g * deep)), 0.0)
        return depth, depth * velocity

    return _spread(fan, 0.0, ("h", "q"))


def traffic(problem: Problem, seed: int) -> Callable[[Places], dict[str, np.ndarray]]:
    """A rarefaction from 0.9 to 0.2: characteristics have the speed 1 - 2 r."""
    return _spread(lambda speed: (np.clip((1 - speed) / 2, 0.2, 0.9),), 0.0, ("r",))


def buckley_leverett(problem: Problem, seed: int) -> Callable[[Places], dict[str, np.ndarray]]:
    """A rarefaction from 1 down to the state whose characteristic is as fast as the shock that it ends in (Welge's tangent)."""
    a = 0.5

    def slope(s: np.ndarray | float) -> np.ndarray | float:
        return 2 * a * s * (1 - s) / (s**2 + a * (1 - s) ** 2) ** 2

    front = np.sqrt(a / (1 + a))
    states = np.linspace(front, 1.0, 20_001)
    speeds = np.asarray(slope(states))

    def fan(speed: np.ndarray) -> tuple[np.ndarray, ...]:
        inside = np.interp(speed, speeds[::-1], states[::-1])
        for _ in range(3):  # Newton's method
            curved = (np.asarray(slope(inside + 1e-6)) - np.asarray(slope(inside - 1e-6))) / 2e-6
            step = (np.asarray(slope(inside)) - np.clip(speed, 0, speeds[0])) / np.where(curved == 0, 1, curved)
            inside = np.clip(inside - step, front, 1.0)
        return (np.where(speed < speeds[0], inside, 0.0),)

    return _spread(fan, 0.0, ("s",))


KNOWN = {"sod": sod, "dam_break": dam_break, "traffic": traffic, "buckley_leverett": buckley_leverett}
