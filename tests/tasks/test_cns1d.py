"""The gas solvers against an exact Riemann solution and against finer runs of their own."""

import numpy as np
import pytest
from scipy.optimize import brentq

from fieldsmith.tasks import load
from fieldsmith.tasks.cns1d import LENGTH, NAMES, CompressibleNavierStokes, cell_centres
from fieldsmith.tasks.compressible import spectral_solution
from fieldsmith.tasks.muscl_hancock import GAMMA, finite_volume_solution


def gas(viscosity: float) -> CompressibleNavierStokes:
    made = load("cns1d", {"eta": viscosity, "zeta": viscosity})
    assert isinstance(made, CompressibleNavierStokes)
    return made


def exact_shock_tube(speed: np.ndarray) -> np.ndarray:
    """[v, r, p] along x/t = speed for gas at rest, (r, p) = (1, 1) on the left and (1/8, 1/10) on the right."""
    r_left, p_left, r_right, p_right = 1.0, 1.0, 0.125, 0.1
    c_left, c_right = np.sqrt(GAMMA * p_left / r_left), np.sqrt(GAMMA * p_right / r_right)

    def behind_shock(p: float) -> float:
        return (p - p_right) * np.sqrt(2 / r_right / ((GAMMA + 1) * p + (GAMMA - 1) * p_right))

    def behind_rarefaction(p: float) -> float:
        return 2 * c_left / (GAMMA - 1) * (1 - (p / p_left) ** ((GAMMA - 1) / (2 * GAMMA)))

    p = float(brentq(lambda q: behind_shock(q) - behind_rarefaction(q), p_right, p_left))
    v = behind_shock(p)
    weak = (GAMMA - 1) / (GAMMA + 1)
    r_shocked = r_right * (p / p_right + weak) / (1 + weak * p / p_right)
    shock = c_right * np.sqrt((GAMMA + 1) / (2 * GAMMA) * p / p_right + (GAMMA - 1) / (2 * GAMMA))
    r_expanded = r_left * (p / p_left) ** (1 / GAMMA)
    tail = v - np.sqrt(GAMMA * p / r_expanded)
    v_fan = 2 / (GAMMA + 1) * (c_left + speed)
    c_fan = np.maximum(c_left - (GAMMA - 1) / 2 * v_fan, 1e-9)
    fan = [
        v_fan,
        r_left * (c_fan / c_left) ** (2 / (GAMMA - 1)),
        p_left * (c_fan / c_left) ** (2 * GAMMA / (GAMMA - 1)),
    ]
    regions = [speed < -c_left, speed < tail, speed < v, speed < shock]
    choices = [(0.0, r_left, p_left), fan, (v, r_expanded, p), (v, r_shocked, p), (0.0, r_right, p_right)]
    return np.stack([np.select(regions, [c[i] for c in choices[:4]], choices[4][i]) for i in range(3)])


def shock_tube_error(points: int) -> float:
    """Mean error of v, r, p at t = 0.2 near the jump at x = 0; the other jump, at x = +-1, is out of reach."""
    x, t = cell_centres(points), 0.2
    start = (np.zeros((1, points)), np.where(x < 0, 1.0, 0.125)[None], np.where(x < 0, 1.0, 0.1)[None])
    solved = np.stack(finite_volume_solution(start, LENGTH, np.array([0.0, t]), 0.0))[:, 0, 1]
    near = np.abs(x) < 0.5
    return float(np.abs(solved - exact_shock_tube(x / t))[:, near].mean())


def test_a_shock_tube_converges_to_the_exact_riemann_solution() -> None:
    coarse, fine = shock_tube_error(400), shock_tube_error(1600)
    assert fine < 1e-3
    assert fine < 0.4 * coarse


def relative(ours: dict[str, np.ndarray], truth: dict[str, np.ndarray]) -> np.ndarray:
    """[batch], fields stacked."""
    error = sum(((ours[name] - truth[name]) ** 2).sum(axis=(1, 2)) for name in NAMES)
    return np.sqrt(error / sum((truth[name] ** 2).sum(axis=(1, 2)) for name in NAMES))


@pytest.mark.slow
@pytest.mark.parametrize("viscosity", [1.0, 0.1, 0.03])
def test_the_estimated_error_of_the_smooth_reference_is_honest(viscosity: float) -> None:
    task = gas(viscosity)
    fields = task.initial_fields(np.random.default_rng(11), 2, smooth=True)
    fine, coarse = task.reference(fields, 64, 1), task.reference(fields, 64, 0)
    inner = 3 * task._inner_points() // 2
    state = spectral_solution(fields(cell_centres(inner)), LENGTH, task.times(), task.mu, inner, 64, 0.5)
    error = relative(fine, dict(zip(NAMES, state, strict=True)))
    assert (error <= 3 * relative(coarse, fine) + 1e-12).all()
    assert error.max() < 1e-6


@pytest.mark.slow
def test_the_estimated_error_of_the_reference_with_shocks_is_honest() -> None:
    task = gas(1e-8)
    fields = task.initial_fields(np.random.default_rng(11), 2, smooth=True)
    fine, coarse = task.reference(fields, 32, 1), task.reference(fields, 32, 0)
    split = finite_volume_solution(fields(cell_centres(45 * 32)), LENGTH, task.times(), task.mu)
    truth = dict(zip(NAMES, (field[..., 22::45] for field in split), strict=True))
    assert (relative(fine, truth) < 3 * relative(coarse, fine)).all()


@pytest.mark.parametrize("viscosity", [0.1, 1e-8])
def test_references_start_from_the_samples_and_keep_mass_momentum_and_energy(viscosity: float) -> None:
    task = gas(viscosity)
    fields = task.initial_fields(np.random.default_rng(12), 2, smooth=True)
    x = cell_centres(288)
    if viscosity == 0.1:
        state = spectral_solution(fields(x), LENGTH, task.times(), task.mu, 288, 288, 1.0)
    else:
        state = finite_volume_solution(fields(x), LENGTH, task.times(), task.mu)
    for first, field in zip(fields(x), state, strict=True):
        assert np.abs(field[:, 0] - first).max() < 1e-9
    for total in task.conserved(dict(zip(NAMES, state, strict=True))).values():
        assert np.abs(total - total[:, :1]).max() < 1e-6


@pytest.mark.slow
def test_the_reference_does_not_depend_on_the_scored_grid() -> None:
    task = gas(0.1)
    fields = task.initial_fields(np.random.default_rng(13), 2, smooth=True)
    coarse, fine = task.reference(fields, 32, 1), task.reference(fields, 96, 1)
    assert relative(coarse, {name: fine[name][..., 1::3] for name in NAMES}).max() < 1e-10


@pytest.mark.slow
def test_the_viscous_front_between_the_two_solvers_is_the_same() -> None:
    """Just below and above the viscosity at which the reference changes its method."""
    thin, thick = gas(0.0021), gas(0.0022)
    assert thin.from_samples(thin.inputs(thin.initial_fields(np.random.default_rng(1), 1, True), 64)) is None
    fields = thick.initial_fields(np.random.default_rng(14), 2, smooth=True)
    volumes = finite_volume_solution(fields(cell_centres(9 * 128)), LENGTH, thick.times(), thick.mu)
    ours = {name: field[..., 4::9] for name, field in zip(NAMES, volumes, strict=True)}
    assert relative(ours, thick.reference(fields, 128, 1)).max() < 1e-2
