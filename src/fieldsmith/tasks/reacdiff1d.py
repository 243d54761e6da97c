"""Reaction-diffusion u_t = nu u_xx + rho u (1 - u) (Fisher-KPP) on the periodic unit interval."""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fieldsmith.equations.equation import Balance, Equation
from fieldsmith.tasks.fourier import centred, etdrk4, irfft, resample, rfft, wave_numbers
from fieldsmith.tasks.pde import Arrays
from fieldsmith.tasks.scalar import GRID_TEXT, INITIAL_TEXT, UNIT_INTERVAL, ScalarTask, cell_centres
from fieldsmith.tasks.task import Parameter
from fieldsmith.tasks.waves import Waves, random_waves


class ReactionDiffusion(ScalarTask):
    """Profiles smooth out and grow logistically towards 1. Good values: nu = 0.5, rho = 1 ... 10."""

    name = "reacdiff1d"
    title = "Reaction-diffusion with logistic growth"
    known_parameters: ClassVar = {
        "nu": Parameter(0.5, 1e-3, 10.0, "diffusivity"),
        "rho": Parameter(1.0, 1e-3, 20.0, "growth rate"),
    }
    argument_meanings: ClassVar = {"nu": "diffusivity", "rho": "growth rate"}
    sizes_by_scale: ClassVar = {
        "demo": {"dev": 8, "test": 8, "time": 51, "x": 256},
        "paper": {"dev": 50, "test": 100, "time": 101, "x": 1024},
    }
    version: ClassVar = 4
    generated_text: ClassVar = f"{INITIAL_TEXT} Each sample is then shifted and scaled to span [0, 1]."
    span = (0.0, 1.0)
    time_limits: ClassVar = {"demo": 60.0, "paper": 2400.0}

    @property
    def equation(self) -> Equation:
        balance = Balance("u", "nu*d(u, x, x) + rho*u*(1 - u)")
        return Equation(("u",), (UNIT_INTERVAL,), (balance,), ("nu", "rho"))

    def problem_text(self) -> str:
        return f"""Solve the reaction-diffusion equation

    u_t = nu u_xx + rho u (1 - u),    x in (0, 1), {self.span_text()},

with periodic boundary conditions and u(0, x) = u0(x). Here nu = {self.parameters["nu"]:g} (passed as `nu`) and
rho = {self.parameters["rho"]:g} (passed as `rho`). {GRID_TEXT} {self.initial_text()}"""

    def initial_fields(self, rng: np.random.Generator, count: int, smooth: bool) -> Waves:
        return random_waves(rng, count, smooth).scaled_to_unit()

    def reference(self, fields: Waves, points: int, level: int) -> Arrays:
        """Fourier ETDRK4 from coefficients free of aliasing; the scored grid is an odd part of the fine one."""
        small = points < 1024
        fine = points * ((9 if small else 3) if level else (3 if small else 1))
        oversampled = fine * (15 if level else 9)  # different ones, so that what kinks do to coefficients shows too
        start = resample(rfft(fields(cell_centres(oversampled))), oversampled, fine, 0.5 / fine - 0.5 / oversampled)
        u = self._evolve(start, fine, points, 2 if level else 1)
        u[:, 0] = fields(cell_centres(points))
        return {"u_batch": u}

    def from_samples(self, inputs: Mapping[str, np.ndarray | float]) -> Arrays:
        """The same method from the trigonometric interpolant of the samples."""
        u0 = np.asarray(inputs["u0_batch"])
        points = u0.shape[1]
        u = self._evolve(rfft(centred(u0, 3 * points)), 3 * points, points, 1)
        u[:, 0] = u0
        return {"u_batch": u}

    def _evolve(self, start: np.ndarray, fine: int, points: int, refinement: int) -> np.ndarray:
        nu, rho = self.parameters["nu"], self.parameters["rho"]
        k = wave_numbers(fine, 1.0)

        def nonlinear(spectrum: np.ndarray) -> np.ndarray:
            return -rho * rfft(irfft(spectrum, fine) ** 2)

        times = self.times()
        interval = times[1] - times[0]
        steps = refinement * max(8, math.ceil(50.0 * interval * rho))
        frames = etdrk4(start, rho - nu * k**2, nonlinear, times, lambda n: steps * (16 if n == 0 else 1))
        stride = fine // points
        return np.stack([irfft(f, fine)[:, stride // 2 :: stride] for f in frames], axis=1)
