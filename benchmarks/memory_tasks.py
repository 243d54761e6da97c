"""Equations whose solutions have more in them than few points show: what `operators_memory.py` learns, after arXiv 2409.02313.

Both start from four waves of at most eight periods, which 32 points show whole; what a grid then fails to show grows out of them, so that the past tells it and the present does not.

    fieldsmith operators train benchmarks/memory_tasks.py:KuramotoSivashinsky --operator memno --coarsened 4 --param nu=0.1
"""

import math
from typing import ClassVar

import numpy as np

from fieldsmith.tasks import Axis, Balance, Box, Equation, Parameter, PeriodicTask, RandomFields

LONGEST_WAVES = 8
"""Periods of the shortest wave at the start."""


class FromWaves(PeriodicTask):
    """From random sums of a few waves, smooth throughout."""

    sizes_by_scale: ClassVar = {
        "demo": {"dev": 16, "test": 32, "time": 26, "x": 128},
        "paper": {"dev": 64, "test": 128, "time": 26, "x": 256},
    }
    factor_of_amplitude = 2.0

    def initial_fields(self, rng: np.random.Generator, count: int, smooth: bool) -> RandomFields:
        fields = super().initial_fields(rng, count, smooth)
        numbers = rng.integers(1, LONGEST_WAVES + 1, fields.numbers.shape)
        return RandomFields(fields.amplitudes, fields.phases, numbers)

    def initial_values(self, fields: RandomFields, points: int) -> np.ndarray:
        return self.factor_of_amplitude * super().initial_values(fields, points)

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return -0.5j * box.k[0] * box.spectrum(u**2)


class KuramotoSivashinsky(FromWaves):
    """Waves of up to sqrt(L^2 / (4 pi^2 nu)) periods grow, 32 of them at nu = 0.1, the fastest by a factor of 500 within the time."""

    name = "kuramoto-sivashinsky-64"
    title = "Kuramoto-Sivashinsky equation of low viscosity"
    known_parameters: ClassVar = {"nu": Parameter(0.1, 0.05, 1.0, "viscosity")}
    span = (0.0, 2.5)
    frame_steps = 10

    @property
    def equation(self) -> Equation:
        balance = Balance("u", "-d(u**2/2, x) - d(u, x, x) - nu*d(u, x, x, x, x)")
        return Equation(("u",), (Axis("x", 0.0, 64.0),), (balance,), parameters=("nu",))

    def linear(self, box: Box) -> np.ndarray:
        return box.squared - self.parameters["nu"] * box.squared**2


class SteepBurgers(FromWaves):
    """Fronts of width 4 nu / jump form within the time."""

    name = "burgers-steep"
    title = "Burgers' equation of low viscosity"
    known_parameters: ClassVar = {"nu": Parameter(0.01, 0.001, 1.0, "viscosity")}
    span = (0.0, 1.6)

    @property
    def equation(self) -> Equation:
        balance = Balance("u", "-d(u**2/2, x) + nu*d(u, x, x)")
        return Equation(("u",), (Axis("x", 0.0, 2.0 * math.pi),), (balance,), parameters=("nu",))

    def linear(self, box: Box) -> np.ndarray:
        return -self.parameters["nu"] * box.squared

    def factor(self, points: int, level: int) -> int:
        """A front of height 2 has a spectrum that falls like exp(-pi nu k): 2e-3 at the last kept mode, 1e-4 on the finer grid; odd, as points are centres of cells."""
        fine = math.ceil((6.0, 9.0)[level] / self.parameters["nu"] / points)
        return max(self.refined[level], fine + 1 - fine % 2)

    def factor_from_samples(self, points: int) -> int:
        return self.factor(points, 0)

    def steps(self, box: Box, n: int, u: np.ndarray) -> int:
        """Half a cell a step for what moves fastest."""
        pause = float(np.diff(self.times())[n])
        return max(4, math.ceil(pause * np.abs(u).max() * box.points[0] / math.pi))
