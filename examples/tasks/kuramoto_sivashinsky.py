"""Kuramoto-Sivashinsky in one dimension as a task: fieldsmith solve examples/tasks/kuramoto_sivashinsky.py"""

import numpy as np

from fieldsmith.tasks import Axis, Balance, Box, Equation, Parameter, PeriodicTask


class KuramotoSivashinsky(PeriodicTask):
    """Long waves grow, short ones are damped, and between them the solution becomes chaotic."""

    name = "kuramoto-sivashinsky"
    title = "Kuramoto-Sivashinsky equation"
    known_parameters = {"nu": Parameter(1.0, 0.1, 10.0, "hyperdiffusivity")}
    sizes = {"dev": 4, "test": 4, "time": 41, "x": 96}
    span = (0.0, 20.0)
    frame_steps = 8
    generated_text = "Initial values are sums of a few cosine waves, up to four periods on the interval."

    @property
    def equation(self) -> Equation:
        balance = Balance("u", "-d(u**2/2, x) - d(u, x, x) - nu*d(u, x, x, x, x)")
        return Equation(("u",), (Axis("x", 0.0, 32.0),), (balance,), ("nu",))

    def linear(self, box: Box) -> np.ndarray:
        return box.squared - self.parameters["nu"] * box.squared**2

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return -0.5j * box.k[0] * box.spectrum(u**2)
