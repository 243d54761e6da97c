"""The trusted references against independent methods: quadrature, adaptive integrators, the exact solution."""

from functools import cache

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from fieldsmith.tasks import load
from fieldsmith.tasks.pde import PDETask
from fieldsmith.tasks.scalar import cell_centres
from fieldsmith.tasks.waves import Waves

POINTS = 32


def wave(amplitude: float, number: int, phase: float) -> Waves:
    one = np.ones(1)
    none = np.full((1, 2), np.nan)
    return Waves(
        np.array([[amplitude, 0.3]]),
        np.array([[number, 1]]),
        np.array([[phase, 0.7]]),
        np.zeros(1, bool),
        one,
        none,
        np.zeros(1),
        one,
    )


def task(name: str, **parameters: float) -> PDETask:
    made = load(name, parameters)
    assert isinstance(made, PDETask)
    return made


def cole_hopf(fields: Waves, x: np.ndarray, t: float, nu: float) -> np.ndarray:
    """u = <(x - y)/t> under the weight exp(-(integral of u0 to y + (x - y)^2 / 2t) / 2nu), by the trapezoid rule."""
    reach = 2.5 * t + 10.0 * np.sqrt(2.0 * nu * t)
    y = x[:, None] + np.linspace(-reach, reach, 20001)
    potential = -sum(
        a / (2 * np.pi * k) * np.cos(2 * np.pi * k * y + p)
        for a, k, p in zip(fields.amplitudes[0], fields.numbers[0], fields.phases[0], strict=True)
    )
    exponent = -(potential + (x[:, None] - y) ** 2 / (2 * t)) / (2 * nu)
    weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return np.sum(weight * (x[:, None] - y) / t, axis=1) / weight.sum(axis=1)


@pytest.mark.slow
@pytest.mark.parametrize("nu", [0.01, 0.1, 2.0])
def test_burgers_agrees_with_cole_hopf_quadrature(nu: float) -> None:
    burgers, fields = task("burgers", nu=nu), wave(0.8, 2, 0.4)
    u = burgers.reference(fields, POINTS, 1)["u_batch"][0]
    for frame in (1, 10, 50):
        exact = cole_hopf(fields, cell_centres(POINTS), burgers.times()[frame], nu / np.pi)
        assert np.abs(u[frame] - exact).max() < 1e-7 * np.abs(u[0]).max()


@cache
def reaction_diffusion_by_bdf() -> tuple[np.ndarray, np.ndarray]:
    """Method of lines with eighth-order differences and an adaptive implicit integrator."""
    nu, rho, n = 0.5, 2.0, 192
    fields = wave(0.6, 2, 1.1).scaled_to_unit()
    weights = {0: -205 / 72, 1: 8 / 5, 2: -1 / 5, 3: 8 / 315, 4: -1 / 560}
    matrix = sum(
        w * (np.roll(np.eye(n), s, 1) + np.roll(np.eye(n), -s, 1)) / (2 if s == 0 else 1) for s, w in weights.items()
    )
    laplacian = np.asarray(matrix) * n**2

    def rate(_: float, u: np.ndarray) -> np.ndarray:
        return nu * laplacian @ u + rho * u * (1 - u)

    def jacobian(_: float, u: np.ndarray) -> np.ndarray:
        return nu * laplacian + np.diag(rho * (1 - 2 * u))

    times = np.array([0.0, 0.02, 0.2, 1.0])
    start = fields(cell_centres(n))[0]
    solved = solve_ivp(rate, (0, 1), start, "Radau", times, rtol=1e-10, atol=1e-12, jac=jacobian)
    return times, solved.y.T


def test_reaction_diffusion_agrees_with_an_adaptive_implicit_integrator() -> None:
    times, expected = reaction_diffusion_by_bdf()
    equation = task("reacdiff1d", nu=0.5, rho=2.0)
    u = equation.reference(wave(0.6, 2, 1.1).scaled_to_unit(), 64, 1)["u_batch"][0]
    frames = np.searchsorted(equation.times(), times - 1e-9)
    assert np.abs(u[frames] - expected[:, 1::3]).max() < 1e-8


def test_advection_returns_to_its_start_after_a_period() -> None:
    advection = task("advection", beta=1.0)
    u = advection.reference(advection.initial_fields(np.random.default_rng(0), 4, False), 64, 1)["u_batch"]
    assert np.abs(u[:, 25] - u[:, 0]).max() < 1e-12
    assert np.abs(u[:, 10] - u[:, 0]).max() > 0.1


@pytest.mark.parametrize("name", ["advection", pytest.param("burgers", marks=pytest.mark.slow), "reacdiff1d"])
def test_a_smooth_field_is_recovered_from_its_samples(name: str) -> None:
    equation = task(name)
    fields = equation.initial_fields(np.random.default_rng(5), 2, smooth=True)
    exact = equation.reference(fields, 64, 1)["u_batch"]
    ours = equation.from_samples(equation.inputs(fields, 64))["u_batch"]
    assert np.linalg.norm(ours - exact) < 1e-6 * np.linalg.norm(exact)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["advection", "burgers"])
def test_references_keep_their_mass(name: str) -> None:
    equation = task(name)
    fields = equation.initial_fields(np.random.default_rng(5), 3, smooth=True)
    mass = equation.conserved(equation.reference(fields, 256, 1))["mass"]
    # The mean over 256 points of a front not much wider than their spacing is itself only this good.
    assert np.abs(mass - mass[:, :1]).max() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("name", ["advection", "reacdiff1d"])
def test_estimated_reference_errors_are_small(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    case = load(name).split("dev")[0]
    assert case.reference_error <= {"advection": 1e-12, "reacdiff1d": 1e-8}[name]
    assert case.trusted is not None
    assert case.trusted >= 0.0
