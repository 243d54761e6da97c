"""What is short in time or narrow in space is neither stepped over nor overlooked, and what nobody has seen is not believed."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erf, j0, j1
from solved import program, solved
from toy_methods import SINES, Toy

from fieldsmith.boxes import methods
from fieldsmith.boxes.families.collocation.family import Collocation
from fieldsmith.boxes.families.differences import Differences
from fieldsmith.boxes.families.fourier.family import Fourier
from fieldsmith.boxes.families.volumes.family import Volumes
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.narrow import narrow, stops
from fieldsmith.boxes.reference import Reference, trusted
from fieldsmith.boxes.samples import arguments, drawn
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems import Problem

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PULSE = "exp(-((t - 0.6137)/0.001)**2)"
ASKED = {"points": 21, "times": 6, "accuracy": 1e-3}


def heat(source: str, start: str = "0", **more) -> Problem:
    return Problem(
        [f"u_t = 0.1*u_xx + {source}"], domain={"x": (0, 1), "t": (0, 1)}, boundary={"x": "u = 0"},
        initial={"u": start}, output=ASKED, **more,
    )  # fmt: skip


def reference(problem: Problem, accuracy: float = 1e-3) -> Reference:
    form = Form(problem)
    return trusted(form, arguments(form, drawn(problem, (0,))), accuracy, 60)


@pytest.fixture
def known(monkeypatch):
    """Solutions that share nothing with the methods."""
    if not (BENCHMARKS / "truth.py").exists():
        pytest.skip("the benchmarks do not come along")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield runpy.run_path(str(BENCHMARKS / "truth.py"), run_name="imported")["solution"]
    for name in [name for name in sys.modules if name.split(".")[0] == "known_solutions"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "name", ["heat_pulse", "heat_switched", "heat_flash", "narrow_load", "narrow_start", "duffing"]
)
@pytest.mark.slow
def test_the_true_error_is_below_the_stated_one(name, known):
    problem = Problem.from_toml(BENCHMARKS / "truth" / f"{name}.toml")
    form = Form(problem)
    inputs = arguments(form, drawn(problem, (0,)))
    places = {one.of: inputs[one.name] for one in form.inputs if one.role in ("points", "times")}
    truth = known(name, problem)(places)
    found = reference(problem, problem.system.output.accuracy)
    values = {key: array[0] if form.batched else array for key, array in found.values.items()}
    apart = max(np.linalg.norm(values[key] - truth[key]) / np.linalg.norm(truth[key]) for key in truth)
    assert apart < found.error < 1e-5


@pytest.mark.parametrize(
    ("family", "equation", "truth"),
    [
        (Fourier(), f"u_t + u*u_x = 0.05*u_xx + 500*{PULSE}", 1.0), (Volumes(), f"u_t + u*u_x = 500*{PULSE}", 1.0),
        (Differences(), f"u_tt = u_xx + 500*{PULSE}", 0.0),
    ],
    ids=["fourier", "volumes", "differences"],
)  # fmt: skip
@pytest.mark.slow
def test_every_integrator_steps_into_a_pulse(family, equation, truth):
    second = "u_tt" in equation
    problem = Problem(
        [equation], domain={"x": (0, 1), "t": (0, 1)}, boundary={"x": "periodic"},
        initial={"u": "1", "u_t": "0"} if second else {"u": "1"}, output=ASKED,
    )  # fmt: skip
    _, found = solved(family, problem)
    moment = np.linspace(0, 1, 6)
    pushed = 0.5 * np.sqrt(np.pi) / 2 * (erf((moment - 0.6137) / 0.001) + 1)
    mean = 1 + pushed * np.maximum(moment - 0.6137, 0) if second else 1 + pushed
    np.testing.assert_allclose(found["u"][0], np.repeat(mean[:, None], 21, 1), rtol=1e-5)


def test_asked_times_may_lie_among_the_stops_and_on_them():
    problem = heat("where(t > 0.5, where(t < 0.503, 300, 0), 0)*sin(pi*x)", "sin(pi*x)")
    fade = 0.1 * np.pi**2
    times = np.array([0, 0.5, 0.5003, 0.503, 1.0])
    on = [np.exp(-fade * np.maximum(times - moment, 0)) for moment in (0.5, 0.503)]
    exact = np.exp(-fade * times) + 300 / fade * (on[1] - on[0])
    for family in (Collocation(), Differences()):
        _, found = solved(family, problem, times=times)
        np.testing.assert_allclose(found["u"][0][:, 10], exact, rtol=1e-6)


def test_a_jump_in_time_has_a_stop_on_each_side_and_none_where_it_is():
    before, after = stops(heat("heaviside(t - 0.3)").system)
    assert before < 0.3 < after
    assert after - before < 2e-11


@pytest.mark.parametrize(
    ("source", "middle", "width"),
    [
        ("exp(-((t - 0.61234)/1e-3)**2)", 0.61234, 1e-3), ("1e7*exp(-((t - 0.61234)/1e-7)**2)", 0.61234, 1e-7),
        ("x*exp(-((x - 0.5)/0.1)**2 - ((t - 0.2)/0.002)**2)", 0.2, 2e-3), ("(1 + u)/cosh((t - 0.7)/0.001)**2", 0.7, 1e-3),
        ("u*where(t > 0.7, where(t < 0.70000001, 1, 0), 0)", 0.700000005, 1e-8),
    ],
)  # fmt: skip
def test_a_pulse_is_crossed_in_many_steps_however_short_it_is(source, middle, width):
    found = np.array(stops(heat(source).system))
    assert np.count_nonzero(np.abs(found - middle) < 3 * width) >= 6
    assert len(found) < 400


@pytest.mark.parametrize(
    "source", ["exp(-((x - 0.1 - 0.8*t)/0.01)**2)", "sin(400*t)*x", "x*cos(6*t)", "exp(-3*t)", "u*(1 - u)", "sqrt(t)"]
)
def test_what_goes_on_all_the_time_has_no_stops_and_its_program_is_as_ever(source):
    problem = heat(source)
    assert stops(problem.system) == ()
    form = Form(problem)
    assert "STOPS" not in Differences().text(form, Differences().variants(form)[0].choices)


def test_a_parameter_of_the_call_may_put_a_pulse_anywhere():
    problem = heat(
        "100*exp(-((t - t0)/0.004)**2)*sin(pi*x)", parameters={"t0": {"value": 0.5, "low": 0.2, "high": 0.8}}
    )
    fade, s = 0.1 * np.pi**2, np.linspace(0.3, 0.4, 20_001)
    _, found = solved(Collocation(), problem, t0=0.347)
    exact = np.trapezoid(100 * np.exp(-(((s - 0.347) / 0.004) ** 2) - fade * (1 - s)), s)
    assert found["u"][0, -1, 10] == pytest.approx(exact, rel=1e-4)


def test_lengths_along_axes_are_those_of_what_is_narrow():
    def steady(source: str) -> Problem:
        ends = {"x": "u = 0", "y": "u = 0"}
        return Problem([f"laplace(u) = {source}"], domain={"x": (0, 1), "y": (0, 2)}, boundary=ends)

    spot = narrow(steady("1000*exp(-((x - 0.4137)**2 + (y - 0.7111)**2)/0.0005**2)").system)
    assert 0.0005 < spot.length("x") < 0.002
    assert 0.0005 < spot.length("y") < 0.002
    strip = narrow(steady("exp(-((x - 0.4137)/0.003)**2)*y").system)
    assert 0.003 < strip.length("x") < 0.01
    assert strip.length("y") == np.inf
    disc = narrow(steady("where((x - 0.5)**2 + (y - 0.5)**2 < 0.09, 1, 0)").system)
    assert disc.length("x") == disc.length("y") == np.inf


@pytest.mark.parametrize(
    "given",
    [
        {"source": "1000*exp(-((x - 0.4137)/0.0005)**2)"}, {"source": "0*u", "start": "exp(-((x - 0.4137)/0.0005)**2)"},
        {"source": "u*where(x > 0.4137, where(x < 0.4146, 9, 0), 0)"},
    ],
    ids=["source", "start", "factor"],
)  # fmt: skip
@pytest.mark.slow
def test_variants_begin_where_their_points_see_what_is_narrow(given):
    form = Form(heat(**given))
    suited = {family.name: variants for _, family, variants in methods.suited(form)}
    assert "collocation" not in suited  # it would need thousands of points
    assert min(variant.choices.points for variant in suited["differences"]) > 1500
    why = {family.name: reason for family, reason in methods.verdicts(form)}["collocation"]
    assert "along x, which 600 points, its most, do not see" in why


def test_no_method_is_said_with_the_length_where_none_sees_what_is_given():
    source = "-1e5*exp(-((x - 0.4137)**2 + (y - 0.7111)**2)/0.0004**2)"
    problem = Problem(
        [f"laplace(u) = {source}"], domain={"x": (0, 1), "y": (0, 1)}, boundary={"x": "u = 0", "y": "u = 0"}
    )
    found = reference(problem)
    assert found.error is None
    assert "What is given is as narrow as 0.0007" in found.words
    with pytest.raises(Unsuited, match="do not see"):
        methods.suited(Form(problem))


ZEROS = "\n    return np.zeros((len(u0), len(t_coordinate), len(x)))\n"
CONSTANT = "\n    return np.ones((len(u0), len(t_coordinate), len(x)))\n"
RESTLESS = "\n    return np.full((len(u0), len(t_coordinate), len(x)), 1.0 + POINTS)\n"
COMING = "\n    return np.full((len(u0), len(t_coordinate), len(x)), 1.0 + 4.0/POINTS)\n"


@pytest.fixture
def with_families(monkeypatch):
    def given(*families: Toy) -> None:
        monkeypatch.setattr(methods, "families", lambda: families)

    return given


@pytest.mark.slow
def test_a_solution_of_nothing_is_not_believed_where_something_is_given(with_families):
    with_families(Toy("zeros", "spectral", ZEROS), Toy("more zeros", "volumes", ZEROS))
    found = reference(heat("0*u", "sin(pi*x)"))
    assert found.error is None
    assert "zeros (32 points) is 0 everywhere, though what is given is not" in found.words


@pytest.mark.slow
def test_two_levels_that_say_the_same_are_asked_for_a_third_and_no_error_is_zero(with_families):
    with_families(Toy("same", "spectral", CONSTANT), Toy("equal", "volumes", CONSTANT))
    found = reference(heat("0*u", "1"))
    assert [len(climb.levels) for climb in found.climbs] == [3, 3]
    assert found.error == 1e-14
    assert "agree to 1.0e-14" in found.words
    with_families(Toy("same", "spectral", CONSTANT, points=(8, 16)))
    found = reference(heat("0*u", "1"))
    assert found.error is None
    assert "the same to the last digit at two levels alone" in found.words


@pytest.mark.slow
def test_a_method_that_another_contradicts_is_not_trusted_alone(with_families):
    with_families(Toy("same", "spectral", CONSTANT, 2.0), Toy("restless", "volumes", RESTLESS))
    found = reference(heat("0*u", "1"))
    assert found.error > 10
    assert "has not settled, is" in found.words
    with_families(Toy("same", "spectral", CONSTANT, 2.0), Toy("coming", "volumes", COMING, points=(4, 8, 16)))
    found = reference(heat("0*u", "1"))
    assert found.error == 1e-14
    assert "coming (16 points)" in found.words


def test_errors_by_refinement_are_not_less_than_the_last_change(with_families):
    with_families(Toy("sines", "spectral", SINES))
    found = reference(heat("0*u", "sin(pi*x)"))
    (climb,) = found.climbs
    assert (climb.errors >= climb.changes[-1]).all()


@pytest.mark.parametrize("family", [Collocation(), Differences()], ids=lambda family: family.name)
@pytest.mark.parametrize("dimensions", [1, 2])
def test_newtons_method_finds_the_solution_by_the_start_and_not_zero(family, dimensions):
    axes = ("x", "y")[:dimensions]
    problem = Problem(
        ["laplace(u) + 30*u - u**3 = 0"], domain={axis: (0, 1) for axis in axes}, boundary={axis: "u = 0" for axis in axes},
        initial={"u": f"3*{'*'.join(f'sin(pi*{axis})' for axis in axes)}"}, output={"points": 11, "accuracy": 1e-4},
    )  # fmt: skip
    found = program(family, problem)(*[np.linspace(0, 1, 11)] * dimensions)
    assert found.max() == pytest.approx({1: 4.994948, 2: 4.0853}[dimensions], rel=2e-4)
    assert found.min() > -1e-9


@pytest.mark.slow
def test_a_solution_of_nothing_of_nonlinear_equations_is_said_to_be_one_of_several():
    problem = Problem(["u_xx + u - u**3 = 0"], domain={"x": (0, 1)}, boundary={"x": "u = 0"}, output={"points": 11})
    found = reference(problem)
    assert found.error == 1e-14
    assert "It is 0 everywhere, which solves these nonlinear equations; others may solve them too." in found.words


def test_a_resonance_is_called_a_singular_system():
    problem = Problem(
        ["laplace(u) + 2*pi**2*u = x*y"], domain={"x": (0, 1), "y": (0, 1)}, boundary={"x": "u = 0", "y": "u = 0"},
        output={"points": 21},
    )  # fmt: skip
    form = Form(problem)
    fine = Collocation().variants(form)[2].choices
    with pytest.raises(ArithmeticError, match="the linear system is singular"):
        program(Collocation(), problem, fine)(*[np.linspace(0, 1, 5)] * 2)


BESSEL = np.array([2.404825557695773, 5.520078110286311, 8.653727912911013, 11.791534439014281, 14.930917708487787])
"""Zeros of J0."""


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.slow
def test_a_pole_at_a_centre_is_nothing_narrow(power):
    problem = Problem(
        [f"u_t = u_rr + {power}*u_r/r"], domain={"r": (0, 1), "t": (0, 0.2)},
        boundary={"r=0": "u_r = 0", "r=1": "u = 0"}, initial={"u": "1 - r**2"}, output=ASKED,
    )  # fmt: skip
    assert not len(narrow(problem.system).panels["r"])
    found, r = reference(problem, 1e-4), np.linspace(0, 1, 21)
    k = BESSEL if power == 1 else np.pi * np.arange(1, 9)
    if power == 1:
        modes, shares = j0(k[:, None] * r), 8 / (k**3 * j1(k))
    else:
        modes, shares = np.sinc(k[:, None] * r / np.pi), 12 * (-1.0) ** (1 + np.arange(1, 9)) / k**2
    known = (shares[:, None] * np.exp(-0.2 * k[:, None] ** 2) * modes).sum(axis=0)
    assert np.abs(found.values["u"][0, -1] - known).max() < 1e-5 * known.max()


def test_what_is_narrow_beside_a_pole_is_seen():
    start = "exp(-((r - 0.4137)/0.0004)**2)"
    problem = Problem(
        ["u_t = u_rr + u_r/r"], domain={"r": (0, 1), "t": (0, 0.2)},
        boundary={"r=0": "u_r = 0", "r=1": "u = 0"}, initial={"u": start}, output=ASKED,
    )  # fmt: skip
    assert narrow(problem.system).length("r") < 2e-3
