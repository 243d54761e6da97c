"""A scheme that conserves on a grid of its own is not accused of what sampling does; one that loses mass is."""

import functools

import numpy as np
import pytest

from fieldsmith.evaluation import conservation, metrics
from fieldsmith.tasks import load

pytestmark = pytest.mark.slow

POINTS = 64
THIN, WIDE = 0.002, 0.03
"""Viscosities with which fronts are thinner than the spacing of the points, and wider."""


def given(nu: float) -> dict:
    x = (np.arange(POINTS) + 0.5) / POINTS
    u0 = np.stack([0.6 + np.sin(2 * np.pi * x), 0.3 + np.abs(np.sin(2 * np.pi * x + 1.0))])
    return {"u0_batch": u0, "t_coordinate": np.linspace(0.0, 0.6, 13), "nu": nu}


def finite_volumes(inputs, finer: int, conserving: bool) -> np.ndarray:
    """Second order in space and time on a grid `finer` times as fine, an odd number, of which the output points are cell centres."""
    u0, t, nu = inputs["u0_batch"], inputs["t_coordinate"], inputs["nu"]
    points = u0.shape[1] * finer
    places = (np.arange(points) + 0.5) / finer - 0.5
    u = np.stack([np.interp(places, np.arange(-1, u0.shape[1] + 1), np.r_[row[-1], row, row[0]]) for row in u0])

    def rate(u):
        ahead, behind = np.roll(u, -1, 1) - u, u - np.roll(u, 1, 1)
        diffusion = nu * (ahead - behind) * points**2
        if not conserving:
            return -points * (np.maximum(u, 0.0) * behind + np.minimum(u, 0.0) * ahead) + diffusion
        slope = np.where(ahead * behind > 0.0, np.where(np.abs(ahead) < np.abs(behind), ahead, behind), 0.0)
        left, right = u + slope / 2, np.roll(u - slope / 2, -1, 1)
        flux = (left**2 + right**2) / 4 - np.maximum(np.abs(left), np.abs(right)) * (right - left) / 2
        return -points * (flux - np.roll(flux, 1, 1)) + diffusion

    frames = [u]
    for n in range(1, len(t)):
        steps = int(np.ceil((t[n] - t[n - 1]) * (2.5 * np.abs(u).max() * points + 2.5 * nu * points**2)))
        dt = (t[n] - t[n - 1]) / steps
        for _ in range(steps):
            half = u + dt * rate(u)
            u = 0.5 * (u + half + dt * rate(half))
        frames.append(u)
    return np.stack(frames, axis=1)[:, :, finer // 2 :: finer]


@functools.cache
def reference(nu: float) -> np.ndarray:
    return finite_volumes(given(nu), 9, conserving=True)


def drift(u: np.ndarray, nu: float) -> float:
    task = load("burgers")
    found = conservation.drift(task, task.brief().signature, {"u_batch": u}, {"u_batch": reference(nu)})
    assert found is not None
    return found


@pytest.mark.parametrize("nu", [THIN, WIDE])
@pytest.mark.parametrize("finer", [1, 3, 5])
def test_one_that_conserves_on_its_own_grid_is_not_accused(finer, nu):
    assert drift(finite_volumes(given(nu), finer, conserving=True), nu) < 1e-12


def test_of_thin_fronts_the_sums_over_the_points_wander():
    task = load("burgers")
    totals = [
        task.conserved({"u_batch": u}) for u in (finite_volumes(given(THIN), 3, conserving=True), reference(THIN))
    ]
    assert metrics.drift(*totals) > 1e-4, "nothing would be left to judge here"


@pytest.mark.parametrize("nu", [THIN, WIDE])
@pytest.mark.parametrize("finer", [1, 3])
def test_one_that_does_not_conserve_is(finer, nu):
    assert drift(finite_volumes(given(nu), finer, conserving=False), nu) > 1e-3


def test_a_slow_leak_is_seen_where_the_points_resolve_the_fronts():
    leak = 1.0 - 0.01 * given(WIDE)["t_coordinate"][None, :, None]
    assert drift(reference(WIDE), WIDE) == 0.0
    assert drift(reference(WIDE) * leak, WIDE) == pytest.approx(0.006, rel=0.2)


def test_totals_that_can_be_taken_over_all_points_alone_are_judged_as_they_are():
    class Weighted(type(load("burgers"))):
        def conserved(self, outputs):
            return {"mass": outputs["u_batch"] @ np.full(POINTS, 1 / POINTS)}

    task, kept = Weighted(), reference(WIDE)
    jump = 0.01 * (np.arange(13) > 3)[None, :, None]
    found = conservation.drift(task, task.brief().signature, {"u_batch": kept + jump}, {"u_batch": kept})
    assert found == pytest.approx(0.01, abs=2e-3)
