"""Viscous Burgers' equation u_t + (u^2/2)_x = nu u_xx on the periodic unit interval."""

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from fieldsmith.equations.equation import Balance, Equation
from fieldsmith.tasks.cole_hopf import Profile, cole_hopf, sampled_profile
from fieldsmith.tasks.pde import Arrays
from fieldsmith.tasks.periodic import Box
from fieldsmith.tasks.scalar import GRID_TEXT, UNIT_INTERVAL, ScalarEvolution, cell_centres
from fieldsmith.tasks.task import Parameter
from fieldsmith.tasks.waves import Waves

# A front of height 3 has a spectrum that falls like exp(-4 pi^2 n nu / 3); with n = 1/3 of the grid points and
# this many points over 1/nu it ends below 1e-10.
POINTS_A_FRONT = 6.0
CLOCK = 0.25
"""Time step in units of 1 / (speed x stiffest wave number); thin fronts get longer ones to bound the cost."""
FIRST_FRAME = 8
"""Times as many steps while kinks and window edges smooth out."""
MOST_POINTS = 5376
"""Finest grid; where fronts ask for more the transformation of Cole and Hopf takes over."""
QUADRATURE = ((64, 14), (96, 16))
"""Panels of a period and points on each for that, by level."""


class Burgers(ScalarEvolution):
    """Waves steepen into viscous shocks and decay.

    The task's `nu` follows PDEBench: the viscosity, and the function's argument `nu`, is nu/pi.
    Good values: nu = 0.001 (sharp shocks) ... 4 (pure decay).
    """

    name = "burgers"
    title = "Viscous Burgers' equation"
    known_parameters: ClassVar = {"nu": Parameter(0.01, 1e-3, 10.0, "pi times the viscosity (PDEBench's convention)")}
    argument_meanings: ClassVar = {"nu": "viscosity"}
    sizes_by_scale: ClassVar = {
        "demo": {"dev": 8, "test": 8, "time": 51, "x": 256},
        "paper": {"dev": 50, "test": 100, "time": 201, "x": 1024},
        "hard": {"dev": 8, "test": 8, "time": 51, "x": 256},
    }
    defaults_by_scale: ClassVar = {"hard": {"nu": 0.001}}
    version: ClassVar = 5
    span = (0.0, 2.0)
    time_limits: ClassVar = {"demo": 60.0, "paper": 1200.0, "hard": 60.0}

    @property
    def viscosity(self) -> float:
        return self.parameters["nu"] / math.pi

    def argument_values(self) -> Mapping[str, float]:
        return {"nu": self.viscosity}

    @property
    def equation(self) -> Equation:
        return Equation(("u",), (UNIT_INTERVAL,), (Balance("u", "-d(u**2/2, x) + nu*d(u, x, x)"),), ("nu",))

    def problem_text(self) -> str:
        return f"""Solve the viscous Burgers equation

    u_t + (u^2/2)_x = nu u_xx,    x in (0, 1), {self.span_text()},

with periodic boundary conditions and u(0, x) = u0(x). The viscosity is nu = {self.viscosity:.10g}, passed as `nu`.
{GRID_TEXT} {self.initial_text()} Steep fronts of width about nu form."""

    together: ClassVar = False

    @property
    def thin(self) -> bool:
        """Whether fronts ask for more points than the Fourier method is given."""
        return self.viscosity * MOST_POINTS < POINTS_A_FRONT

    def reference(self, fields: Waves, points: int, level: int) -> Arrays:
        """Fourier and ETDRK4, or quadrature where fronts are thin."""
        if not self.thin:
            return super().reference(fields, points, level)
        samples = [fields.take(slice(n, n + 1)) for n in range(len(fields.sign))]
        return self._transformed(
            [Profile(lambda x, one=one: one(x)[0], one.kinks(0)) for one in samples], points, level
        )

    def from_samples(self, inputs: Mapping[str, np.ndarray | float]) -> Arrays | None:
        if not self.thin:
            return super().from_samples(inputs)
        u0 = np.asarray(inputs["u0_batch"])
        solved = self._transformed([sampled_profile(one) for one in u0], u0.shape[1], 1)
        solved["u_batch"][:, 0] = u0
        return solved

    def _transformed(self, profiles: Sequence[Profile], points: int, level: int) -> Arrays:
        x, times = cell_centres(points), self.times()
        solved = [cole_hopf(one, self.viscosity, times, x, *QUADRATURE[level]) for one in profiles]
        return {"u_batch": np.stack(solved)}

    def linear(self, box: Box) -> np.ndarray:
        return -self.viscosity * box.squared

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return -0.5j * box.k[0] * box.spectrum(u**2)

    def factor(self, points: int, level: int) -> int:
        fine = _odd(POINTS_A_FRONT / self.viscosity / points, 5, max(5, MOST_POINTS // points))
        return fine if level else max(1, fine - 2)

    def factor_from_samples(self, points: int) -> int:
        return _odd(POINTS_A_FRONT / self.viscosity / points, 3, max(3, MOST_POINTS // points))

    def steps(self, box: Box, n: int, u: np.ndarray) -> int:
        """They follow a sample's amplitude, which decays."""
        interval, speed = float(np.diff(self.times())[n]), float(np.abs(u).max())
        # A front of height 2 * speed is traversed in about viscosity / speed^2.
        stiffest = min(float(box.k[0][box.kept > 0][-1]), 2.0 * speed / self.viscosity)
        clock = CLOCK * max(1.0, 0.003 / self.viscosity) ** 0.5
        return max(16, math.ceil(interval * speed * stiffest / clock)) * (FIRST_FRAME if n == 0 else 1)

    def conserved(self, outputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        return {"mass": self.conserved_total(outputs["u_batch"])}


def _odd(wanted: float, least: int, most: int) -> int:
    """The smallest odd number that is at least `wanted`, within bounds."""
    n = math.ceil(wanted)
    return min(most - 1 + most % 2, max(least, n + 1 - n % 2))
