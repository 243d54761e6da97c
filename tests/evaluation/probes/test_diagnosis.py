"""Programs that run and do not converge: feedback names what is wrong with them, and accuses none that is right."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.evaluation.probes.doubts import worthwhile
from fieldsmith.sandboxes.sandbox import CallResult, Limits, Session
from fieldsmith.tasks import load
from sandbox_calls import OneSession, Stay

PLACE = OneSession()
PROGRAMS = Path(__file__).parent / "programs"
"""A file a program, named by its task, by whether it is right, and by what is peculiar to it."""


@pytest.fixture(scope="module", autouse=True)
def _closed():
    yield
    PLACE.close()


def judged(name: str) -> Evaluation:
    task = load(name.partition("_")[0])
    return evaluate(task, (PROGRAMS / f"{name}.py").read_text(encoding="utf-8"), PLACE, refinement=False)


def suspects(evaluation: Evaluation) -> list[tuple[str, str]]:
    found = json.loads(json.dumps(evaluation.facts))["probes"] or {"suspects": []}
    return [(suspect["name"], suspect["term"]) for suspect in found["suspects"]]


WRONG = {
    "burgers_wrong_coefficient": ([("strength", "nu*u_xx")], "waves of all lengths decay 3.1 times too slowly"),
    "burgers_wrong_sign": ([("sign", "-d(u**2/2, x)")], "wrong sign: waves move, or steepen, the wrong way"),
    "burgers_wrong_grid": ([("displaced", "")], "0.5 cells too far to the left (towards smaller x)"),
    "reacdiff1d_wrong_half_reaction": ([("strength", "rho*u*(1 - u)")], "half of its strength"),
    "reacdiff1d_wrong_skipped_frames": ([("frames", "")], "copies of the frame before"),
    "reacdiff1d_wrong_euler_one_step": ([("steps", "")], "this much is what steps of first order make"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name):
    evaluation = judged(name)
    expected, words = WRONG[name]
    assert evaluation.status == "ok"
    assert suspects(evaluation) == expected
    assert words in evaluation.feedback


@pytest.mark.parametrize("name", sorted(path.stem for path in PROGRAMS.glob("*_right_*.py")))
def test_no_right_program_is_accused(name):
    evaluation = judged(name)
    assert set(suspects(evaluation)) <= {("steps", "")}
    if evaluation.facts["probes"]:
        assert "every term of the equation acts with its own strength and sign" in evaluation.feedback


@pytest.mark.parametrize("name", ["advection_right_interpolation", "advection_right_upwind", "burgers_right_imex"])
def test_steps_in_time_are_not_blamed_where_shorter_ones_err_more(name):
    evaluation = judged(name)
    assert suspects(evaluation) == []
    assert "So shorter steps alone are no help" in evaluation.feedback


def test_there_are_as_many_right_programs_as_wrong_ones():
    assert sorted(WRONG) == sorted(path.stem for path in PROGRAMS.glob("*_wrong_*.py"))
    assert len(list(PROGRAMS.glob("*_right_*.py"))) >= len(WRONG)


HEUN = """import numpy as np

def rate(u, dx, nu):
    right, left = np.roll(u, -1, axis=1), np.roll(u, 1, axis=1)
    return -(right**2 - left**2) / (4 * dx) + nu * (right - 2 * u + left) / dx**2

def solver(u0_batch, t_coordinate, nu):
    u = np.array(u0_batch)
    dx = 1 / u.shape[1]
    frames = [u]
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        steps = max(1, int(np.ceil((b - a) / (0.2 * dx))))
        dt = (b - a) / steps
        for _ in range(steps):
            k1 = rate(u, dx, nu)
            k2 = rate(u + dt * k1, dx, nu)
            u = u + dt / 2 * (k1 + k2)
        frames.append(u)
    return np.stack(frames, axis=1)
"""
"""Central differences and Heun's method: right, and of second order."""

SLIPS = {
    "one cell too few": ("dx = 1 / u.shape[1]", "dx = 1 / (u.shape[1] - 1)", [("spacing", "")]),
    "a factor of the product rule": ("(4 * dx)", "(2 * dx)", [("strength", "-d(u**2/2, x)")]),
    "no diffusion, which blows up": ("+ nu *", "+ 0.0 *", [("missing", "nu*u_xx")]),
    "a sign, which blows up": ("+ nu *", "- nu *", [("sign", "nu*u_xx")]),
    "steps that do not add up": ("dt = (b - a) / steps", "dt = 7e-4", [("elapsed", "")]),
    "shifted in every interval": ("frames.append(u)", "u = np.roll(u, 1, axis=1); frames.append(u)", [("brought", "u_x")]),
    "the wrong axis": ("np.roll(u, 1, axis=1)", "np.roll(u, 1, axis=0)", [("ends", "")]),
    "many steps of first order": ("dt / 2 * (k1 + k2)", "dt * k1", [("steps", "")]),
    "none": ("", "", []),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_slips_of_a_right_program_are_named(slip):
    right, wrong, expected = SLIPS[slip]
    assert right in HEUN
    evaluation = evaluate(load("burgers"), HEUN.replace(right, wrong, 1), PLACE, refinement=False)
    assert suspects(evaluation) == expected


class Delayed(Stay):
    """After its first call the machine has hardly any time for the program."""

    calls = 0

    def call(self, *asked, **more) -> CallResult:
        result, self.calls = super().call(*asked, **more), self.calls + 1
        return replace(result, seconds=result.seconds + 1e4 * (self.calls > 1))


class Busy(OneSession):
    def open(self, limits: Limits) -> Session:
        return Delayed(PLACE.open(limits).session)


def test_a_busy_machine_takes_no_probe_away():
    right, wrong, expected = SLIPS["a factor of the product rule"]
    evaluation = evaluate(load("burgers"), HEUN.replace(right, wrong, 1), Busy(), refinement=False)
    assert suspects(evaluation) == expected


WITHIN_ROUNDING = (1e-14, 1e-15, 1.0, False)
PROBED = [(1e-3, 1e-5, 1.0, True), (2e-5, 1e-5, 1.0, False), (1e-3, 1e-5, 40.0, False), WITHIN_ROUNDING]


@pytest.mark.parametrize(("error", "trusted", "seconds", "asked"), PROBED)
def test_only_programs_that_are_far_off_and_cheap_are_probed(error, trusted, seconds, asked):
    score = Score(error, {}, trusted, 1e-16, 0.1, seconds, samples=(error,))
    assert worthwhile(score, 60.0) is asked


DARCY = """import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve

def solver(a):
    samples, n, m = a.shape
    h = 1 / (n - 1)
    at = np.arange(n * m).reshape(n, m)
    inner = at[1:-1, 1:-1]
    u = np.zeros(a.shape)
    for s in range(samples):
        rows, columns, values = [], [], []
        for step, weight in ((m, 1.0), (-m, 1.0), (1, 1.0), (-1, 1.0)):
            mean = weight * 0.5 * (a[s].ravel()[inner] + a[s].ravel()[inner + step]) / h**2
            rows += [inner, inner]
            columns += [inner, inner + step]
            values += [mean, -mean]
        flat = [np.concatenate([part.ravel() for part in parts]) for parts in (values, rows, columns)]
        matrix = csc_matrix((flat[0], (flat[1], flat[2])), shape=(n * m, n * m))[inner.ravel()][:, inner.ravel()]
        u[s, 1:-1, 1:-1] = spsolve(matrix, np.ones(inner.size)).reshape(inner.shape)
    return u
"""
"""Arithmetic means of the coefficient: right, and of first order at its jumps."""

STEADY_SLIPS = {
    "half of the forcing": ("np.ones(inner.size)", "0.5 * np.ones(inner.size)", [("scale", "")], "0.5 times what"),
    "one cell too many": ("1 / (n - 1)", "1 / n", [("spacing", "")], "one cell more"),
    "half of a term": ("(m, 1.0), (-m, 1.0)", "(m, 0.5), (-m, 0.5)", [("strength", "d(a*u_x, x)")], "0.5 times its strength"),
    "values on the boundary": ("return u", "return u + 0.1 * u.max()", [("boundary", "")], "are not held"),
    "none": ("", "", [], "satisfies the equation inside"),
}  # fmt: skip


@pytest.mark.parametrize("slip", STEADY_SLIPS)
def test_slips_of_a_steady_solver_are_named(slip):
    right, wrong, expected, words = STEADY_SLIPS[slip]
    evaluation = evaluate(load("darcy"), DARCY.replace(right, wrong, 1), PLACE, refinement=False)
    assert right in DARCY
    assert suspects(evaluation) == expected
    assert words in evaluation.feedback
