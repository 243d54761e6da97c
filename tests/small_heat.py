"""A task that is made and learned in a second: heat that spreads on a circle, 32 points, 6 frames."""

from typing import ClassVar

import numpy as np

from fieldsmith.tasks import Axis, Balance, Box, Equation, Parameter, PeriodicTask


class SmallHeat(PeriodicTask):
    name = "small-heat"
    title = "Heat on a circle"
    known_parameters: ClassVar = {"k": Parameter(0.005, 1e-4, 1.0, "diffusivity")}
    sizes: ClassVar = {"dev": 8, "test": 8, "time": 6, "x": 32}
    span = (0.0, 1.0)
    equation = Equation(("u",), (Axis("x", 0.0, 1.0),), (Balance("u", "k*d(u, x, x)"),), ("k",))

    def linear(self, box: Box) -> np.ndarray:
        return -self.parameters["k"] * box.squared

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return np.zeros_like(box.spectrum(u))
