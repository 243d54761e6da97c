"""Equations whose solutions have more in them than few points show: what `operators_memory.py` learns, after arXiv 2409.02313.

Both start from four waves of at most four periods, which 16 points show whole; what a grid then fails to show grows out of them, so that the past tells it and the present does not.

    fieldsmith operators train benchmarks/tasks/few_points.py:KuramotoSivashinsky --operator memno --coarsened 4 --param nu=0.1
"""

import math
from typing import ClassVar

import numpy as np

from fieldsmith.tasks import Axis, Balance, Box, Equation, Parameter, PeriodicTask, RandomFields


class FromWaves(PeriodicTask):
    """From random sums of a few waves, smooth throughout."""

    sizes_by_scale: ClassVar = {
        "demo": {"dev": 16, "test": 32, "time": 16, "x": 64},
        "paper": {"dev": 64, "test": 128, "time": 16, "x": 256},
    }
    amplitude = 2.0

    def initial_values(self, fields: RandomFields, points: int) -> np.ndarray:
        return self.amplitude * super().initial_values(fields, points)

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return -0.5j * box.k[0] * box.spectrum(u**2)


class KuramotoSivashinsky(FromWaves):
    """Waves of fewer than L / (2 pi sqrt(nu)) periods grow (16 at nu = 0.1), the fastest by exp(t / (4 nu))."""

    name = "kuramoto-sivashinsky-32"
    title = "Kuramoto-Sivashinsky equation of low viscosity"
    known_parameters: ClassVar = {"nu": Parameter(0.1, 0.05, 1.0, "viscosity")}
    span = (0.0, 1.5)
    length = 32.0
    frame_steps = 10

    @property
    def equation(self) -> Equation:
        balance = Balance("u", "-d(u**2/2, x) - d(u, x, x) - nu*d(u, x, x, x, x)")
        return Equation(("u",), (Axis("x", 0.0, self.length),), (balance,), parameters=("nu",))

    def linear(self, box: Box) -> np.ndarray:
        return box.squared - self.parameters["nu"] * box.squared**2


class LongKuramotoSivashinsky(KuramotoSivashinsky):
    """As large and as long as in the paper: the fastest waves grow by a factor of 500 at nu = 0.1."""

    name = "kuramoto-sivashinsky-64"
    span = (0.0, 2.5)
    length = 64.0
    sizes_by_scale: ClassVar = {scale: {**sizes, "time": 26} for scale, sizes in FromWaves.sizes_by_scale.items()}


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
