"""Gray-Scott, two fields in two dimensions, as a task: fieldsmith solve examples/tasks/gray_scott.py --model ..."""

import numpy as np

from fieldsmith.tasks import Axis, Balance, Box, Equation, Parameter, PeriodicTask, RandomFields


class GrayScott(PeriodicTask):
    """A substance v feeds on u and decays: spots grow, split and become stripes."""

    name = "gray-scott"
    title = "Gray-Scott reaction-diffusion system in two dimensions"
    known_parameters = {
        "feed": Parameter(0.04, 0.01, 0.1, "rate at which u is fed"),
        "kill": Parameter(0.06, 0.03, 0.08, "rate at which v decays besides"),
    }
    meanings = {"u": "food", "v": "feeder"}
    sizes = {"dev": 2, "test": 2, "time": 11, "x": 32, "y": 24}
    span = (0.0, 50.0)
    frame_steps = 4
    generated_text = "Initially v fills smooth spots of random places and shapes, where u is used up in part."

    @property
    def equation(self) -> Equation:
        return Equation(
            unknowns=("u", "v"),
            axes=(Axis("x", 0.0, 2.0), Axis("y", 0.0, 1.5)),
            balances=(
                Balance("u", "Du*(d(u, x, x) + d(u, y, y)) - u*v**2 + feed*(1 - u)"),
                Balance("v", "Dv*(d(v, x, x) + d(v, y, y)) + u*v**2 - (feed + kill)*v"),
            ),
            parameters=("feed", "kill"),
            constants={"Du": 2e-3, "Dv": 1e-3},
        )

    def initial_values(self, fields: RandomFields, points: int) -> np.ndarray:
        wave, other = super().initial_values(fields, points)
        v = 0.4 * np.exp(4.0 * (wave - 1.0))
        return np.stack([1.0 - 1.2 * v + 0.1 * (other - 1.0) * v, v])

    def linear(self, box: Box) -> np.ndarray:
        feed, kill = self.parameters["feed"], self.parameters["kill"]
        return np.stack([-2e-3 * box.squared - feed, -1e-3 * box.squared - feed - kill])

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        eaten = u[0] * u[1] ** 2
        return np.stack([box.spectrum(self.parameters["feed"] - eaten), box.spectrum(eaten)])
