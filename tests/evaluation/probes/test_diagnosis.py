"""Programs that run and do not converge: feedback names what is wrong with them, and accuses none that is right."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fieldsmith.evaluation import default_limits, evaluate
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.evaluation.probes.doubts import worthwhile
from fieldsmith.sandboxes.sandbox import CallResult, Limits, Session
from fieldsmith.tasks import load
from sandbox_calls import OneSession, Stay

pytestmark = pytest.mark.slow

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
    "advection_wrong_flux": ([("unknown", "u")], "100% of what changes in `u` comes of no term of the equation"),
    "burgers_wrong_sign": ([("sign", "-d(u**2/2, x)")], "wrong sign: waves move, or steepen, the wrong way"),
    "burgers_wrong_grid": ([("displaced", "")], "0.5 cells too far to the left (towards smaller x)"),
    "reacdiff1d_wrong_half_reaction": ([("strength", "rho*u*(1 - u)")], "half of its strength"),
    "reacdiff1d_wrong_skipped_frames": ([("frames", "")], "copies of the frame before"),
    "reacdiff1d_wrong_euler_one_step": ([("steps", "")], "this much is what steps of first order make"),
}


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
    assert set(suspects(evaluation)) <= {("steps", ""), ("points", ""), ("data", "")}
    if evaluation.facts["probes"] and "points of its own" not in evaluation.feedback:
        assert "every term of the equation acts with its own strength and sign" in evaluation.feedback


@pytest.mark.parametrize(
    "name",
    [
        "advection_right_interpolation",
        "advection_right_upwind",
        pytest.param("burgers_right_imex", marks=pytest.mark.slow),
    ],
)
def test_steps_in_time_are_not_blamed_where_shorter_ones_err_more(name):
    evaluation = judged(name)
    assert suspects(evaluation) == []
    assert "So shorter steps alone are no help" in evaluation.feedback


def test_upwind_differences_are_told_that_long_steps_hide_a_part_of_their_error():
    told = judged("advection_right_upwind").feedback
    assert "lay bare the error of the scheme in space" in told
    assert "take one of higher order there" in told
    assert "something is lost at each step" not in told


@pytest.mark.parametrize("name", sorted(path.stem for path in PROGRAMS.glob("*_grid.py")))
def test_a_grid_of_its_own_is_told_by_moved_data(name):
    told = judged(name).feedback
    assert ("computes on points of its own" in told) == ("_right_" in name)
    assert "the ends are treated otherwise" not in told


def test_a_grid_that_is_too_coarse_is_told_with_its_points_and_what_it_cannot_hold():
    evaluation = judged("burgers_right_quarter_grid")
    narrow = evaluation.facts["probes"]["narrow"]
    assert (narrow["points"], narrow["waves"]) == (64, 0)
    assert 0.0 < narrow["share"] < 1.0
    assert "about 64 along x" in evaluation.feedback


@pytest.mark.slow
def test_one_wrong_number_in_several_balances_is_told_once():
    evaluation = judged("cns1d_viscosity_over_pi")
    assert suspects(evaluation) == [("strength", "d(4*Vx_x*eta/3 + Vx_x*zeta, x)")]
    assert "which have their numbers in common, act with 0.318 (about 1/pi) times their strength" in evaluation.feedback
    assert evaluation.feedback.count("wrong coefficient") == 1


def test_what_depends_on_the_place_is_not_sought_at_the_ends():
    weighted = HEUN.replace("+ nu *", "+ (1.5 - np.cos(2 * np.pi * np.arange(u.shape[1]) * dx)) * nu *")
    evaluation = evaluate(load("burgers"), weighted, PLACE, refinement=False)
    assert suspects(evaluation) == [("anchored", "")]
    assert "depends on the place" in evaluation.feedback


STORED = {
    "early": ("frames = [u]\n", "frames = [u]; u = step(u)\n", "one output interval later than its own: the states are stored one frame too early"),
    "late": ("u = step(u); frames.append(u)", "frames.append(u); u = step(u)", "one output interval earlier than its own: the states are stored one frame too late"),
}  # fmt: skip


@pytest.mark.parametrize("slip", STORED)
def test_states_that_are_stored_in_another_frame_are_told_so(slip):
    right, wrong, words = STORED[slip]
    evaluation = evaluate(load("reacdiff1d"), OF_FRAMES.replace(right, wrong, 1), PLACE, refinement=False)
    assert suspects(evaluation) == [("offset", "")]
    assert words in evaluation.feedback
    assert "too few" not in evaluation.feedback


OF_FRAMES = """import numpy as np

def solver(u0_batch, t_coordinate, nu, rho):
    dt = (t_coordinate[1] - t_coordinate[0]) / 20
    k = 2 * np.pi * np.arange(u0_batch.shape[1] // 2 + 1)

    def step(u):
        growth = np.exp(rho * dt / 2)
        for _ in range(20):
            u = u * growth / (1 + u * (growth - 1))
            u = np.fft.irfft(np.fft.rfft(u) * np.exp(-nu * k**2 * dt), u.shape[1])
            u = u * growth / (1 + u * (growth - 1))
        return u

    u = np.array(u0_batch)
    frames = [u]
    for _ in t_coordinate[1:]:
        u = step(u); frames.append(u)
    return np.stack(frames, axis=1)
"""


def test_a_pace_is_told_with_the_interval_that_it_was_seen_at_and_at_the_scored_times():
    loop, own = "for _ in range(20):", "for _ in range(max(1, int((t_coordinate[1] - t_coordinate[0]) / 0.003))):"
    source = OF_FRAMES.replace(loop, own, 1).replace("(t_coordinate[1] - t_coordinate[0]) / 20", "0.003")
    evaluation = evaluate(load("reacdiff1d"), source, PLACE, refinement=False)
    assert suspects(evaluation) == [("elapsed", "")]
    assert "times too fast, all terms alike, where output times lie" in evaluation.feedback
    assert "1.11 times too slowly at the scored times" in evaluation.feedback


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


@pytest.mark.parametrize(("by", "words"), [(1, "1 cell towards larger x"), (-3, "3 cells towards smaller x")])
def test_an_answer_that_is_shifted_by_whole_cells_is_told_by_how_many(by, words):
    shifted = HEUN.replace("np.stack(frames, axis=1)", f"np.roll(np.stack(frames, axis=1), {by}, axis=2)")
    evaluation = evaluate(load("burgers"), shifted, PLACE, refinement=False)
    assert suspects(evaluation) == [("data", "")]
    assert f"is the initial state moved by {words}: the grid is shifted." in evaluation.feedback
    assert "filtered or interpolated" not in evaluation.feedback


SLIPS = {
    "one cell too few": ("dx = 1 / u.shape[1]", "dx = 1 / (u.shape[1] - 1)", [("spacing", "")]),
    "a factor of the product rule": ("(4 * dx)", "(2 * dx)", [("strength", "-d(u**2/2, x)")]),
    "no diffusion, which blows up": ("+ nu *", "+ 0.0 *", [("missing", "nu*u_xx")]),
    "a sign, which blows up": ("+ nu *", "- nu *", [("sign", "nu*u_xx")]),
    "the flux of another equation": ("right**2 - left**2) / (4 * dx)", "right**3 - left**3) / (2 * dx)", [("unknown", "u")]),
    "steps that do not add up": ("dt = (b - a) / steps", "dt = 7e-4", [("elapsed", "")]),
    "the whole time in every pass": ("        steps = max", "        a = 0.0\n        steps = max", [("elapsed", "")]),
    "shifted in every interval": ("frames.append(u)", "u = np.roll(u, 1, axis=1); frames.append(u)", [("brought", "u_x")]),
    "the last frame is never stepped to": ("frames.append(u)", "frames.append(u if b < t_coordinate[-1] else frames[-1])", [("frames", "")]),
    "all samples scaled by their largest value": ("frames.append(u)", "frames.append(u / np.max(np.abs(u)))", [("together", "")]),
    "no neighbour across an end": ("right, left = np.roll(u, -1, axis=1)", "right, left = np.hstack([u[:, 1:], u[:, -1:]])", [("ends", "")]),
    "data without its mean": ("u = np.array(u0_batch)", "u = u0_batch - np.mean(u0_batch, axis=1, keepdims=True)", [("data", "")]),
    "data that is clipped": ("u = np.array(u0_batch)", "u = np.clip(u0_batch, -0.5, 0.5)", [("data", "")]),
    "the wrong axis": ("np.roll(u, 1, axis=1)", "np.roll(u, 1, axis=0)", [("together", "")]),
    "many steps of first order": ("dt / 2 * (k1 + k2)", "dt * k1", [("steps", "")]),
    "none": ("", "", []),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_slips_of_a_right_program_are_named(slip):
    right, wrong, expected = SLIPS[slip]
    assert right in HEUN
    evaluation = evaluate(load("burgers"), HEUN.replace(right, wrong, 1), PLACE, refinement=False)
    assert suspects(evaluation) == expected


def test_frames_of_other_times_are_told_with_both_times():
    right, wrong, _ = SLIPS["the whole time in every pass"]
    told = evaluate(load("burgers"), HEUN.replace(right, wrong, 1), PLACE, refinement=False).feedback
    assert "frame 2 (t = 0.08) that of t = 0.12, frame 3 (t = 0.12) that of t = 0.24, frame 4" in told


FLUX = "-(right**2 - left**2) / (4 * dx)"


def test_fronts_of_a_scheme_that_does_not_keep_totals_are_told_of():
    upwind = HEUN.replace(FLUX, "-u * np.where(u > 0, u - left, right - u) / dx")
    told = evaluate(load("burgers"), upwind, PLACE, refinement=False).feedback
    assert "by a scheme that is not in flux form, whose fronts then move at a wrong speed" in told
    assert "flux form" not in evaluate(load("burgers"), HEUN, PLACE, refinement=False).feedback


def test_what_clips_the_initial_data_is_told_by_its_range():
    told = evaluate(load("burgers"), HEUN.replace(*SLIPS["data that is clipped"][:2]), PLACE, refinement=False).feedback
    assert "becomes 0.5, its smallest" in told
    assert "becomes -0.5): the initial data is clipped" in told
    assert "that is the scheme in space" not in told


def test_a_program_that_stops_over_what_blew_up_is_told_why_it_did():
    right, wrong, expected = SLIPS["a sign, which blows up"]
    counting = HEUN.replace(right, wrong, 1).replace("frames.append(u)", "frames.append(u); int(abs(u).max())")
    evaluation = evaluate(load("burgers"), counting, PLACE, refinement=False)
    assert evaluation.status == "crashed"
    assert suspects(evaluation) == expected
    assert "acts with the wrong sign: waves grow that should decay. Mend that first" in evaluation.feedback


def test_an_error_that_comes_and_goes_is_not_said_to_be_there_after_the_first_interval():
    told = evaluate(load("burgers"), SPECTRAL, PLACE, refinement=False)
    errors = dict(told.facts["frames"])
    assert "first interval" not in told.feedback or errors[1] > 0.5 * max(errors.values())


SPECTRAL = (PROGRAMS / "burgers_right_etdrk4.py").read_text(encoding="utf-8")
ADVECTION = """import numpy as np

def solver(u0_batch, t_coordinate, beta):
    n = u0_batch.shape[1]
    k = 2j * np.pi * np.arange(n // 2 + 1)
    return np.fft.irfft(np.fft.rfft(u0_batch)[:, None] * np.exp(-k * beta * t_coordinate[:, None]), n)
"""
REACTION = """import numpy as np

def solver(u0_batch, t_coordinate, nu, rho):
    u = np.array(u0_batch)
    n = u.shape[1]
    decay = nu * (2 * np.pi * np.arange(n // 2 + 1)) ** 2
    frames = [u]
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        dt = (b - a) / 50
        for _ in range(50):
            u = u + dt * rho * u * (1 - u)
            u = np.fft.irfft(np.exp(-decay * dt) * np.fft.rfft(u), n)
        frames.append(u)
    return np.stack(frames, axis=1)
"""
GAS = """import numpy as np

GAMMA = 5 / 3

def slope(f):
    n = f.shape[-1]
    k = np.pi * np.arange(n // 2 + 1)
    k[-1] = 0.0
    return np.fft.irfft(1j * k * np.exp(-36.0 * (np.arange(n // 2 + 1) / (n // 2)) ** 36) * np.fft.rfft(f), n)

def rate(state, mu):
    v, d, p = state
    vx = slope(v)
    return np.stack([
        -v * vx + (mu * slope(vx) - slope(p)) / d,
        -slope(v * d),
        -v * slope(p) - GAMMA * p * vx + (GAMMA - 1) * (heating * vx**2),
    ])

def solver(Vx0, density0, pressure0, t_coordinate, eta, zeta):
    global heating
    heating = 4 * eta / 3 + zeta
    mu = zeta + 4 * eta / 3
    state = np.stack([Vx0, density0, pressure0])
    n = Vx0.shape[1]
    frames = [state]
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        steps = max(1, int(np.ceil((b - a) / min(2e-3, 0.2 / n, 2.0 / mu / n**2))))
        dt = (b - a) / steps
        for _ in range(steps):
            k1 = rate(state, mu)
            k2 = rate(state + dt / 2 * k1, mu)
            k3 = rate(state + dt / 2 * k2, mu)
            state = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + rate(state + dt * k3, mu))
        frames.append(state)
    return tuple(np.stack(frames, axis=2))
"""
RATE = "keep * np.fft.rfft(np.fft.irfft(w, m) ** 2)"
SLIGHT = {
    "a viscosity 8% too large": ("burgers", SPECTRAL, "lin = -nu", "lin = -1.08 * nu", ("strength", "nu*u_xx"), "acts with 1.08 times its strength, on the scored grid as on one of half as many points: waves of all lengths decay 1.08 times too fast"),
    "a viscosity 8% too large on a grid": ("burgers", HEUN, "+ nu *", "+ 1.08 * nu *", ("strength", "nu*u_xx"), "acts with 1.08 times its strength"),
    "a speed 2% too large": ("advection", ADVECTION, "-k * beta", "-k * 1.02 * beta", ("strength", "-beta*u_x"), "waves move, or steepen, 1.02 times too fast"),
    "a damping": ("burgers", SPECTRAL, RATE, f"{RATE} - 0.3 * w", ("brought", "u"), "a further term, -0.3 * `u`, which it does not have: waves of all lengths decay at that rate"),
    "a drift": ("reacdiff1d", REACTION, "np.exp(-decay * dt)", "np.exp(-(decay + 1j * np.pi * np.arange(n // 2 + 1)) * dt)", ("brought", "u_x"), "a further term, -0.5 * `u_x`, which it does not have: everything drifts besides"),
    "a filter": ("burgers", SPECTRAL, RATE, f"{RATE} - 1e-3 * k * w", ("brought", "|k|*u"), "waves decay besides at a rate in proportion to their wave number"),
    "another reaction": ("reacdiff1d", REACTION, "u * (1 - u)", "u**2 * (1 - u)", ("place", "u**3"), "what happens in place is another formula than `rho*u` + `-rho*u**2`: `u**3` is in it"),
    "a coefficient of one balance": ("cns1d", GAS, "zeta + 4 * eta / 3", "zeta", ("strength", "d(4*Vx_x*eta/3 + Vx_x*zeta, x)"), "acts with 0.429 times its strength"),
    "a number, with which fronts blow up": ("cns1d", GAS, "GAMMA = 5 / 3", "GAMMA = 1.4", ("number", "Gamma"), "as if `Gamma` were 1.4, on the scored grid as on one of half as many points; it is 1.667"),
}  # fmt: skip


OF_GAS = {"a coefficient of one balance", "a number, with which fronts blow up"}


@pytest.mark.parametrize("slip", [pytest.param(slip, marks=[pytest.mark.slow] * (slip in OF_GAS)) for slip in SLIGHT])
def test_slight_slips_and_foreign_terms_are_told_by_their_size(slip):
    task, program, right, wrong, expected, words = SLIGHT[slip]
    assert right in program
    limits = replace(default_limits(load(task)), seconds=600.0)
    evaluation = evaluate(load(task), program.replace(right, wrong, 1), PLACE, limits=limits, refinement=False)
    assert suspects(evaluation) == [expected]
    assert words in evaluation.feedback


def test_a_derivative_in_place_of_another_is_told_with_the_one_that_is_missing():
    damped = SPECTRAL.replace("lin = -nu * k**2", "lin = -nu * k**4 / 1000", 1)
    evaluation = evaluate(load("burgers"), damped, PLACE, refinement=False)
    assert suspects(evaluation) == [("missing", "nu*u_xx"), ("brought", "u_xxxx")]
    assert "waves of all lengths" not in evaluation.feedback


def test_a_right_program_is_said_to_be_right_only_as_far_as_is_known():
    assert "own strength and sign, within 5%." in judged("burgers_right_upwind").feedback
    assert (
        "own strength and sign. With the first output interval"
        in evaluate(load("burgers"), SPECTRAL, PLACE, refinement=False).feedback
    )


def test_a_program_on_too_few_points_is_told_so():
    told = judged("reacdiff1d_right_coarse_rk4")
    assert suspects(told) == [("points", "")]
    assert "holds no waves shorter than 1/3 of the period along x" in told.feedback
    assert "computed on about 8 points" in told.feedback


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return np.zeros((len(u0_batch), len(t_coordinate), u0_batch.shape[1]))", "All values of `u_batch` are 0"),
        (
            "u = np.zeros((len(u0_batch), len(t_coordinate), u0_batch.shape[1]))\n    u[:, 0] = u0_batch\n    return u",
            "From frame 1 on all values of `u_batch` are 0",
        ),
    ],
)
def test_a_result_that_was_never_written_is_told_before_all_else(body, words):
    source = f"import numpy as np\ndef solver(u0_batch, t_coordinate, beta):\n    {body}\n"
    evaluation = evaluate(load("advection"), source, PLACE, refinement=False)
    assert evaluation.feedback.startswith(words)
    assert "copies" not in evaluation.feedback
    assert "energy" not in evaluation.feedback


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
from scipy.sparse.linalg import cg, spsolve

def solver(a):
    samples, n, m = a.shape
    h = 1 / (n - 1)
    at = np.arange(n * m).reshape(n, m)
    inner = at[1:-1, 1:-1]
    u = np.zeros(a.shape)
    for s in range(samples):
        rows, columns, values = [], [], []
        for step, weight in ((m, 1.0), (-m, 1.0), (1, 1.0), (-1, 1.0)):
            one, other = a[s].ravel()[inner], a[s].ravel()[inner + step]
            mean = weight * 2 * one * other / (one + other) / h**2
            rows += [inner, inner]
            columns += [inner, inner + step]
            values += [mean, -mean]
        flat = [np.concatenate([part.ravel() for part in parts]) for parts in (values, rows, columns)]
        matrix = csc_matrix((flat[0], (flat[1], flat[2])), shape=(n * m, n * m))[inner.ravel()][:, inner.ravel()]
        u[s, 1:-1, 1:-1] = spsolve(matrix, np.ones(inner.size)).reshape(inner.shape)
    return u
"""
"""Harmonic means of the coefficient: right, and limited by the grid at the corners of its jumps."""

STEADY_SLIPS = {
    "half of the forcing": ("np.ones(inner.size)", "0.5 * np.ones(inner.size)", [("scale", "")], "0.5 times what"),
    "one cell too many": ("1 / (n - 1)", "1 / n", [("spacing", "")], "one cell more"),
    "half of a term": ("(m, 1.0), (-m, 1.0)", "(m, 0.5), (-m, 0.5)", [("strength", "d(a*u_x, x)")], "0.5 times its strength"),
    "values on the boundary": ("return u", "return u + 0.1 * u.max(axis=(1, 2), keepdims=True)", [("boundary", "")], "are not held"),
    "arithmetic means": ("2 * one * other / (one + other)", "0.5 * (one + other)", [("jumps", "")], "as with 7.5, their arithmetic mean; one after the other they let through their harmonic mean, 4.8"),
    "exchanged axes": ("return u", "return u.transpose(0, 2, 1)", [("turned", "x and y exchanged")], "with x and y exchanged, and not as it is"),
    "an iteration that is broken off": ("spsolve(matrix, np.ones(inner.size))", "cg(matrix, np.ones(inner.size), maxiter=20)[0]", [("balance", "")], "whatever the strengths of its terms"),
    "none": ("", "", [], "conducts as it should. What is left is the grid"),
}  # fmt: skip


@pytest.mark.parametrize("slip", STEADY_SLIPS)
def test_slips_of_a_steady_solver_are_named(slip):
    right, wrong, expected, words = STEADY_SLIPS[slip]
    evaluation = evaluate(load("darcy"), DARCY.replace(right, wrong, 1), PLACE, refinement=False)
    assert right in DARCY
    assert suspects(evaluation) == expected
    assert words in evaluation.feedback
