"""Problems whose data are short in time or narrow in space, or have a kink or a jump: by quadrature over what is short, or in closed form."""

from collections.abc import Callable, Mapping

import numpy as np

from fieldsmith.problems import Problem

Places = Mapping[str, np.ndarray]
Found = Callable[[Places], dict[str, np.ndarray]]
WIDTHS = 8
"""Widths of a Gaussian on each side, beyond which nothing is left of it."""


def _over(function: Callable[[np.ndarray], np.ndarray], middle: float, width: float, end: float) -> float:
    """The integral up to an end of what a Gaussian of that width holds."""
    high = min(middle + WIDTHS * width, end)
    low = middle - WIDTHS * width
    if high <= low:
        return 0.0
    nodes = np.linspace(low, high, 20_001)
    return float(np.trapezoid(function(nodes), nodes))


def heat_pulse(problem: Problem, seed: int) -> Found:
    """The amplitude of the one sine that the pulse makes."""
    known = {p.name: p.value for p in problem.system.parameters}
    fade = known["D"] * np.pi**2

    def amplitude(t: float) -> float:
        def made(s: np.ndarray) -> np.ndarray:
            return known["A"] * np.exp(-(((s - known["t0"]) / known["w"]) ** 2) - fade * (t - s))

        return _over(made, known["t0"], known["w"], t)

    return lambda places: {
        "u": np.array([amplitude(float(t)) for t in places["t"]])[:, None] * np.sin(np.pi * places["x"])
    }


def heat_switched(problem: Problem, seed: int) -> Found:
    """The amplitude of the one sine: what is left of the start and of the time in which the heater was on."""
    fade = problem.system.parameters[0].value * np.pi**2

    def solution(places: Places) -> dict[str, np.ndarray]:
        t = places["t"]
        since = [np.maximum(t - moment, 0.0) for moment in (0.5, 0.503)]
        heated = 300 / fade * (np.exp(-fade * since[1]) - np.exp(-fade * since[0]))
        return {"u": (np.exp(-fade * t) + heated)[:, None] * np.sin(np.pi * places["x"])}

    return solution


def heat_flash(problem: Problem, seed: int) -> Found:
    """Cosines of odd quarter waves, each with what the flux through the lower end has left of it."""
    diffusivity = problem.system.parameters[0].value
    waves = (np.arange(120) + 0.5) * np.pi

    def amplitude(wave: float, t: float) -> float:
        def made(s: np.ndarray) -> np.ndarray:
            return 600 * diffusivity * np.exp(-(((s - 0.437) / 0.002) ** 2) - diffusivity * wave**2 * (t - s))

        return _over(made, 0.437, 0.002, t)

    def solution(places: Places) -> dict[str, np.ndarray]:
        weights = np.array([[amplitude(wave, float(t)) for wave in waves] for t in places["t"]])
        return {"u": weights @ np.cos(np.outer(waves, places["x"]))}

    return solution


def narrow_load(problem: Problem, seed: int) -> Found:
    """By Green's function of u_xx - u between fixed ends."""

    def at(x: float) -> float:
        def made(s: np.ndarray) -> np.ndarray:
            green = np.sinh(np.minimum(x, s)) * np.sinh(1 - np.maximum(x, s)) / np.sinh(1)
            return 1000 * np.exp(-(((s - 0.4137) / 0.0005) ** 2)) * green

        return _over(made, 0.4137, 0.0005, 1.0)

    return lambda places: {"u": np.array([at(float(x)) for x in places["x"]])}


def narrow_start(problem: Problem, seed: int) -> Found:
    """A Gaussian stays one; the ring by its images."""
    v, diffusivity = (p.value for p in problem.system.parameters)

    def solution(places: Places) -> dict[str, np.ndarray]:
        t, x = places["t"][:, None, None], places["x"][:, None]
        width = np.sqrt(0.0005**2 + 4 * diffusivity * t)
        away = x - 0.4137 - v * t + np.arange(-3, 5)
        return {"c": (100 * 0.0005 / width * np.exp(-((away / width) ** 2))).sum(axis=-1)}

    return solution


def plucked_string(problem: Problem, seed: int) -> Found:
    """By d'Alembert: half of the shape to each side, reflected at the ends."""

    def shape(x: np.ndarray) -> np.ndarray:
        odd = np.mod(x + 1, 2) - 1
        inner = np.abs(odd)
        return np.sign(odd) * np.minimum(inner / 0.3, (1 - inner) / 0.7)

    def solution(places: Places) -> dict[str, np.ndarray]:
        t, x = places["t"][:, None], places["x"]
        return {"u": (shape(x - t) + shape(x + t)) / 2}

    return solution


def two_materials(problem: Problem, seed: int) -> Found:
    """Parabolas on both sides of the place where the conductivity jumps, with one flux."""
    c, k = 0.3137, 50.0
    flux = (c * c / 2 + (1 - c * c) / 2 / k) / (c + (1 - c) / k)  # at x = 0

    def solution(places: Places) -> dict[str, np.ndarray]:
        x = places["x"]
        left = flux * x - x * x / 2
        right = flux * c - c * c / 2 + (flux * (x - c) - (x * x - c * c) / 2) / k
        return {"u": np.where(x < c, left, right)}

    return solution


KNOWN = {
    "heat_pulse": heat_pulse, "heat_switched": heat_switched, "heat_flash": heat_flash, "narrow_load": narrow_load,
    "narrow_start": narrow_start, "plucked_string": plucked_string, "two_materials": two_materials,
}  # fmt: skip
