"""Steady incompressible flow in two dimensions, from the forcing of its vorticity to its velocity."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fieldsmith.equations.equation import Axis, Balance, Equation
from fieldsmith.tasks.pde import Arrays, PDETask
from fieldsmith.tasks.steady_vorticity import Torus, sampled, steady_vorticity
from fieldsmith.tasks.task import Parameter

MODES = 10
"""Highest wave number of the forcing along an axis; more than 20 points carry all of it."""
SMOOTH_MODES = 4
"""The same for the convergence study."""
SHIFT, POWER = 1.24, 2.5
"""The forcing's covariance is (-Laplace + SHIFT)^-POWER: that of Li et al., arXiv 2010.08895, section 5.3, on a square of side 2 pi."""
SIZE = 0.2
"""Root of the mean square of the forcing, in units of the viscosity."""
RESOLVED = (1e-5, 1e-8)
"""Share of the largest mode of the vorticity that the highest ones come to, by level ..."""
COARSEST = (48, 64)
"""... and the points that it is first solved on; grids of both levels have other sizes from there on."""


@dataclass(frozen=True)
class Forcing:
    """Spectra of amplitudes [batch, n, n // 2 + 1]."""

    spectra: np.ndarray

    def take(self, part: slice) -> "Forcing":
        """Some of the samples."""
        return Forcing(self.spectra[part])

    def __call__(self, points: int) -> np.ndarray:
        """Values [batch, points, points] at j 2 pi / points."""
        return np.stack([sampled(one, points) for one in self.spectra])


class NavierStokesSteady2D(PDETask):
    """The steady Navier-Stokes equations of an incompressible fluid, as Marwah et al. (arXiv 2312.00234) learn them: forcing in, flow out.

    Size and law of the forcing are this task's own. It is SIZE times the viscosity, so that without transport the flow would be the same at all viscosities: at nu = 0.01 transport
    changes the vorticity by a third, at 0.001 by two thirds and more. Good values: nu = 0.001 ... 0.1 (hardly any transport).
    """

    name = "navier-stokes-steady-2d"
    title = "Steady incompressible flow on a periodic square"
    known_parameters: ClassVar = {"nu": Parameter(0.01, 1e-3, 1.0, "viscosity")}
    meanings: ClassVar = {"u": "velocity along x", "v": "velocity along y", "f": "forcing of the vorticity"}
    sizes_by_scale: ClassVar = {
        "demo": {"dev": 8, "test": 8, "x": 64, "y": 64},
        "paper": {"dev": 50, "test": 100, "x": 128, "y": 128},
        "hard": {"dev": 8, "test": 8, "x": 64, "y": 64},
    }
    defaults_by_scale: ClassVar = {"hard": {"nu": 0.001}}
    span = None
    time_limits: ClassVar = {"demo": 60.0, "paper": 1200.0, "hard": 120.0}
    refinement_points: ClassVar = (16, 32, 64)
    samples_a_process: ClassVar = 2

    @property
    def equation(self) -> Equation:
        axes = tuple(Axis(name, 0.0, 2.0 * math.pi, "left_edges") for name in ("x", "y"))
        w = "(d(v, x) - d(u, y))"
        transport = f"-d(u*{w}, x) - d(v*{w}, y) + nu*(d({w}, x, x) + d({w}, y, y)) + f"
        return Equation(("u", "v"), axes, (Balance("", transport), Balance("", "d(u, x) + d(v, y)")), ("nu",), {}, ("f",))  # fmt: skip

    def problem_text(self) -> str:
        nu = self.parameters["nu"]
        return f"""Find the steady velocity (u, v) of an incompressible fluid,

    u w_x + v w_y = nu (w_xx + w_yy) + f(x, y),    w = v_x - u_y,    u_x + v_y = 0,    (x, y) in (0, 2 pi)^2,

with periodic boundary conditions along both axes; u and v have mean 0. The viscosity is nu = {nu:g}, passed as `nu`. The forcing f of the vorticity w is given at the
points x_i = 2 pi i/N, y_j = 2 pi j/N, and the velocity is wanted at the same points.{self._drawn_text()}

For small nu there may be several steady flows, and the one that is wanted may be one that a flow in time would leave, so that marching in time need not
reach it. Wanted is the one that is connected with rest: multiply f by s and follow the solution from s = 0 (rest) to where s is 1 first, along the branch should s turn back. Newton's method with
steps short enough that the solution hardly departs from the prediction stays on it."""

    def _drawn_text(self) -> str:
        if self.data is not None:
            return ""
        size = SIZE * self.parameters["nu"]
        return (
            f"\nf is a Gaussian random field of mean 0 with wave numbers up to {MODES} along each axis, amplitudes that fall like (k^2 + {SHIFT:g})^-{POWER / 2:g}, "
            f"and a root mean square of about {size:g}."
        )

    def refinement_text(self) -> str:
        return f"For the order f has wave numbers up to {SMOOTH_MODES}."

    def initial_fields(self, rng: np.random.Generator, count: int, smooth: bool) -> Forcing:
        n = 2 * MODES + 2
        torus = Torus(n)
        k = torus.squared
        weight = np.where(torus.largest <= (SMOOTH_MODES if smooth else MODES), (k + SHIFT) ** (-0.5 * POWER), 0.0)
        weight[0, 0] = 0.0
        twice = np.where(np.arange(n // 2 + 1) == 0, 1.0, 2.0)  # modes of the other half of the plane
        weight *= SIZE * self.parameters["nu"] / math.sqrt(float(np.sum(twice * weight**2)))
        noise = torus.spectrum(rng.standard_normal((count, n, n))) * n
        return Forcing(weight * noise)

    def inputs(self, fields: Forcing, points: int) -> dict[str, np.ndarray | float]:
        return {"f": fields(points), **self.argument_values()}

    def reference(self, fields: Forcing, points: int, level: int) -> Arrays:
        """Newton-Krylov iterations on as many Fourier modes as the flow has."""
        found = [self.solved(one, points, level) for one in fields.spectra]
        return {"u": np.stack([u for u, _ in found]), "v": np.stack([v for _, v in found])}

    def solved(self, f: np.ndarray, points: int, level: int) -> tuple[np.ndarray, np.ndarray]:
        """Velocity [points, points] for a spectrum of the forcing."""
        w = steady_vorticity(f, self.parameters["nu"], RESOLVED[level], COARSEST[level])
        torus = Torus(len(w))
        return sampled(torus.toward_u * w, points), sampled(torus.toward_v * w, points)

    def from_samples(self, inputs: Mapping[str, np.ndarray | float]) -> None:
        """The samples carry the whole forcing: what the trusted method reaches is the reference, to within its own error."""
        return None
