"""Steady problems by the family `fourier`, and what it refuses, in words."""

import numpy as np
import pytest
from fourier_calls import TURN, error, exactly, periodic, program, solution

from fieldsmith.boxes.families.fourier import Fourier
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems import Problem

SQUARE = {"x": [0, TURN], "y": [0, TURN]}
LINE = {"x": [0, TURN], "t": [0, 1]}
FINE = {"points": 32, "accuracy": 1e-8}

DIVIDED = {
    "Poisson": periodic(
        "-laplace(u) = (4 + pi**2)*sin(2*x)*cos(pi*y)", {"x": [0, TURN], "y": [1, 3]}, exact={"u": "sin(2*x)*cos(pi*y)"}, output=FINE,
    ),
    "a complex unknown": periodic(
        "psi - I*psi_xx = (1 + I)*exp(I*x)", {"x": [0, TURN]}, unknowns={"psi": {"complex": True}}, exact={"psi": "exp(I*x)"}, output=FINE,
    ),
    "two unknowns": periodic(
        ["-laplace(u) + v = sin(x) + cos(y)", "-laplace(v) + u + v = 2*cos(y) + sin(x)"], SQUARE, exact={"u": "sin(x)", "v": "cos(y)"},
        output=FINE,
    ),
}  # fmt: skip
ITERATED = {
    "a conductivity that varies": periodic(
        "-div(a*grad(u)) = (3 + cos(x))*sin(x) + sin(x)*cos(x)", SQUARE, coefficients={"a": "3 + cos(x)"}, exact={"u": "sin(x)"},
        output={"points": 32},
    ),
    "a cubic reaction": periodic(
        "-u_xx + u**3 = sin(x) + sin(x)**3", {"x": [0, TURN]}, {"u": "1 + 0.5*sin(x)"}, exact={"u": "sin(x)"}, output=FINE,
    ),
    "two unknowns in a product": periodic(
        ["-laplace(u) + v = sin(x) + cos(y)", "-laplace(v) + u*v + v = cos(y)*(2 + sin(x))"], SQUARE, exact={"u": "sin(x)", "v": "cos(y)"},
        output=FINE,
    ),
}  # fmt: skip
REFUSED = {
    "shocks": (periodic("u_t + u*u_x = 0", LINE, {"u": "sin(x)"}), "u_t + u*u_x = 0: nothing damps or disperses waves whose speed depends on u"),
    "shocks of gas": (
        periodic(["r_t + d(m, x) = 0", "m_t + d(m**2/r + r, x) = 0"], {**LINE, "t": [0, 20]}, {"r": "2 + sin(x)", "m": "sin(x)*(2 + sin(x))"}),
        "nothing damps or disperses waves whose speed depends on m, r",
    ),
    "shocks of second order": (
        periodic("u_tt = d((1 + u_x**2)*u_x, x)", LINE, {"u": "sin(x)", "u_t": "0"}), "nothing damps or disperses waves whose speed depends on u",
    ),
    "jumps": (periodic("u_t + u_x = 0", LINE, {"u": "where(x < 1, 1, 0)"}), "u has jumps that nothing smooths"),
    "drawn jumps": (
        periodic("-div(a*grad(u)) = sin(x)", SQUARE, coefficients={"a": {"family": "two-valued", "low": 3, "high": 12, "length": 0.5}}),
        "a has jumps that nothing smooths",
    ),
    "resonance": (periodic("laplace(u) + u = sin(2*x)", SQUARE), "The equations leave the wave with 1 along"),
    "a constraint with a factor that varies": (
        periodic(["w_t + psi_y*w_x - psi_x*w_y = 0", "div((2 + sin(x))*grad(psi)) = -w"], {**SQUARE, "t": [0, 1]}, {"w": "sin(x)"}),
        "A constraint on psi is not linear in it with constant factors.",
    ),
    "divergence that is given": (
        periodic(["u_t = -p_x", "v_t = -p_y", "u_x + v_y = sin(x)"], {**SQUARE, "t": [0, 1]}, {"u": "0", "v": "0"}),
        "u_x + v_y = sin(x): a constraint that holds none of p is met only where it is linear",
    ),
    "a pressure beside a density": (
        periodic(["u_t = -p_x/(2 + sin(x))", "v_t = -p_y", "u_x + v_y = 0"], {**SQUARE, "t": [0, 1]}, {"u": "0", "v": "0"}),
        "p stands in a term that is not linear with constant factors",
    ),
    "inertia that varies": (
        periodic("u_t - (2 + u)*u_txx = u_xx", LINE, {"u": "sin(x)"}), "the factor of a highest time derivative is not constant",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIVIDED)
def test_what_is_linear_with_constant_factors_is_divided(name):
    assert error(DIVIDED[name]) < 1e-12


@pytest.mark.parametrize("name", ITERATED)
def test_newtons_method_has_the_accuracy_asked_for(name):
    problem = ITERATED[name]
    assert error(problem) < problem.system.output.accuracy


def test_drawn_conductivities_are_a_batch():
    problem = periodic(
        "-div(a*grad(u)) = sin(x)*cos(y)", SQUARE, coefficients={"a": {"family": "gaussian", "length": 1.5, "mean": 2.0, "amplitude": 0.2}},
        output={"points": 24},
    )  # fmt: skip
    coarse, fine = (solution(problem, program(problem, k), seeds=(3, 4))["u"] for k in (0, 1))
    assert coarse.shape == (2, 24, 24)
    assert np.linalg.norm(coarse - fine) < 1e-3 * np.linalg.norm(fine)
    np.testing.assert_allclose(fine.mean(axis=(1, 2)), 0, atol=1e-10)


def test_points_may_lie_anywhere_ends_included():
    problem = DIVIDED["Poisson"]
    points = [np.array([0.0, 0.3, 2.0, 2 * np.pi]), np.array([1.0, 1.01, 3.0])]
    np.testing.assert_allclose(
        solution(problem, program(problem), points)["u"], exactly(problem, points)["u"], atol=1e-12
    )


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_suit_is_told_in_a_sentence(name):
    problem, words = REFUSED[name]
    with pytest.raises(Unsuited) as refused:
        Fourier().suits(Form(problem))
    assert words in str(refused.value)
    assert str(refused.value).endswith(".")


def test_an_axis_with_ends_is_refused():
    walls = Problem(
        ["u_t = u_xx"], domain={"x": (0, 1), "t": (0, 1)}, boundary={"x": "u = 0"}, initial={"u": "sin(pi*x)"}
    )
    with pytest.raises(Unsuited, match="x is not periodic"):
        Fourier().variants(Form(walls))


@pytest.mark.parametrize(
    "problem",
    [
        periodic(["w_t + psi_y*w_x - psi_x*w_y = 0", "laplace(psi) = -w"], {**SQUARE, "t": [0, 1]}, {"w": "sin(x)*cos(y)"}),
        periodic("u_t + 6*u*u_x + u_xxx = 0", LINE, {"u": "sin(x)"}),
        periodic("u_t + u*u_x = 0.1*u_xx", LINE, {"u": "sin(x)"}),
        periodic("u_tt = u_xx - u**3", LINE, {"u": "sin(x)", "u_t": "0"}),
        periodic("u_t = u_xx", LINE, {"u": "where(x < 1, 1, 0)"}),
    ],
    ids=["vorticity without viscosity", "dispersion", "viscosity", "a reaction in waves", "jumps that are smoothed"],
)  # fmt: skip
def test_smooth_solutions_are_not_refused(problem):
    assert Fourier().suits(Form(problem)) > 0
