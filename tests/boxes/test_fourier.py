"""Programs of the family `fourier` against exact solutions, finer runs of themselves, and what theory says of their order."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from fourier_calls import TURN, error, periodic, program, solution

from fieldsmith.boxes.families.fourier import Fourier
from fieldsmith.boxes.form import Form
from fieldsmith.problems import Problem

EXAMPLES = Path(__file__).parents[2] / "examples" / "problems"
SQUARE = {"x": [0, TURN], "y": [0, TURN]}
SMALL = {"points": 32, "times": 6, "accuracy": 1e-6}
COMPLEX = {"complex": True}

EXACT = {
    "heat in one dimension": periodic(
        "u_t = D*u_xx", {"x": [0, TURN], "t": [0, 1]}, {"u": "sin(x) + cos(3*x)"}, parameters={"D": 0.3},
        exact={"u": "exp(-D*t)*sin(x) + exp(-9*D*t)*cos(3*x)"},
    ),
    "mixed derivatives, another time from another start": periodic(
        "u_tau = laplace(u) + u_xy", {"time": "tau", "x": [1, 3], "y": [-1, "pi - 1"], "tau": [0.5, 0.9]}, {"u": "1 + sin(pi*x)*cos(2*y)"},
        exact={"u": "1 + exp(-(pi**2 + 4)*(tau - 0.5))*(sin(pi*x)*cos(2*y)*cosh(2*pi*(tau - 0.5)) - cos(pi*x)*sin(2*y)*sinh(2*pi*(tau - 0.5)))"},
        output={"points": 24},
    ),
    "heat in three dimensions": periodic(
        "u_t = laplace(u)", {"x": [0, 1], "y": [0, 2], "z": [0, 3], "t": [0, 0.01]}, {"u": "sin(2*pi*x)*cos(pi*y)*cos(2*pi*z/3)"},
        exact={"u": "exp(-(5 + 4/9)*pi**2*t)*sin(2*pi*x)*cos(pi*y)*cos(2*pi*z/3)"}, output={"points": 12},
    ),
    "waves in two dimensions": periodic(
        "u_tt = c**2*laplace(u)", {**SQUARE, "t": [0, 3]}, {"u": "sin(x)*cos(2*y)", "u_t": "cos(x) + 1"}, parameters={"c": 1.5},
        exact={"u": "sin(x)*cos(2*y)*cos(sqrt(5)*c*t) + cos(x)*sin(c*t)/c + t"}, output={"points": 24},
    ),
    "a damped beam": periodic(
        "u_tt + 0.2*u_t = u_xx - u_xxxx", {"x": [0, TURN], "t": [0, 3]}, {"u": "sin(x)", "u_t": "-0.1*sin(x)"},
        exact={"u": "sin(x)*exp(-t/10)*cos(sqrt(1.99)*t)"},
    ),
    "inertia of rods": periodic(
        "u_tt - u_ttxx = u_xx", {"x": [0, TURN], "t": [0, 3]}, {"u": "sin(x)", "u_t": "0"}, exact={"u": "sin(x)*cos(t/sqrt(2))"},
    ),
    "Rossby waves": periodic(
        "laplace(psi_t) + psi_x = 0", {**SQUARE, "t": [0, 3]}, {"psi": "sin(x + y)"}, exact={"psi": "sin(x + y + t/2)"}, output={"points": 16},
    ),
    "a source that stays": periodic(
        "u_t = u_xx + 3*sin(x)", {"x": [0, TURN], "t": [0, 1]}, {"u": "1"}, exact={"u": "1 + 3*sin(x)*(1 - exp(-t))"},
    ),
    "a vortex array and its stream function": periodic(
        ["w_t + psi_y*w_x - psi_x*w_y = nu*laplace(w)", "laplace(psi) = -w"], {**SQUARE, "t": [0, 1]}, {"w": "2*sin(x)*sin(y)"},
        parameters={"nu": 0.1}, exact={"w": "2*sin(x)*sin(y)*exp(-2*nu*t)", "psi": "sin(x)*sin(y)*exp(-2*nu*t)"}, output={"points": 24},
    ),
}  # fmt: skip
CLOSE = {
    "a source that swings": periodic(
        "u_t = u_xx + f", {"x": [0, TURN], "t": [0, 1]}, {"u": "0"}, coefficients={"f": "sin(x)*(10*cos(10*t) + sin(10*t))"},
        exact={"u": "sin(x)*sin(10*t)"}, output=SMALL,
    ),
    "a reaction and a source": periodic(
        "u_t = u_xx + u**2 + sin(x)*(10*cos(10*t) + sin(10*t)) - sin(x)**2*sin(10*t)**2", {"x": [0, TURN], "t": [0, 1]}, {"u": "0"},
        exact={"u": "sin(x)*sin(10*t)"}, output=SMALL,
    ),
    "a conductivity that varies": periodic(
        "u_t = div(a*grad(u)) + g", {"x": [0, TURN], "t": [0, 1]}, {"u": "sin(x)"},
        coefficients={"a": "2 + cos(x)", "g": "exp(-t)*sin(x)*(1 + 2*cos(x))"}, exact={"u": "exp(-t)*sin(x)"}, output=SMALL,
    ),
    "a constraint with a source": periodic(
        ["u_t = laplace(phi)", "phi - laplace(phi) = u + sin(x)*exp(-t)"], {"x": [0, TURN], "t": [0, 1]}, {"u": "cos(x)"}, output=SMALL,
        exact={
            "u": "cos(x)*exp(-t/2) - sin(x)*(exp(-t/2) - exp(-t))",
            "phi": "(cos(x)*exp(-t/2) - sin(x)*(exp(-t/2) - exp(-t)) + sin(x)*exp(-t))/2",
        },
    ),
    "a soliton of Schroedinger's equation": periodic(
        "I*psi_t = -psi_xx - 2*abs(psi)**2*psi", {"x": [-20, 20], "t": [0, 1]}, {"psi": "sech(x)*exp(I*x)"}, unknowns={"psi": COMPLEX},
        exact={"psi": "sech(x - 2*t)*exp(I*x)"}, output={"accuracy": 1e-5, "times": 6},
    ),
    "a breather of the sine-Gordon equation": periodic(
        "u_tt = u_xx - sin(u)", {"x": [-30, 30], "t": [0, 5]}, {"u": "0", "u_t": "2.4*sech(0.6*x)"},
        exact={"u": "4*atan(0.75*sin(0.8*t)*sech(0.6*x))"}, output={"accuracy": 1e-5, "times": 6},
    ),
    "a long wave of Benjamin, Bona and Mahony": periodic(
        "u_t - u_txx + u*u_x + u_x = 0", {"x": [-50, 50], "t": [0, 5]}, {"u": "3*sech(sqrt(1/2)/2*x)**2"},
        exact={"u": "3*sech(sqrt(1/2)/2*(x - 2*t))**2"}, output={"accuracy": 1e-5, "times": 6},
    ),
    "a plane wave of the complex Ginzburg-Landau equation": periodic(
        "A_t = 2*A + (1 + I*a)*A_xx - (1 + I*b)*abs(A)**2*A", {"x": [0, TURN], "t": [0, 3]}, {"A": "exp(I*x)"}, unknowns={"A": COMPLEX},
        parameters={"a": 1.2, "b": -0.7}, exact={"A": "exp(I*x - I*(a + b)*t)"}, output=SMALL,
    ),
    "a source in another time from another start": periodic(
        "u_tau = u_xx + sin(x)*cos(tau)", {"time": "tau", "x": [1, "2*pi + 1"], "tau": [0.5, 2]}, {"u": "sin(x)*(cos(0.5) + sin(0.5))/2"},
        exact={"u": "sin(x)*(cos(tau) + sin(tau))/2"}, output=SMALL,
    ),
    "Beltrami's flow in three dimensions, carried along": periodic(
        [
            "u_t + u*u_x + v*u_y + w*u_z = -p_x + nu*laplace(u)", "v_t + u*v_x + v*v_y + w*v_z = -p_y + nu*laplace(v)",
            "w_t + u*w_x + v*w_y + w*w_z = -p_z + nu*laplace(w)", "u_x + v_y + w_z = 0",
        ],
        {**SQUARE, "z": [0, TURN], "t": [0, 0.5]},
        {"u": "1 + sin(z) + cos(y)", "v": "sin(x) + cos(z)", "w": "sin(y) + cos(x)"}, parameters={"nu": 0.1},
        output={"points": 16, "times": 3, "accuracy": 1e-4},
        exact={
            "u": "1 + exp(-nu*t)*(sin(z) + cos(y))", "v": "exp(-nu*t)*(sin(x - t) + cos(z))", "w": "exp(-nu*t)*(sin(y) + cos(x - t))",
            "p": "-exp(-2*nu*t)*(sin(z)*cos(y) + sin(x - t)*cos(z) + sin(y)*cos(x - t))",
        },
    ),
    "an incompressible flow by its velocity and pressure": periodic(
        ["u_t + u*u_x + v*u_y = -p_x + nu*laplace(u)", "v_t + u*v_x + v*v_y = -p_y + nu*laplace(v)", "u_x + v_y = 0"],
        {**SQUARE, "t": [0, 1]}, {"u": "sin(x)*cos(y) + 1", "v": "-cos(x)*sin(y)"}, parameters={"nu": 0.1}, output=SMALL,
        exact={
            "u": "1 + sin(x - t)*cos(y)*exp(-2*nu*t)", "v": "-cos(x - t)*sin(y)*exp(-2*nu*t)",
            "p": "exp(-4*nu*t)*(cos(2*(x - t)) + cos(2*y))/4",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_what_is_linear_or_balances_is_exact_to_rounding(name):
    assert error(EXACT[name]) < 2e-13


@pytest.mark.parametrize("name", CLOSE)
def test_the_first_variant_has_the_accuracy_asked_for(name):
    assert error(CLOSE[name]) < CLOSE[name].system.output.accuracy


@pytest.mark.slow
def test_solitons_are_followed_at_any_points_and_times():
    problem = Problem.from_toml(EXAMPLES / "soliton.toml")
    rng = np.random.default_rng(2)
    uneven = [np.sort(np.concatenate([[-20, 20], rng.uniform(-20, 20, 60)]))]
    assert error(problem, times=[0, 0.1, 0.4]) < 1e-5
    assert error(problem, points=uneven, times=[0, 0.013, 0.1]) < 1e-5


def test_parameters_are_those_of_the_call():
    problem = periodic(
        "u_t + c*u_x = 0", {"x": [0, 1], "t": [0, 1]}, {"u": "exp(sin(2*pi*x))"}, output={"accuracy": 1e-8},
        parameters={"c": {"value": 2, "low": 1, "high": 3}}, exact={"u": "exp(sin(2*pi*(x - c*t)))"},
    )  # fmt: skip
    assert error(problem, c=1.3) < 1e-8


def test_a_batch_of_drawn_initial_values_is_read_off_any_points():
    problem = periodic(
        "u_t + u_x = D*u_xx", {"x": [-1, 2], "t": [0, 1]}, {"u": {"family": "fourier", "modes": 4}}, parameters={"D": 0.01},
        output={"points": 64, "times": 5},
    )  # fmt: skip
    scope, seeds = program(problem), (1, 2, 3)
    on_grid = solution(problem, scope, seeds=seeds)["u"]
    uneven = [np.sort(np.random.default_rng(0).uniform(-1, 2, 150))]
    between = solution(problem, scope, points=uneven, seeds=seeds)["u"]
    waves = 2j * np.pi * np.fft.fftfreq(64, 1 / 64) / 3
    amplitudes = np.fft.fft(on_grid[:, 0]) / 64 * np.exp(-waves + 0.01 * waves**2)
    for got, points in ((on_grid, -1 + 3 * np.arange(64) / 64), (between, uneven[0])):
        np.testing.assert_allclose(got[:, -1], (amplitudes @ np.exp(np.outer(waves, points + 1))).real, atol=1e-5)


def test_drawn_conductivities_and_their_slopes_are_read_off_samples():
    problem = periodic(
        "u_t = div(a*grad(u)) + u - u**3", {"x": [0, 1], "y": [0, 1], "t": [0, 0.05]}, {"u": {"family": "gaussian", "length": 0.2}},
        coefficients={"a": {"family": "gaussian", "length": 0.3, "mean": 0.05, "amplitude": 0.005}}, output={"points": 32, "times": 3},
    )  # fmt: skip
    coarse, fine = (solution(problem, program(problem, k), seeds=(1, 2))["u"] for k in (0, 1))
    assert np.linalg.norm(coarse - fine) < 1e-4 * np.linalg.norm(fine)
    assert np.linalg.norm(coarse[0] - coarse[1]) > 0.1 * np.linalg.norm(fine)


def test_a_wave_and_a_field_of_real_numbers_go_together():
    problem = periodic(
        ["I*E_t + E_xx = n*E", "n_tt = n_xx + d(abs(E)**2, x, 2)"], {"x": [0, TURN], "t": [0, 1]},
        {"E": "1 + 0.1*exp(I*x)", "n": "0.1*cos(x)", "n_t": "0"}, unknowns={"E": COMPLEX}, output={"points": 32, "times": 5, "accuracy": 1e-6},
    )  # fmt: skip
    coarse, fine = (solution(problem, program(problem, k)) for k in (0, 2))
    for name in ("E", "n"):
        assert np.linalg.norm(coarse[name] - fine[name]) < 1e-6 * np.linalg.norm(fine[name])
    assert coarse["n"].dtype == float
    np.testing.assert_allclose((np.abs(fine["E"]) ** 2).mean(axis=-1), 1.01, rtol=1e-8)  # mass stays


@pytest.mark.parametrize(
    ("name", "variants", "within"), [("vortices.toml", (0, 1), 1e-3), ("pattern.toml", (1, 2), 1e-3)],
)  # fmt: skip
@pytest.mark.slow
def test_examples_converge(name, variants, within):
    problem = Problem.from_toml(EXAMPLES / name)
    times = [0, 1] if name == "vortices.toml" else [0, 10]
    coarse, fine = (solution(problem, program(problem, k), times=times) for k in variants)
    for unknown in coarse:
        assert np.linalg.norm(coarse[unknown] - fine[unknown]) < within * np.linalg.norm(fine[unknown])


@pytest.mark.slow
def test_chaos_in_one_dimension_converges_while_it_is_short():
    problem = periodic(
        "u_t = -u*u_x - u_xx - u_xxxx", {"x": [0, "32*pi"], "t": [0, 40]}, {"u": "cos(x/16)*(1 + sin(x/16))"},
        output={"accuracy": 1e-4, "points": 256, "times": 3},
    )  # fmt: skip
    coarse, fine = (solution(problem, program(problem, k))["u"] for k in (0, 2))
    assert np.linalg.norm(coarse - fine) < 1e-4 * np.linalg.norm(fine)


def test_velocities_that_are_not_free_of_divergence_are_made_so():
    problem = periodic(
        ["u_t = -p_x", "v_t = -p_y", "u_x + v_y = 0"], {**SQUARE, "t": [0, 1]}, {"u": "sin(x)*cos(y) + sin(2*x)", "v": "-cos(x)*sin(y)"},
        output={"points": 16, "times": 2},
    )  # fmt: skip
    found = solution(problem, program(problem))
    x, y = np.meshgrid(*[2 * np.pi * np.arange(16) / 16] * 2, indexing="ij")
    np.testing.assert_allclose(found["u"][0, -1], np.sin(x) * np.cos(y), atol=1e-12)
    np.testing.assert_allclose(found["p"], 0, atol=1e-12)


def test_a_flow_is_the_same_by_its_velocity_and_by_its_vorticity():
    """Two constraints of different kinds in one, one in the other."""
    domain, output = {**SQUARE, "t": [0, 1]}, {"points": 32, "times": 3, "accuracy": 1e-5}
    by_velocity = periodic(
        [
            "u_t + u*u_x + v*u_y = -p_x + nu*laplace(u)", "v_t + u*v_x + v*v_y = -p_y + nu*laplace(v)", "u_x + v_y = 0",
            "laplace(psi) = u_y - v_x",
        ],
        domain, {"u": "sin(x)*cos(y) + cos(2*y)", "v": "0.3*sin(x) - cos(x)*sin(y)"}, parameters={"nu": 0.05}, output=output,
    )  # fmt: skip
    by_vorticity = periodic(
        ["w_t + psi_y*w_x - psi_x*w_y = nu*laplace(w)", "laplace(psi) = -w"],
        domain, {"w": "2*sin(x)*sin(y) + 0.3*cos(x) + 2*sin(2*y)"}, parameters={"nu": 0.05}, output=output,
    )  # fmt: skip
    one, other = (solution(problem, program(problem))["psi"] for problem in (by_velocity, by_vorticity))
    np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(
    ("equation", "initial"),
    [
        ("u_t = -d(u*d(u**2/2 + u_xx, x), x)", "1 + 0.1*cos(x)"),
        ("u_t = d(u**3, x, 2)", "1 + 0.5*cos(x)"),
        ("u_t + u*u_x + u_xxxxx = 0", "exp(cos(x))"),
    ],
    ids=["a thin film", "a porous medium", "fifth order"],
)
@pytest.mark.slow
def test_stiff_equations_keep_what_is_conserved(equation, initial):
    problem = periodic(
        equation, {"x": [0, TURN], "t": [0, 0.3]}, {"u": initial}, output={"points": 48, "times": 3, "accuracy": 1e-4}
    )
    coarse, fine = (solution(problem, program(problem, k))["u"] for k in (0, 2))
    assert np.linalg.norm(coarse - fine) < 1e-4 * np.linalg.norm(fine)
    np.testing.assert_allclose(fine.mean(axis=-1), fine[:, :1].mean(), rtol=1e-6)


@pytest.mark.slow
def test_a_solution_that_blows_up_is_told():
    problem = periodic("u_t = u_xx + u**2", {"x": [0, TURN], "t": [0, 5]}, {"u": "3 + cos(x)"}, output=SMALL)
    with pytest.raises(FloatingPointError, match="grows without bound"):
        solution(problem, program(problem))


def test_the_order_in_time_is_four():
    """Steps of one length, against the exact soliton of Schroedinger's equation."""
    problem = CLOSE["a soliton of Schroedinger's equation"]
    scope = program(problem, points=512)
    linear = scope["linear_part"]()

    def rate(fields, t):
        return scope["rest"](fields, t)

    (x,), errors = scope["GRID"], []
    for steps in (10, 20, 40):
        phis, fields = scope["exponential"](linear, 1 / steps), scope["to_waves"](np.exp(1j * x) / np.cosh(x))
        for k in range(steps):
            fields = scope["advance"](fields, rate(fields, 0.0), k / steps, 1 / steps, phis, rate)
        errors.append(np.linalg.norm(fields - scope["to_waves"](np.exp(1j * x) / np.cosh(x - 2))))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(np.abs(orders - 4) < 0.3), orders


def test_the_order_in_space_is_that_of_no_power():
    problem = Problem.from_toml(EXAMPLES / "soliton.toml")
    errors = [error(problem, times=[0, 0.05], numbers={"points": n, "tolerance": 1e-8}) for n in (144, 216, 324)]
    rates = -np.diff(np.log(errors)) / np.log(1.5)
    assert rates[0] > 6
    assert rates[1] > rates[0] + 2, rates


def test_phi_functions_hold_their_digits():
    scope = program(CLOSE["a soliton of Schroedinger's equation"])
    z = np.array([[-1e-8, 1e-3, -2.0, 5.0, -40.0, -1e4, 30j]], complex)
    exact = np.exp(z)
    found = scope["phi_functions"](z)
    np.testing.assert_allclose(found[0], exact, rtol=1e-12, atol=1e-300)
    large = np.abs(z) > 1
    for k, factorial in ((1, 1), (2, 1), (3, 2)):
        exact = np.where(large, (exact - 1 / factorial) / z, 0)
        np.testing.assert_allclose(found[k][large], exact[large], rtol=1e-11)
    np.testing.assert_allclose([f[0, 0] for f in found[1:]], [1, 1 / 2, 1 / 6], rtol=1e-8)


def test_names_of_the_problem_and_of_the_program_do_not_collide():
    problem = periodic(
        "step_rate = fields*step_kk + now*step - MASK*step", {"time": "rate", "k": [0, TURN], "rate": [0, 1]}, {"step": "sin(k)"},
        unknowns={"step": "an unknown"}, output=SMALL, exact={"step": "exp((now - MASK - fields)*rate)*sin(k)"},
        parameters={"fields": {"value": 1.0, "low": 0.5, "high": 2}, "now": {"value": 0.2, "low": 0.1, "high": 1}, "MASK": 0.1},
    )  # fmt: skip
    assert error(problem, fields=0.7, now=0.3) < 1e-12


def test_variants_become_finer():
    variants = Fourier().variants(Form(Problem.from_toml(EXAMPLES / "pattern.toml")))
    assert len(variants) >= 4
    assert [v.accuracy for v in variants] == list(range(len(variants)))
    for coarse, fine in itertools.pairwise(variants):
        assert fine.choices.points > coarse.choices.points
        assert fine.choices.tolerance < coarse.choices.tolerance


def test_levels_differ_in_time_also_where_one_step_between_output_times_is_within_all_tolerances():
    """A wave of Schroedinger's equation that hardly changes shape: else two levels say the same to rounding, and both are off."""
    problem = Problem(
        ["I*psi_t = -psi_xx/2 - abs(psi)**2*psi + V*psi"], {"x": (-10, 10), "t": (0, 2)}, unknowns={"psi": {"complex": True}},
        coefficients={"V": "x**2/2 + exp(-x**2)"}, boundary={"x": "periodic"}, initial={"psi": "exp(-x**2/2)"}, output={"points": 64, "times": 11},
    )  # fmt: skip
    x, times = np.linspace(-10, 10, 64, endpoint=False), np.linspace(0, 2, 11)
    exact = np.exp(-(x**2) / 2 - 0.5j * times[:, None])
    coarse, fine = (solution(problem, program(problem, k), [x], times)["psi"][0] for k in (0, 1))
    assert np.linalg.norm(fine - exact) < np.linalg.norm(fine - coarse)
