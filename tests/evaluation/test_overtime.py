"""What is told of a program that ran out of time: how far it came, whether it blows up, and no matrix that is not there."""

import re
from dataclasses import replace

import pytest

from fieldsmith.evaluation import default_limits, evaluate
from fieldsmith.sandboxes import choose
from fieldsmith.tasks import load

GROWING = """
import numpy as np
def solver(u0_batch, t_coordinate, nu):
    u, out = u0_batch.copy(), np.zeros((len(u0_batch), len(t_coordinate), u0_batch.shape[1]))
    out[:, 0] = u
    for n in range(1, len(t_coordinate)):
        t = t_coordinate[n - 1]
        while t < t_coordinate[n]:
            dt = min(1e-3, 1e-6 / np.abs(u).max() ** 2)
            u = u + 3e3 * dt * u * np.abs(u)  # grows faster than exponentially: no step is small enough
            t += dt
        out[:, n] = u
    return out
"""
SLOW = """
import numpy as np
def solver(u0_batch, t_coordinate, nu):
    frames = [u0_batch]
    for n in range(1, len(t_coordinate)):
        u = frames[-1].copy()
        while n == 3:
            u = u + 0.0
        frames.append(u)
    return np.stack(frames, axis=1)
"""
DENSE = """
import numpy as np
def solver(a_batch):
    n = a_batch.shape[1]
    A = np.zeros((n * n, n * n))
    while True:
        A[0, 0] += 1.0
"""
SWEEPS = """
import numpy as np
def solver(a_batch):
    u = np.zeros(a_batch.shape)
    while True:
        u[:, 1:-1, 1:-1] = 0.25 * (u[:, 2:, 1:-1] + u[:, :-2, 1:-1] + u[:, 1:-1, 2:] + u[:, 1:-1, :-2])
"""


def told(name: str, source: str) -> str:
    task = load(name)
    limits = replace(default_limits(task), seconds=1.0)
    evaluation = evaluate(task, source, choose("process"), limits=limits, refinement=False)
    assert evaluation.status == "timeout"
    return evaluation.feedback


@pytest.mark.slow
def test_a_step_that_collapses_as_values_grow_is_a_blow_up():
    words = told("burgers", GROWING)
    assert "frame 0 of 50 (`out`)" in words
    assert "The values of `u` grow from" in words
    assert "the scheme is unstable, and its step shrinks as they grow" in words
    assert "larger steps" not in words
    assert "dense" not in words


@pytest.mark.slow
def test_one_that_is_slow_is_told_how_far_it_came():
    words = told("burgers", SLOW)
    assert "used up its limit of 1 s of processor time" in words
    assert "It had come to frame 2 of 50 (`frames`)." in words
    assert "Use fewer or larger steps" in words
    assert "u: float64 array (8, 256), largest absolute value 1.44e+00" in words


POINT_BY_POINT = """
import numpy as np
def step(u, dt, dx, nu, rho):
    n = len(u)
    new = [0.0] * n
    for j in range(n):
        for _ in range(50):  # so that hardly any time is spent outside of the loop over points
            lap = (u[(j + 1) % n] - 2 * u[j] + u[j - 1]) / dx**2
        new[j] = u[j] + dt * (nu * lap + rho * u[j] * (1 - u[j]))
    return new
def solver(u0_batch, t_coordinate, nu, rho):
    out = np.zeros((len(u0_batch), len(t_coordinate), u0_batch.shape[1]))
    for s in range(u0_batch.shape[0]):
        u = list(u0_batch[s])
        while s == 3:
            u = step(u, 1e-6, 1 / len(u), nu, rho)
    return out
"""


@pytest.mark.slow
def test_a_loop_over_points_is_what_takes_the_time_and_samples_are_counted():
    words = told("reacdiff1d", POINT_BY_POINT)
    assert "sample 3 of 8 (`s`, counted from 0)" in words
    assert "The loop over points in Python (line 6, `for j in range(n)`) is what takes the time" in words
    assert "with all samples of the batch in one array" in words


@pytest.mark.slow
@pytest.mark.parametrize(("source", "blamed"), [(DENSE, True), (SWEEPS, False)])
def test_a_dense_matrix_is_blamed_only_where_there_is_one(source, blamed):
    words = told("darcy", source)
    assert ("dense matrix (`A` (7225, 7225))" in words) == blamed
    assert "sparse" in words


@pytest.mark.slow
def test_what_a_program_says_of_itself_is_for_its_own_feedback_alone():
    lying = SLOW.replace("u = u + 0.0", "t = 0.5; u = np.full((8, 256), np.nan)")
    task = load("burgers")
    evaluation = evaluate(task, lying, choose("process"), limits=replace(default_limits(task), seconds=1.0))
    assert (evaluation.status, evaluation.dev) == ("timeout", None)
    assert "NaN or infinity" in evaluation.feedback


WAITING = """
import numpy as np
from scipy.integrate import solve_ivp
def solver(u0_batch, t_coordinate, nu):
    def rate(time, u):
        for _ in range(2000):
            np.sin(u)
        return -u
    return solve_ivp(rate, (t_coordinate[0], t_coordinate[-1]), u0_batch[0], max_step=1e-5).y
"""


@pytest.mark.slow
def test_how_far_the_librarys_own_integrator_came_is_told():
    assert re.search(r"It had come to t = 0?\.?\d[\d.e-]* of ", told("burgers", WAITING))
