"""Linear advection u_t + beta u_x = 0 on the periodic unit interval."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fieldsmith.equations.equation import Balance, Equation
from fieldsmith.tasks.folded import unfold
from fieldsmith.tasks.fourier import irfft, rfft, wave_numbers
from fieldsmith.tasks.pde import Arrays
from fieldsmith.tasks.scalar import GRID_TEXT, UNIT_INTERVAL, ScalarTask, cell_centres
from fieldsmith.tasks.stepped import Stepped, random_stepped, take_apart
from fieldsmith.tasks.task import Parameter
from fieldsmith.tasks.waves import Waves


class Advection(ScalarTask):
    """The profile moves with speed beta: u(t, x) = u0(x - beta t). Good values: beta = 0.1 ... 7.

    At the hard scale profiles jump.
    """

    name = "advection"
    title = "Linear advection"
    known_parameters: ClassVar = {"beta": Parameter(0.1, 1e-3, 10.0, "speed")}
    argument_meanings: ClassVar = {"beta": "speed"}
    sizes_by_scale: ClassVar = {
        "demo": {"dev": 8, "test": 8, "time": 51, "x": 256},
        "paper": {"dev": 50, "test": 100, "time": 201, "x": 1024},
        "hard": {"dev": 8, "test": 8, "time": 51, "x": 256},
    }
    defaults_by_scale: ClassVar = {"hard": {"beta": 0.7}}
    texts_by_scale: ClassVar = {
        "hard": "Initial values jump: each sample is a step function of 2 to 6 pieces, the values of which are random, and all but "
        "about one in four have a sum of two sine waves (wave numbers 1 to 4) of random amplitude and phase added to it. Jumps "
        "lie midway between neighbouring samples."
    }
    version: ClassVar = 3
    span = (0.0, 2.0)
    time_limits: ClassVar = {"demo": 60.0, "paper": 1200.0, "hard": 60.0}

    @property
    def equation(self) -> Equation:
        return Equation(("u",), (UNIT_INTERVAL,), (Balance("u", "-beta*d(u, x)"),), ("beta",))

    def problem_text(self) -> str:
        return f"""Solve the linear advection equation

    u_t + beta u_x = 0,    x in (0, 1), {self.span_text()},

with periodic boundary conditions and u(0, x) = u0(x). Here beta = {self.parameters["beta"]:g} (passed as `beta`).
{GRID_TEXT} {self.initial_text()}"""

    def initial_fields(self, rng: np.random.Generator, count: int, smooth: bool) -> Waves | Stepped:
        hard = self.scale == "hard" and not smooth
        return random_stepped(rng, count) if hard else super().initial_fields(rng, count, smooth)

    def refinement_text(self) -> str:
        return "For the order the initial values are such sums of waves without steps." if self.scale == "hard" else ""

    def reference(self, fields: Waves | Stepped, points: int, level: int) -> Arrays:
        """Exact: the initial function at x - beta t. Level 0 adds the shifts up step by step: rounding is all there is."""
        x, beta = cell_centres(points), self.parameters["beta"]
        steps = np.diff(self.times(), prepend=0.0)
        shifts = beta * self.times() if level else np.cumsum(beta * steps)
        return {"u_batch": np.stack([fields(x - shift) for shift in shifts], axis=1)}

    def from_samples(self, inputs: Mapping[str, np.ndarray | float]) -> Arrays:
        """The function that the samples tell, shifted exactly: their trigonometric interpolant, a folded sum, or steps on waves."""
        u0 = np.asarray(inputs["u0_batch"])
        points = u0.shape[1]
        phase = np.exp(-1j * wave_numbers(points, 1.0) * self.parameters["beta"] * self.times()[:, None])
        u = irfft(rfft(u0)[:, None, :] * phase, points)
        shifts = self.parameters["beta"] * self.times()
        for sample, (folded, stepped) in enumerate(zip(map(unfold, u0), map(take_apart, u0), strict=True)):
            if folded is not None:
                u[sample] = folded.on_grid(points, -shifts)
            elif stepped is not None:
                u[sample] = stepped.moved(shifts)
        u[:, 0] = u0
        return {"u_batch": u}

    def conserved(self, outputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        return {"mass": self.conserved_total(outputs["u_batch"])}
