"""Which family is tried first, and what decides it: whether waves break, whether they enter, how fine fronts are."""

import re
from pathlib import Path

import numpy as np
import pytest

from fieldsmith.boxes import methods
from fieldsmith.boxes.characteristics import breaking, entering
from fieldsmith.boxes.families.fourier import Fourier
from fieldsmith.boxes.families.volumes import Volumes
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.fronts import front_waves
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems import Problem

EXAMPLES = Path(__file__).parents[2] / "examples" / "problems"
RING = {"x": [0, "2*pi"], "t": [0, 1]}
LINE = {"x": [0, 1], "t": [0, 0.1]}
SQUARE = {"x": [0, 1], "y": [0, 1]}


def ring(equations, initial, domain=RING, **tables):
    return Problem(equations, domain=domain, boundary={"x": "periodic"}, initial=initial, **tables)


def water(end, hump="0.1*sin(x)"):
    """Shallow water at rest with a hump."""
    laws = ["h_t + d(h*v, x) = 0", "v_t + v*v_x + h_x = 0"]
    return ring(laws, {"h": f"1 + {hump}", "v": "0"}, {"x": [0, "2*pi"], "t": [0, end]})


KINDS = {
    "heat on a ring": (ring(["u_t = 0.1*u_xx"], {"u": "exp(sin(x))"}), "fourier"),
    "a soliton": (Problem.from_toml(EXAMPLES / "soliton.toml"), "fourier"),
    "water before it breaks": (water(1), "fourier"),
    "water that breaks": (water(30), "volumes"),
    "heat between walls": (Problem(["u_t = u_xx"], domain=LINE, boundary={"x": "u = 0"}, initial={"u": "sin(pi*x)"}), "collocation"),
    "a box that cools": (Problem.from_toml(EXAMPLES / "blob.toml"), "collocation"),
    "a shock tube": (Problem.from_toml(EXAMPLES / "shock.toml"), "volumes"),
    "an option with a kink": (Problem.from_toml(EXAMPLES / "option.toml"), "differences"),
    "a rock of two materials": (
        Problem(
            ["-div(a*grad(u)) = 1"], domain=SQUARE, boundary={"x": "u = 0", "y": "u = 0"},
            coefficients={"a": {"family": "two-valued", "low": 1, "high": 9, "length": 0.3}},
        ),
        "differences",
    ),
    "a layer that points do not see": (
        Problem(
            ["u_t + d(u**2/2, x) = 1e-6*u_xx"], domain={"x": [0, 1], "t": [0, 1]}, boundary={"x": "u = 0"}, initial={"u": "sin(2*pi*x)"},
        ),
        "volumes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_the_family_that_is_made_for_a_problem_comes_first(name):
    problem, first = KINDS[name]
    scored = methods.suited(Form(problem))
    assert scored[0][1].name == first
    assert [score for score, *_ in scored] == sorted((score for score, *_ in scored), reverse=True)
    assert all(0 < score <= 1 for score, *_ in scored)


@pytest.mark.parametrize(("end", "speed"), [(0.25, "2 + sin(x)"), (0.8, "2 + sin(x)"), (0.8, "cos(x)/2")])
def test_the_time_at_which_a_wave_breaks_is_known_exactly(end, speed):
    """u_t + u u_x = 0 breaks at 1/max(-u_x)."""
    problem = ring(["u_t + u*u_x = 0"], {"u": speed}, {"x": [0, "2*pi"], "t": [0, end]})
    assert breaking(Form(problem)) == pytest.approx(end * (0.5 if "/2" in speed else 1.0), rel=1e-3)


def test_what_is_linear_never_breaks_and_what_starts_with_a_jump_has_broken():
    assert breaking(Form(ring(["u_t + 3*u_x = 0"], {"u": "sin(x)"}))) == 0
    assert breaking(Form(ring(["u_t + u*u_x = 0"], {"u": "where(x < 3, 1, 0)"}))) == np.inf


def test_fourier_series_take_nonlinear_waves_that_do_not_break_in_time():
    Fourier().suits(Form(water(1)))
    with pytest.raises(Unsuited, match="do not follow shocks"):
        Fourier().suits(Form(water(30)))


def test_cells_are_few_where_waves_do_not_break():
    cells = [Volumes().variants(Form(water(end)))[0].choices.multiple for end in (1, 30)]
    assert cells[0] < cells[1]


ACOUSTICS = ["p_t = -v_x", "v_t = -p_x"]


@pytest.mark.parametrize(
    ("laws", "initial", "boundary", "end"),
    [
        (ACOUSTICS, {"p": "sin(pi*x)", "v": "0"}, {"x": "open"}, "x = 0"),
        (["u_t + u_x = 0"], {"u": "sin(pi*x)"}, {"x=0": "u = 0", "x=1": "open"}, ""),
        (["u_t - u_x = 0"], {"u": "sin(pi*x)"}, {"x=0": "open", "x=1": "u = 0"}, ""),
    ],
)  # fmt: skip
def test_waves_that_may_enter_an_open_end_are_seen(laws, initial, boundary, end):
    assert entering(Form(Problem(laws, domain=LINE, boundary=boundary, initial=initial))) == end


def test_methods_without_a_condition_for_open_ends_leave_them_to_others():
    form = Form(Problem(ACOUSTICS, domain=LINE, boundary={"x": "open"}, initial={"p": "sin(pi*x)", "v": "0"}))
    assert [family.name for _, family, _ in methods.suited(form)] == ["volumes"]
    refused = {family.name: why for family, why in methods.verdicts(form) if why}
    assert "open end x = 0" in refused["collocation"]
    assert "open end x = 0" in refused["differences"]


def test_fronts_have_the_width_that_reaction_and_diffusion_give_them():
    """Allen and Cahn's front tanh(x/(sqrt(2) eps)): its series falls to 1e-3 of the front where waves reach 2.2 of sqrt(2)/eps."""
    eps = 0.05
    found = []
    for scale in (1, 4):
        laws = [f"u_t = {(eps / scale) ** 2}*u_xx + u - u**3"]
        form = Form(ring(laws, {"u": "sin(x)"}, {"x": [0, "2*pi"], "t": [0, 10]}, output={"accuracy": 1e-3}))
        (waves,) = front_waves(form)
        front = np.tanh(np.sin(2 * np.pi * np.arange(4096) / 4096) / (np.sqrt(2) * eps / scale))
        series = np.abs(np.fft.rfft(front)) ** 2
        left_out = np.sqrt(series[waves:].sum() / series.sum())
        assert 1e-5 < left_out < 2e-3
        found.append(waves)
    assert found[1] == pytest.approx(4 * found[0], rel=0.2)


def test_no_front_is_waited_for_that_has_no_time_to_form():
    laws = ["u_t = 1e-4*u_xx + u - u**3"]
    short, long = (ring(laws, {"u": "sin(x)"}, {"x": [0, "2*pi"], "t": [0, end]}) for end in (0.1, 10))
    assert front_waves(Form(short)) == (0,)
    assert front_waves(Form(long))[0] > 100


@pytest.mark.parametrize(
    ("said", "equations", "more"),
    [
        ("No equation is left that gives p: u_x + v_y = 0 does not hold it", ["u_t = -p_x + laplace(u)", "v_t = -p_y + laplace(v)", "u_x + v_y = 0"], {"boundary": {"x": ["u = 0", "v = 0"], "y": ["u = 0", "v = 0"]}, "initial": {"u": "0", "v": "0"}}),
        ("“u_t + u_x**2/2 + u_y**2/2 = 0” have factors that make them no divergence", ["u_t + u_x**2/2 + u_y**2/2 = 0"], {"boundary": {"x": "periodic", "y": "periodic"}, "initial": {"u": "sin(2*pi*x)"}}),
    ],
)  # fmt: skip
def test_the_reason_is_that_of_the_family_which_is_made_for_such_problems(said, equations, more):
    form = Form(Problem(equations, domain={"x": (0, 1), "y": (0, 1), "t": (0, 1)}, **more))
    with pytest.raises(Unsuited, match=re.escape(said)) as caught:
        methods.suited(form)
    assert "not periodic" not in str(caught.value)


def test_a_steady_flow_between_walls_is_left_to_its_stream_function():
    """Its pressure has no condition: on one grid for all unknowns the system is singular."""
    laws = ["u*u_x + v*u_y = -p_x + laplace(u)/20", "u*v_x + v*v_y = -p_y + laplace(v)/20", "u_x + v_y = 0"]
    walls = {"x": ["u = 0", "v = 0"], "y=0": ["u = 0", "v = 0"], "y=1": ["u = 16*x**2*(1 - x)**2", "v = 0"]}
    with pytest.raises(Unsuited, match="leave a constant open"):
        methods.suited(Form(Problem(laws, domain=SQUARE, boundary=walls)))
    law = "psi_y*d(laplace(psi), x) - psi_x*d(laplace(psi), y) = biharmonic(psi)/20"
    walls = {
        "x": ["psi = 0", "psi_x = 0"],
        "y=0": ["psi = 0", "psi_y = 0"],
        "y=1": ["psi = 0", "psi_y = 16*x**2*(1 - x)**2"],
    }
    assert methods.suited(Form(Problem([law], domain=SQUARE, boundary=walls)))
