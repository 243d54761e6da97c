"""One-dimensional compressible Navier-Stokes equations of an ideal gas on the periodic interval (-1, 1)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from fieldsmith.equations.equation import Axis, Balance, Equation
from fieldsmith.tasks import hdf5
from fieldsmith.tasks.compressible import spectral_solution
from fieldsmith.tasks.fourier import centred
from fieldsmith.tasks.muscl_hancock import GAMMA, State, finite_volume_solution
from fieldsmith.tasks.pde import Arrays, PDETask
from fieldsmith.tasks.task import Argument, Parameter, Result, Signature

NAMES = ("Vx", "density", "pressure")
LENGTH = 2.0
SMOOTH_VISCOSITY = 0.005
"""Above this mu the spectral reference is used; below it shocks are too thin and finite volumes take over."""
THIN_VISCOSITY = 0.01
"""Below this mu what the samples leave open of smooth fields is nothing beside what is hard about the fronts."""

BEFORE_SHOCKS = 0.02
"""The steepest initial waves, of wave number 4 and Mach number 1.5, break a little later."""


def cell_centres(points: int) -> np.ndarray:
    return -1.0 + (np.arange(points) + 0.5) * LENGTH / points


@dataclass(frozen=True)
class GasFields:
    """Smooth periodic states: background (1 + depth * wave), the velocity's scaled by a Mach number.

    waves: [3 fields, batch, 2 terms, (amplitude, number, phase)], each wave normalised to at most 1 in size.
    """

    waves: np.ndarray
    background: np.ndarray
    depth: np.ndarray

    def take(self, part: slice) -> "GasFields":
        return GasFields(self.waves[:, part], self.background[:, part], self.depth[:, part])

    def __call__(self, x: np.ndarray) -> State:
        amplitude, number, phase = (self.waves[..., i, None] for i in range(3))
        wave = np.sum(amplitude * np.sin(2.0 * np.pi * number * (x + 1.0) / LENGTH + phase), axis=2)
        wave /= np.sum(np.abs(amplitude), axis=2)
        v, r, p = self.background[..., None] * np.stack([wave[0], wave[1], wave[2]]) * self.depth[..., None]
        return v, self.background[1][:, None] + r, self.background[2][:, None] + p


class CompressibleNavierStokes(PDETask):
    """Sound waves, steepening fronts and viscous decay. Good values: eta = zeta = 0.1, 0.01; 1e-8 has shocks.

    The hard scale's 0.0025 is about the least at which a reference that is made in a minute or two can be trusted: fronts are
    no thicker than the spacing of the points that are scored, and the spectral method still resolves them.
    """

    name = "cns1d"
    version = 3
    title = "Compressible Navier-Stokes equations in one dimension"
    known_parameters: ClassVar = {
        "eta": Parameter(0.1, 1e-8, 1.0, "shear viscosity"),
        "zeta": Parameter(0.1, 1e-8, 1.0, "bulk viscosity"),
    }
    sizes_by_scale: ClassVar = {
        "demo": {"dev": 8, "test": 8, "time": 51, "x": 256},
        "paper": {"dev": 50, "test": 100, "time": 101, "x": 1024},
        "hard": {"dev": 8, "test": 8, "time": 51, "x": 256},
    }
    defaults_by_scale: ClassVar = {"hard": {"eta": 0.0025, "zeta": 0.0025}}
    span = (0.0, 1.0)
    time_limits: ClassVar = {"demo": 60.0, "paper": 2400.0, "hard": 60.0}
    generated_text: ClassVar = (
        "Initial fields are smooth sums of sine waves (wave numbers 1 to 4 a period); density and pressure vary about a "
        "positive background, velocities reach Mach numbers from 0.1 to above 1."
    )

    @property
    def mu(self) -> float:
        return self.parameters["zeta"] + 4.0 / 3.0 * self.parameters["eta"]

    @property
    def equation(self) -> Equation:
        energy = "pressure/(Gamma - 1) + density*Vx**2/2"
        return Equation(
            unknowns=NAMES,
            axes=(Axis("x", -1.0, 1.0, "cell_centres"),),
            balances=(
                Balance("density", "-d(density*Vx, x)"),
                Balance("density*Vx", "-d(density*Vx**2 + pressure, x) + d((zeta + 4*eta/3)*d(Vx, x), x)"),
                Balance(energy, f"-d(({energy} + pressure)*Vx, x) + d((zeta + 4*eta/3)*Vx*d(Vx, x), x)"),
            ),
            parameters=("eta", "zeta"),
            constants={"Gamma": GAMMA},
            positive=("density", "pressure"),
        )

    @property
    def signature(self) -> Signature:
        meanings = {"Vx": "velocity", "density": "density", "pressure": "pressure"}
        arguments = [
            Argument(f"{name}0", "initial", name, ("batch", "x"), f"initial {text} at the cell centres")
            for name, text in meanings.items()
        ]
        arguments += [
            Argument("t_coordinate", "times", "t", ("time",), "output times, the first is 0"),
            Argument("eta", "parameter", "eta", (), "shear viscosity"),
            Argument("zeta", "parameter", "zeta", (), "bulk viscosity"),
        ]
        results = tuple(
            Result(name, name, ("batch", "time", "x"), f"{text} at every output time, initial frame included")
            for name, text in meanings.items()
        )
        return Signature("solver", tuple(arguments), results)

    def problem_text(self) -> str:
        return f"""Solve the one-dimensional compressible Navier-Stokes equations of an ideal gas

    rho_t + (rho v)_x = 0
    rho (v_t + v v_x) = -p_x + (zeta + 4/3 eta) v_xx
    E_t + [(E + p) v - v sigma]_x = 0,   E = p/(Gamma - 1) + rho v^2/2,   sigma = (zeta + 4/3 eta) v_x

for velocity v (`Vx`), density rho (`density`) and pressure p (`pressure`), x in (-1, 1), {self.span_text()}, with periodic
boundary conditions and Gamma = 5/3. Here eta = {self.parameters["eta"]:g} and zeta = {self.parameters["zeta"]:g}.
Samples lie at the N cell centres x_j = -1 + 2 (j + 1/2)/N. {self.initial_text()}"""

    def initial_fields(self, rng: np.random.Generator, count: int, smooth: bool) -> GasFields:
        shape = (3, count, 2)
        waves = np.stack(
            [rng.uniform(0.1, 1.0, shape), rng.integers(1, 5, shape), rng.uniform(0.0, 2.0 * np.pi, shape)], axis=-1
        )
        density, pressure = rng.uniform(0.8, 2.0, count), rng.uniform(0.8, 2.0, count)
        mach = np.exp(rng.uniform(math.log(0.1), math.log(1.5), count))
        velocity = mach * np.sqrt(GAMMA * pressure / density)
        depth = np.stack([np.ones(count), rng.uniform(0.1, 0.5, count), rng.uniform(0.1, 0.5, count)])
        return GasFields(waves, np.stack([velocity, density, pressure]), depth)

    def inputs(self, fields: GasFields, points: int) -> dict[str, np.ndarray | float]:
        v, r, p = fields(cell_centres(points))
        values = {"Vx0": v, "density0": r, "pressure0": p, "t_coordinate": self.times()}
        return {**values, "eta": self.parameters["eta"], "zeta": self.parameters["zeta"]}

    def reference(self, fields: GasFields, points: int, level: int) -> Arrays:
        """Spectral where viscosity keeps the flow smooth, finite volumes on a finer grid where it does not."""
        if self.mu > SMOOTH_VISCOSITY:
            inner = self._inner_points() if level else 2 * (self._inner_points() // 3)
            start = fields(cell_centres(inner))
            state = spectral_solution(start, LENGTH, self.times(), self.mu, inner, points, 0.7 if level else 1.0)
        else:
            fine, coarse = (9, 3) if points < 1024 else (5, 1)
            factor = fine if level else coarse
            split = finite_volume_solution(fields(cell_centres(factor * points)), LENGTH, self.times(), self.mu)
            state = tuple(field[..., factor // 2 :: factor] for field in split)
        for field, first in zip(state, fields(cell_centres(points)), strict=True):
            field[:, 0] = first
        return dict(zip(NAMES, state, strict=True))

    def from_samples(self, inputs: Mapping[str, np.ndarray | float]) -> Arrays | None:
        """The spectral method from the interpolant of the samples.

        None where fronts are thin: what the reference itself gets wrong about them is far more than what the
        samples leave open.
        """
        if self.mu <= THIN_VISCOSITY:
            return None
        samples = [np.asarray(inputs[f"{name}0"]) for name in NAMES]
        points = samples[0].shape[1]
        inner = max(points, self._inner_points())
        start = tuple(centred(field, inner) for field in samples)
        state = spectral_solution(start, LENGTH, self.times(), self.mu, inner, points, 1.0)
        return dict(zip(NAMES, state, strict=True))

    def _inner_points(self) -> int:
        """Points of the spectral grid: 432, more where fronts, about mu wide, ask for it, up to 2160 at mu = 0.005."""
        thin = 12 * math.ceil(0.9 / self.mu)
        return max(432, min(12 * math.ceil(8.4 / self.mu), max(1056, thin)))

    def refinement_task(self) -> "CompressibleNavierStokes":
        """Without shocks in it: where fronts are thin, the study ends before they form."""
        if self.mu > THIN_VISCOSITY:
            return self
        early = CompressibleNavierStokes(self.parameters, self.scale)
        early.last_time = BEFORE_SHOCKS
        return early

    def refinement_text(self) -> str:
        if self.mu > THIN_VISCOSITY:
            return ""
        return f"The order is measured on output times up to {BEFORE_SHOCKS:g}, before shocks form."

    def conserved(self, outputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        v, r, p = (outputs[name] for name in NAMES)
        energy = p / (GAMMA - 1.0) + 0.5 * r * v**2
        momentum_scale = np.abs(r[:, :1] * v[:, :1]).mean(axis=2)
        return {
            "mass": r.mean(axis=2) / r[:, :1].mean(axis=2),
            "momentum": (r * v).mean(axis=2) / momentum_scale,
            "energy": energy.mean(axis=2) / energy[:, :1].mean(axis=2),
        }

    def from_file(self, path: Path, part: hdf5.Part) -> tuple[dict[str, np.ndarray | float], Arrays]:
        fields, times = hdf5.read_gas(path, part)
        inputs = {f"{name}0": field[:, 0] for name, field in fields.items()}
        inputs |= {"t_coordinate": times, "eta": self.parameters["eta"], "zeta": self.parameters["zeta"]}
        return inputs, fields
