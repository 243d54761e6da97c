"""Chebyshev collocation gives exact solutions back: all kinds of conditions, equations and dimensions."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from collocation_runs import error, first, loaded, solved
from fieldsmith.boxes.families.collocation import Collocation
from fieldsmith.boxes.families.collocation.blocks import (
    DIAGONAL,
    ETDRK4,
    EXACT,
    GAUSS,
    NEWTON,
    RADAU,
    CollocationChoices,
)
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems import Problem

EXAMPLES = Path(__file__).parents[2] / "examples" / "problems"
UNIT = {"x": (0, 1), "t": (0, 0.5)}
SQUARE = {"x": (0, 1), "y": (0, 1)}


def example(name):
    return Problem.from_toml(EXAMPLES / f"{name}.toml")


def problem(equations, domain, boundary, exact, initial=None, **tables):
    """A problem whose initial values are those of its exact solution unless they are given."""
    return Problem(equations, domain=domain, boundary=boundary, exact=exact, initial=initial or {}, **tables)


def kept(points, integrator=EXACT):
    return CollocationChoices(points=points, integrator=integrator)


def stepped(points, tolerance, integrator=RADAU):
    return CollocationChoices(points=points, integrator=integrator, tolerance=tolerance)


LINES = {
    "heat between walls": (
        problem(["u_t = u_xx"], UNIT, {"x": "u = 0"}, {"u": "exp(-pi**2*t)*sin(pi*x)"}, {"u": "sin(pi*x)"}),
        kept(16), 1e-12,
    ),
    "Neumann and a Robin condition that changes": (
        problem(["u_t = u_xx"], UNIT, {"x=0": "u_x = 0", "x=1": "u_x + u = exp(-t)*(cos(1) - sin(1))"}, {"u": "exp(-t)*cos(x)"}, {"u": "cos(x)"}),
        stepped(16, 1e-8), 1e-9,
    ),
    "a nonlinear condition": (
        problem(["u_t = u_xx"], UNIT, {"x=0": "u_x = u**2 - exp(2*t) + exp(t)", "x=1": "u = exp(t + 1)"}, {"u": "exp(x + t)"}, {"u": "exp(x)"}),
        stepped(16, 1e-8), 1e-8,
    ),
    "conditions that couple": (
        problem(
            ["u_t = u_xx", "v_t = 2*v_xx"], UNIT,
            {"x=0": ["u + v = exp(-t) + exp(-2*t)", "u_x - v_x = 0"], "x=1": ["u = exp(-t)*cos(1)", "v = exp(-2*t)*cos(1)"]},
            {"u": "exp(-t)*cos(x)", "v": "exp(-2*t)*cos(x)"}, {"u": "cos(x)", "v": "cos(x)"},
        ),
        stepped(16, 1e-8), 1e-8,
    ),
    "a viscous wave": (
        problem(
            ["u_t = nu*u_xx - u*u_x"], {"x": (-1, 1), "t": (0, 1)}, {"x": "u = 1 - tanh((x - t)/(2*nu))"},
            {"u": "1 - tanh((x - t)/(2*nu))"}, {"u": "1 - tanh(x/(2*nu))"}, parameters={"nu": 0.1},
        ),
        stepped(64, 1e-8), 1e-6,
    ),
    "nothing at an outflow": (
        problem(["u_t = -u_x"], {"x": (0, 2), "t": (0, 1)}, {"x=0": "u = sin(-3*t)", "x=2": "open"}, {"u": "sin(3*(x - t))"}, {"u": "sin(3*x)"}),
        stepped(24, 1e-7), 1e-7,
    ),
    "a wave with a Robin end": (
        problem(["u_tt = u_xx"], UNIT, {"x=0": "u_x = 0", "x=1": "u_x + tan(1)*u = 0"}, {"u": "cos(x)*cos(t)"}, {"u": "cos(x)", "u_t": "0"}),
        kept(16), 1e-11,
    ),
    "a wave with ends that move": (
        problem(["u_tt = u_xx"], UNIT, {"x": "u = sin(t - x)"}, {"u": "sin(t - x)"}, {"u": "-sin(x)", "u_t": "cos(x)"}),
        stepped(16, 1e-7), 1e-7,
    ),
    "a kink of sine-Gordon": (
        problem(
            ["u_tt = u_xx - sin(u)"], {"x": (-4, 4), "t": (0, 1)}, {"x": "u = 4*atan(exp((x - t/2)/sqrt(3/4)))"}, {"u": "4*atan(exp((x - t/2)/sqrt(3/4)))"},
            {"u": "4*atan(exp(x/sqrt(3/4)))", "u_t": "-2*exp(x/sqrt(3/4))/sqrt(3/4)/(1 + exp(2*x/sqrt(3/4)))"},
        ),
        stepped(40, 1e-6, GAUSS), 1e-5,
    ),
    "acoustics as two equations": (
        problem(
            ["p_t = -v_x", "v_t = -p_x"], UNIT, {"x": "p = 0"},
            {"p": "sin(pi*x)*cos(pi*t)", "v": "-cos(pi*x)*sin(pi*t)"}, {"p": "sin(pi*x)", "v": "0"},
        ),
        kept(16), 1e-10,
    ),
    "a soliton between ends": (
        problem(
            ["u_t = -6*u*u_x - u_xxx"], {"x": (-6, 6), "t": (0, 0.3)},
            {"x=-6": "u = 2*sech(x - 4*t)**2", "x=6": ["u = 2*sech(x - 4*t)**2", "u_x = -4*sech(x - 4*t)**2*tanh(x - 4*t)"]},
            {"u": "2*sech(x - 4*t)**2"}, {"u": "2*sech(x)**2"},
        ),
        stepped(64, 1e-6), 3e-5,
    ),
    "derivatives that act on the rate": (
        problem(
            ["u_t - u_xxt = -u_x - u*u_x"], {"x": (-15, 20), "t": (0, 2)}, {"x": "u = 1.5*sech(sqrt(1/12)*(x - 1.5*t))**2"},
            {"u": "1.5*sech(sqrt(1/12)*(x - 1.5*t))**2"}, {"u": "1.5*sech(sqrt(1/12)*x)**2"},
        ),
        stepped(64, 1e-7), 1e-5,
    ),
    "a beam that is clamped and driven": (
        problem(
            ["u_tt = -u_xxxx + 24*cos(t) - x**2*(1 - x)**2*cos(t)"], UNIT, {"x": ["u = 0", "u_x = 0"]},
            {"u": "x**2*(1 - x)**2*cos(t)"}, {"u": "x**2*(1 - x)**2", "u_t": "0"},
        ),
        stepped(16, 1e-6), 1e-6,
    ),
    "waves of matter in a box": (
        problem(
            ["I*psi_t = -psi_xx/2"], UNIT, {"x": "psi = 0"}, {"psi": "sin(pi*x)*exp(-I*pi**2*t/2) + I*sin(2*pi*x)*exp(-2*I*pi**2*t)"},
            {"psi": "sin(pi*x) + I*sin(2*pi*x)"}, unknowns={"psi": {"complex": True}},
        ),
        kept(24), 1e-10,
    ),
    "a bright soliton": (
        problem(
            ["I*q_t = -q_xx - 2*abs(q)**2*q"], {"x": (-9, 9), "t": (0, 0.5)}, {"x": "q = sech(x - t)*exp(I*(x/2 + 3*t/4))"},
            {"q": "sech(x - t)*exp(I*(x/2 + 3*t/4))"}, {"q": "sech(x)*exp(I*x/2)"}, unknowns={"q": {"complex": True}},
        ),
        stepped(64, 1e-5), 2e-4,
    ),
    "Liouville's equation, steady": (
        problem(["u_xx = -2*exp(u)"], {"x": (0, 1)}, {"x": "u = -2*log(cosh(x - 0.5))"}, {"u": "-2*log(cosh(x - 0.5))"}),
        kept(16, NEWTON), 1e-10,
    ),
    "a clamped beam under a load": (
        problem(["u_xxxx = 24"], {"x": (0, 1)}, {"x": ["u = 0", "u_x = 0"]}, {"u": "x**2*(1 - x)**2"}), kept(16, NEWTON), 1e-11,
    ),
    "a given time with another start, names of the program's own": (
        problem(
            ["u_tau = k*u_xx + c*fields*u"], {"time": "tau", "x": (0, 1), "tau": (0.5, 1)}, {"x": "u = 0"},
            {"u": "sin(pi*x)*exp((c*fields - k*pi**2)*(tau - 0.5))"}, {"u": "sin(pi*x)"},
            parameters={"k": {"value": 0.1, "low": 0.05, "high": 0.2}, "c": {"value": 1.0, "low": 0.5, "high": 2.0}, "fields": 0.5},
        ),
        kept(16), 1e-11,
    ),
}  # fmt: skip
BOXES = {
    "Poisson": (
        problem(["laplace(u) = -2*pi**2*sin(pi*x)*sin(pi*y)"], SQUARE, {"x": "u = 0", "y": "u = 0"}, {"u": "sin(pi*x)*sin(pi*y)"}),
        kept(16, DIAGONAL), 1e-12,
    ),
    "Poisson with dense matrices": (
        problem(["laplace(u) = -2*pi**2*sin(pi*x)*sin(pi*y)"], SQUARE, {"x": "u = 0", "y": "u = 0"}, {"u": "sin(pi*x)*sin(pi*y)"}),
        kept(16, NEWTON), 1e-12,
    ),
    "Helmholtz": (
        problem(["laplace(u) + 25*u = (25 - 2*pi**2)*sin(pi*x)*sin(pi*y)"], SQUARE, {"x": "u = 0", "y": "u = 0"}, {"u": "sin(pi*x)*sin(pi*y)"}),
        kept(16, DIAGONAL), 1e-11,
    ),
    "a condition that changes along its side": (
        problem(
            ["laplace(u) = 2*exp(x + y)"], SQUARE,
            {"x=0": "u_x + y*u = (1 + y)*exp(y)", "x=1": "u = exp(1 + y)", "y": "u = exp(x + y)"}, {"u": "exp(x + y)"},
        ),
        kept(12, NEWTON), 1e-10,
    ),
    "a clamped plate": (
        problem(
            ["biharmonic(u) = 4*pi**4*(4*cos(2*pi*x)*cos(2*pi*y) - cos(2*pi*x) - cos(2*pi*y))"], SQUARE,
            {"x": ["u = 0", "u_x = 0"], "y": ["u = 0", "u_y = 0"]}, {"u": "sin(pi*x)**2*sin(pi*y)**2"},
        ),
        kept(16, NEWTON), 1e-7,
    ),
    "Robin in a cube": (
        problem(
            ["laplace(u) - u = 2*exp(x + y + z)"], {**SQUARE, "z": (0, 1)},
            {"x=0": "u_x - u = 0", "x=1": "u = exp(1 + y + z)", "y": "u_y + u = 2*exp(x + y + z)", "z": "u = exp(x + y + z)"},
            {"u": "exp(x + y + z)"},
        ),
        kept(12, DIAGONAL), 1e-11,
    ),
    "heat in a cube": (
        problem(
            ["u_t = D*laplace(u)"], {**SQUARE, "z": (0, 1), "t": (0, 1)}, {"x": "u = 0", "y": "u_y = 0", "z": "u = 0"},
            {"u": "exp(-3*pi**2*D*t)*sin(pi*x)*cos(pi*y)*sin(pi*z)"}, {"u": "sin(pi*x)*cos(pi*y)*sin(pi*z)"}, parameters={"D": 0.1},
        ),
        stepped(16, 1e-6, ETDRK4), 1e-11,
    ),
    "a channel": (
        problem(
            ["u_t + u_x = 0.1*laplace(u)"], {"x": (0, "2*pi"), "y": (0, 1), "t": (0, 1)}, {"x": "periodic", "y": "u = 0"},
            {"u": "sin(x - t)*sin(pi*y)*exp(-0.1*(1 + pi**2)*t)"}, {"u": "sin(x)*sin(pi*y)"},
        ),
        stepped(16, 1e-6, ETDRK4), 1e-11,
    ),
    "sides that change in time": (
        problem(
            ["u_t = laplace(u) + u*u_x - exp(-4*t)*sin(x)*cos(x)*cos(y)**2"], {**SQUARE, "t": (0, 0.5)},
            {"x=0": "u = 0", "x=1": "u_x + u = exp(-2*t)*cos(y)*(sin(1) + cos(1))", "y=0": "u_y = 0", "y=1": "u = exp(-2*t)*sin(x)*cos(1)"},
            {"u": "exp(-2*t)*sin(x)*cos(y)"}, {"u": "sin(x)*cos(y)"},
        ),
        stepped(10, 1e-5, ETDRK4), 1e-5,
    ),
    "sides that change in time, with dense matrices": (
        problem(
            ["u_t = laplace(u) + u*u_x - exp(-4*t)*sin(x)*cos(x)*cos(y)**2"], {**SQUARE, "t": (0, 0.5)},
            {"x=0": "u = 0", "x=1": "u_x + u = exp(-2*t)*cos(y)*(sin(1) + cos(1))", "y=0": "u_y = 0", "y=1": "u = exp(-2*t)*sin(x)*cos(1)"},
            {"u": "exp(-2*t)*sin(x)*cos(y)"}, {"u": "sin(x)*cos(y)"},
        ),
        stepped(10, 1e-5), 1e-5,
    ),
    "a membrane between free sides": (
        problem(
            ["u_tt = laplace(u)"], {"x": (0, "pi"), "y": (0, "pi"), "t": (0, 2)}, {"x": "u_x = 0", "y": "u_y = 0"},
            {"u": "cos(x)*cos(2*y)*cos(sqrt(5)*t) + 1 + t/2"}, {"u": "cos(x)*cos(2*y) + 1", "u_t": "0.5"},
        ),
        stepped(20, 1e-6, ETDRK4), 1e-8,
    ),
    "a membrane whose rim moves": (
        problem(
            ["u_tt = laplace(u)"], {**SQUARE, "t": (0, 1)}, {"x": "u = sin(x + y - sqrt(2)*t)", "y": "u = sin(x + y - sqrt(2)*t)"},
            {"u": "sin(x + y - sqrt(2)*t)"}, {"u": "sin(x + y)", "u_t": "-sqrt(2)*cos(x + y)"},
        ),
        stepped(10, 1e-4, ETDRK4), 1e-5,
    ),
    "vortices between walls without friction": (
        problem(
            ["w_t + psi_y*w_x - psi_x*w_y = nu*laplace(w)", "laplace(psi) = -w"], {"x": (0, "2*pi"), "y": (0, "pi"), "t": (0, 1)},
            {"x": "periodic", "y": ["psi = 0", "w = 0"]}, {"w": "2*sin(x)*sin(y)*exp(-2*nu*t)", "psi": "sin(x)*sin(y)*exp(-2*nu*t)"},
            {"w": "2*sin(x)*sin(y)"}, parameters={"nu": 0.1},
        ),
        stepped(12, 1e-6), 1e-7,
    ),
    "vortices between walls with friction": (
        problem(
            ["w_t + psi_y*w_x - psi_x*w_y = nu*laplace(w)", "laplace(psi) = -w"], {"x": (0, "2*pi"), "y": (0, "pi"), "t": (0, 1)},
            {"x": "periodic", "y": ["psi = 0", "psi_y = sin(x)*cos(y)*exp(-2*nu*t)"]},
            {"w": "2*sin(x)*sin(y)*exp(-2*nu*t)", "psi": "sin(x)*sin(y)*exp(-2*nu*t)"}, {"w": "2*sin(x)*sin(y)"}, parameters={"nu": 0.1},
        ),
        stepped(12, 1e-5), 1e-5,
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", LINES)
def test_on_an_interval(name):
    stated, choices, most = LINES[name]
    assert error(stated, choices) < most


@pytest.mark.slow
@pytest.mark.parametrize("name", BOXES)
def test_on_a_box(name):
    stated, choices, most = BOXES[name]
    assert error(stated, choices, asked=8, times=3) < most


def test_errors_in_space_fall_faster_than_any_power():
    stated, _, _ = LINES["heat between walls"]
    errors = [error(stated, kept(n)) for n in (6, 9, 12)]
    assert errors[1] < errors[0] * (6 / 9) ** 10
    assert errors[2] < errors[1] * (9 / 12) ** 15


def orders(errors):
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


@pytest.mark.parametrize(
    ("equation", "integrator", "order"), [("u_t = 0.1*u_xx + u - u**3", RADAU, 5), ("u_tt = u_xx - sin(u)", GAUSS, 6)]
)
def test_implicit_methods_have_their_order_in_time(equation, integrator, order):
    rate = {"u_t": "0"} if "u_tt" in equation else {}
    stated = Problem(
        [equation], domain={"x": (0, 1), "t": (0, 1)}, boundary={"x": "u = 0"}, initial={"u": "sin(pi*x)", **rate}
    )
    scope = loaded(stated, stepped(20, 1e-6, integrator))
    equations = scope["Equations"]({})
    start = np.zeros(20 * len(scope["FIELDS"]))
    start[:20] = np.sin(np.pi * equations.grid.coordinates[0])

    def ended(steps):
        method, state = scope["RungeKutta"](equations, equations.mass(), 1e-9, 1.0), start
        for k in range(steps):
            method.jacobian, method.factors = None, None
            (state, _), _, _ = method.advance(k / steps, state, 1 / steps)
        return state[:20]

    exact = ended(64)
    assert orders([np.abs(ended(n) - exact).max() for n in (4, 8)]) == pytest.approx(order, abs=0.4)


def test_the_exponential_method_is_of_order_four_in_time():
    stated = Problem(
        ["u_t = 0.1*laplace(u) + u - u**3"], domain={**SQUARE, "t": (0, 1)}, boundary={"x": "u_x = 0", "y": "u_y = 0"},
        initial={"u": "0.5 + 0.5*cos(pi*x)*cos(pi*y)"},
    )  # fmt: skip
    scope = loaded(stated, stepped(8, 1e-6, ETDRK4))
    evolution = scope["Evolution"](scope["stated"]({}, ()), [scope["rest_u"]], 1.0)
    grid = np.meshgrid(*(scope["axis_points"](axis) for axis in (0, 1)), indexing="ij")
    start = 0.5 + 0.5 * np.cos(np.pi * grid[0]) * np.cos(np.pi * grid[1])

    def ended(steps):
        state, factors = (
            evolution.amplitudes({"u": start}, 0.0),
            [scope["factors"](rate, 1 / steps) for rate in evolution.rates],
        )
        now, before = evolution.rest(0.0, state), None
        for k in range(steps):
            state, now, _ = scope["advanced"](evolution, factors, k / steps, 1 / steps, state, now, before)
        return evolution.fields(state, 1.0)["u"]

    exact = ended(128)
    assert orders([np.abs(ended(n) - exact).max() for n in (2, 4, 8, 16)])[1:] == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize("name", ["beam", "drum", "oscillator", "option"])
def test_examples_reach_the_accuracy_they_ask_for_by_the_second_variant(name):
    stated = example(name)
    choices = Collocation().variants(Form(stated))[1].choices
    assert error(stated, choices, asked=41) < stated.system.output.accuracy


def test_parameters_with_a_range_are_heeded():
    stated = example("beam")
    assert error(stated, first(stated), a=0.9) < 1e-6


def test_points_may_lie_anywhere():
    stated = example("drum")
    uneven = error(
        stated, first(stated), asked=9, points=lambda low, high, n: low + (high - low) * np.linspace(0, 1, n) ** 2
    )
    assert uneven < 1e-4


def test_a_random_field_is_read_off_its_samples_for_each_of_a_batch():
    stated = Problem(
        ["u_t = nu*u_xx"], domain=UNIT, boundary={"x": "u = 0"}, initial={"u": {"family": "fourier", "modes": 3}}, parameters={"nu": 0.1}
    )  # fmt: skip
    found, places = solved(stated, first(stated), asked=129, draws=2)
    x, modes = places["x"], np.arange(1, 12)
    for seed in range(2):
        start = stated.field("u", {"x": x}, seed)
        sines = np.sin(np.pi * np.outer(x, modes))
        series = np.linalg.lstsq(sines, start, rcond=None)[0]
        exact = [sines @ (series * np.exp(-0.1 * (np.pi * modes) ** 2 * t)) for t in places["t"]]
        np.testing.assert_allclose(found["u"][seed], exact, atol=1e-4 * np.abs(start).max())


def test_probability_stays():
    stated = example("oscillator")
    found, places = solved(stated, kept(80), asked=401)
    total = np.trapezoid(found["psi_real"][0] ** 2 + found["psi_imag"][0] ** 2, places["x"], axis=-1)
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_a_drawn_coefficient_converges():
    stated = Problem(
        ["div(a*grad(u)) = -1"], domain=SQUARE, boundary={"x": "u = 0", "y": "u = 0"},
        coefficients={"a": {"family": "gaussian", "length": 0.4, "amplitude": 0.2, "mean": 2.0}},
    )  # fmt: skip
    coarse, fine = (solved(stated, kept(n, NEWTON), asked=33)[0]["u"] for n in (14, 20))
    assert np.abs(coarse - fine).max() < 1e-3 * np.abs(fine).max()


def test_a_layer_is_found_by_continuation():
    stated = Problem(
        ["eps*u_xx = u**3 - u"], domain={"x": (-1, 1)}, boundary={"x=-1": "u = -1", "x=1": "u = 1"}, parameters={"eps": 0.01}
    )  # fmt: skip
    found, places = solved(stated, kept(64, NEWTON), asked=81)
    np.testing.assert_allclose(found["u"], np.tanh(places["x"] / np.sqrt(0.02)), atol=1e-4)


def test_a_driven_cavity_turns_about_one_vortex():
    stated = Problem(
        ["psi_y*w_x - psi_x*w_y = nu*laplace(w)", "laplace(psi) = -w"], domain=SQUARE, parameters={"nu": 0.1},
        boundary={"x": ["psi = 0", "psi_x = 0"], "y=0": ["psi = 0", "psi_y = 0"], "y=1": ["psi = 0", "psi_y = 16*x**2*(1 - x)**2"]},
    )  # fmt: skip
    coarse, fine = (solved(stated, kept(n, NEWTON), asked=21)[0]["psi"] for n in (14, 18))
    assert np.abs(coarse - fine).max() < 5e-3 * np.abs(fine).max()
    assert (fine[1:-1, 12:-1] < 0).all()


def test_two_ways_agree_on_a_fin():
    stated = example("fin")
    ways = [solved(stated, kept(24, way), asked=21)[0]["T"] for way in (DIAGONAL, NEWTON)]
    np.testing.assert_allclose(*ways, rtol=1e-8)
    finer = solved(stated, kept(48, DIAGONAL), asked=21)[0]["T"]
    assert np.sqrt(np.mean((ways[0] - finer) ** 2)) < 5e-4 * np.abs(finer).max()


@pytest.mark.slow
def test_a_blob_in_three_dimensions_converges():
    stated = Problem(
        **{**example("blob").document, "domain": {"x": [-1.2, 1.2], "y": [-1.2, 1.2], "z": [-1.2, 1.2], "t": [0, 2]}}
    )
    coarse, fine = (
        solved(stated, stepped(n, tol, ETDRK4), asked=12, times=3, eps=0.12)[0]["u"]
        for n, tol in ((20, 1e-3), (28, 1e-4))
    )
    assert np.sqrt(np.mean((coarse - fine) ** 2)) < 2e-2


REFUSED = {
    "pattern": "Every axis is periodic",
    "shock": "transports .* nonlinearly without diffusion",
}


@pytest.mark.parametrize("name", REFUSED)
def test_examples_that_are_refused(name):
    with pytest.raises(Unsuited, match=REFUSED[name]):
        Collocation().suits(Form(example(name)))


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        (Problem(["u_tt = u_xx"], domain=UNIT, boundary={"x": "u = 0"}, initial={"u": "where(x < 0.5, 1, 0)*x*(1 - x)", "u_t": "0"}), "kink or jump"),
        (
            Problem(
                ["div(a*grad(u)) = -1"], domain=SQUARE, boundary={"x": "u = 0", "y": "u = 0"},
                coefficients={"a": {"family": "two-valued", "low": 3, "high": 12, "length": 0.2}},
            ),
            "coefficient a jumps",
        ),
        (
            Problem(
                ["u_t = laplace(u**2)"], domain={**SQUARE, "z": (0, 1), "t": (0, 0.1)}, boundary={"x": "u_x = 0", "y": "u_y = 0", "z": "u_z = 0"},
                initial={"u": "1 + 0.5*cos(pi*x)"},
            ),
            "In three dimensions",
        ),
        (Problem(["laplace(u) = cos(pi*x)"], domain=SQUARE, boundary={"x": "u_x = 0", "y": "u_y = 0"}), "leave a constant open"),
    ],
)  # fmt: skip
def test_what_does_not_suit_is_refused_in_a_sentence(stated, why):
    with pytest.raises(Unsuited, match=why):
        Collocation().suits(Form(stated))


@pytest.mark.parametrize("name", ["beam", "blob", "drum", "fin", "option", "oscillator"])
def test_variants_rise(name):
    variants = Collocation().variants(Form(example(name)))
    assert len(variants) >= 4
    assert [v.accuracy for v in variants] == list(range(len(variants)))
    assert all(a.choices.points < b.choices.points and a.cost < b.cost for a, b in itertools.pairwise(variants))
