"""Viscous Burgers' equation u_t + (u^2/2)_x = nu u_xx on the periodic unit interval."""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fieldsmith.equations.equation import Balance, Equation
from fieldsmith.tasks.fourier import centred, etdrk4_step, irfft, phi_coefficients, resample, rfft, wave_numbers
from fieldsmith.tasks.pde import Arrays
from fieldsmith.tasks.scalar import GRID_TEXT, UNIT_INTERVAL, ScalarTask, cell_centres
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
"""Finest grid, which bounds the cost at the smallest viscosities."""


class Burgers(ScalarTask):
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
    }
    version: ClassVar = 4
    span = (0.0, 2.0)
    time_limits: ClassVar = {"demo": 60.0, "paper": 1200.0}

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

    def reference(self, fields: Waves, points: int, level: int) -> Arrays:
        """Fourier ETDRK4 on an odd multiple of the scored grid, from Fourier coefficients free of aliasing."""
        factor = _odd(POINTS_A_FRONT / self.viscosity / points, 5, max(5, MOST_POINTS // points))
        fine = (factor if level else max(1, factor - 2)) * points
        oversampled = fine * (15 if level else 9)  # different ones, so that what kinks do to coefficients shows too
        start = resample(rfft(fields(cell_centres(oversampled))), oversampled, fine, 0.5 / fine - 0.5 / oversampled)
        u = self._evolve(start, fine, points, 2 if level else 1)
        u[:, 0] = fields(cell_centres(points))
        return {"u_batch": u}

    def from_samples(self, inputs: Mapping[str, np.ndarray | float]) -> Arrays:
        """The same method from the trigonometric interpolant of the samples."""
        u0 = np.asarray(inputs["u0_batch"])
        points = u0.shape[1]
        fine = points * _odd(POINTS_A_FRONT / self.viscosity / points, 3, max(3, MOST_POINTS // points))
        u = self._evolve(rfft(centred(u0, fine)), fine, points, 1)
        u[:, 0] = u0
        return {"u_batch": u}

    def _evolve(self, start: np.ndarray, fine: int, points: int, refinement: int) -> np.ndarray:
        """[batch, time, points] from the spectrum on `fine` points, every (fine/points)-th cell centre kept."""
        stride = fine // points
        frames = [self._frames(one, fine, refinement) for one in start]
        return np.stack([irfft(one, fine)[:, stride // 2 :: stride] for one in frames])

    def _frames(self, start: np.ndarray, fine: int, refinement: int) -> np.ndarray:
        """Spectra [time, modes] of one sample; the steps follow its amplitude, which decays."""
        k = wave_numbers(fine, 1.0)
        kept = k <= 2.0 / 3.0 * k[-1]
        flux = -0.5j * k * kept

        def nonlinear(spectrum: np.ndarray) -> np.ndarray:
            return flux * rfft(irfft(spectrum, fine) ** 2)

        clock = CLOCK * max(1.0, 0.003 / self.viscosity) ** 0.5
        state = start * kept
        frames, known, coefficients = [state], 0.0, ()
        for n, interval in enumerate(np.diff(self.times())):
            speed = float(np.abs(irfft(state, fine)).max())
            # A front of height 2 * speed is traversed in about viscosity / speed^2.
            stiffest = min(float(k[kept][-1]), 2.0 * speed / self.viscosity)
            steps = (
                max(16, math.ceil(interval * speed * stiffest / clock)) * refinement * (FIRST_FRAME if n == 0 else 1)
            )
            dt = round(float(interval) / steps, 15)
            if dt != known:
                known, coefficients = dt, phi_coefficients(-self.viscosity * k**2, dt)
            for _ in range(steps):
                state = etdrk4_step(state, nonlinear, coefficients)
            frames.append(state)
        return np.stack(frames)

    def conserved(self, outputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        return {"mass": self.conserved_total(outputs["u_batch"])}


def _odd(wanted: float, least: int, most: int) -> int:
    """The smallest odd number that is at least `wanted`, within bounds."""
    n = math.ceil(wanted)
    return min(most - 1 + most % 2, max(least, n + 1 - n % 2))
