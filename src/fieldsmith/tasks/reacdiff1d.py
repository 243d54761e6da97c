"""Reaction-diffusion u_t = nu u_xx + rho u (1 - u) (Fisher-KPP) on the periodic unit interval."""

import math
from typing import ClassVar

import numpy as np

from fieldsmith.equations.equation import Balance, Equation
from fieldsmith.tasks.colonies import Colonies, random_colonies
from fieldsmith.tasks.periodic import Box
from fieldsmith.tasks.scalar import GRID_TEXT, INITIAL_TEXT, UNIT_INTERVAL, ScalarEvolution
from fieldsmith.tasks.task import Parameter
from fieldsmith.tasks.waves import Waves, random_waves

FIRST_FRAME = 16
"""Times as many steps while kinks smooth out."""
THIN = 2e-3
"""Fronts, about sqrt(nu / rho) wide, that are thinner than this get a finer grid."""


class ReactionDiffusion(ScalarEvolution):
    """Profiles smooth out and grow logistically towards 1. Good values: nu = 0.5, rho = 1 ... 10.

    At the hard scale colonies grow on empty ground, and steep fronts run from them.
    """

    name = "reacdiff1d"
    title = "Reaction-diffusion with logistic growth"
    known_parameters: ClassVar = {
        "nu": Parameter(0.5, 1e-6, 10.0, "diffusivity"),
        "rho": Parameter(1.0, 1e-3, 20.0, "growth rate"),
    }
    argument_meanings: ClassVar = {"nu": "diffusivity", "rho": "growth rate"}
    sizes_by_scale: ClassVar = {
        "demo": {"dev": 8, "test": 8, "time": 51, "x": 256},
        "paper": {"dev": 50, "test": 100, "time": 101, "x": 1024},
        "hard": {"dev": 8, "test": 8, "time": 51, "x": 256},
    }
    defaults_by_scale: ClassVar = {"hard": {"nu": 1e-5, "rho": 15.0}}
    texts_by_scale: ClassVar = {
        "hard": "Initial values are three smooth bumps of height 0.1 to 1, two to six samples wide, and next to nothing elsewhere; "
        "steep fronts run from them until they meet."
    }
    version: ClassVar = 5
    generated_text: ClassVar = f"{INITIAL_TEXT} Each sample is then shifted and scaled to span [0, 1]."
    span = (0.0, 1.0)
    time_limits: ClassVar = {"demo": 60.0, "paper": 2400.0, "hard": 60.0}

    @property
    def equation(self) -> Equation:
        balance = Balance("u", "nu*d(u, x, x) + rho*u*(1 - u)")
        return Equation(("u",), (UNIT_INTERVAL,), (balance,), ("nu", "rho"))

    def problem_text(self) -> str:
        return f"""Solve the reaction-diffusion equation

    u_t = nu u_xx + rho u (1 - u),    x in (0, 1), {self.span_text()},

with periodic boundary conditions and u(0, x) = u0(x). Here nu = {self.parameters["nu"]:g} (passed as `nu`) and
rho = {self.parameters["rho"]:g} (passed as `rho`). {GRID_TEXT} {self.initial_text()}"""

    def initial_fields(self, rng: np.random.Generator, count: int, smooth: bool) -> Waves | Colonies:
        hard = self.scale == "hard" and not smooth
        return random_colonies(rng, count) if hard else random_waves(rng, count, smooth).scaled_to_unit()

    def refinement_text(self) -> str:
        return "For the order the initial values are sums of waves between 0 and 1." if self.scale == "hard" else ""

    kept_share: ClassVar = 1.0

    @property
    def thin(self) -> bool:
        return math.sqrt(self.parameters["nu"] / self.parameters["rho"]) < THIN

    def linear(self, box: Box) -> np.ndarray:
        return self.parameters["rho"] - self.parameters["nu"] * box.squared

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return -self.parameters["rho"] * box.spectrum(u**2)

    def factor(self, points: int, level: int) -> int:
        small = points < 1024
        if self.thin:
            return (15 if small else 5) if level else (9 if small else 3)
        return (9 if small else 3) if level else (3 if small else 1)

    def factor_from_samples(self, points: int) -> int:
        return self.factor(points, 0) if self.thin else 3

    def steps(self, box: Box, n: int, u: np.ndarray) -> int:
        times = self.times()
        steps = max(8, math.ceil(50.0 * (times[1] - times[0]) * self.parameters["rho"]))
        kinked = (
            self.scale != "hard"
        )  # what bumps are not; each step adds rounding, which grows by exp(rho t) ahead of fronts
        return steps * (FIRST_FRAME if kinked and n == 0 else 1)
