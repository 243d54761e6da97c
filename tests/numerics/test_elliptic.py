"""Steady problems on a rectangle against exact solutions."""

import numpy as np
import pytest
from numerics_cases import call, rungs, steady_brief

from fieldsmith.agents.author import Draft, NothingLeft
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.equations.equation import Axis, Balance, Boundary, Equation
from fieldsmith.tasks.poisson import solve_split

WALL, FREE = Boundary("dirichlet"), Boundary("neumann")


def square(nodes, *sides):
    return Axis("x", 0, 1, nodes, *sides[:2]), Axis("y", 0, 1, nodes, *sides[2:])


def errors(equation, fields, exact, parameters=None):
    """Relative errors of all rungs."""
    brief = steady_brief(equation, exact.shape[0], parameters)
    inputs = [*(field[None] for field in fields), *(parameters or {}).values()]
    found = {summary: call(source, brief, *inputs)[0][0] for summary, source in rungs(brief).items()}
    return [np.linalg.norm(answer - exact) / np.linalg.norm(exact) for answer in found.values()]


@pytest.mark.parametrize("nodes", ["endpoints", "cell_centres"])
def test_a_steady_problem_with_mixed_boundaries_and_reaction(nodes):
    wall, free = Boundary("dirichlet", "sin(pi*y)"), Boundary("neumann", "0")
    axes = (
        Axis("x", 0, 1, nodes, wall, free),
        Axis("y", 0, 1, nodes, Boundary("dirichlet"), Boundary("dirichlet")),
    )
    equation = Equation(("p",), axes, (Balance("", "d(c*d(p, x), x) + d(c*d(p, y), y) - 5*p"),), (), {}, ("c",))
    x = np.linspace(0, 1, 33) if nodes == "endpoints" else (np.arange(33) + 0.5) / 33
    k = np.sqrt(np.pi**2 + 5 / 2)
    exact = (np.cosh(k * (1 - x)) / np.cosh(k))[:, None] * np.sin(np.pi * x)[None, :]
    found = pressure_of(equation, np.full((1, 33, 33), 2.0))
    assert np.abs(found - exact).max() < 2e-3


def test_a_steady_problem_with_drift_and_a_given_slope():
    rate = Boundary("neumann", "2*exp(2)")
    axes = (
        Axis("x", 0, 1, "endpoints", Boundary("dirichlet", "1"), rate),
        Axis("y", 0, 1, "endpoints", Boundary("neumann"), Boundary("neumann")),
    )
    equation = Equation(("p",), axes, (Balance("", "d(c*d(p, x), x) + d(c*d(p, y), y) - 2*d(p, x)"),), (), {}, ("c",))
    exact = np.exp(2 * np.linspace(0, 1, 65))[:, None] + np.zeros((1, 65))
    assert np.abs(pressure_of(equation, np.ones((1, 65, 65))) - exact).max() < 2e-3


def test_a_medium_on_cells_is_solved_by_the_fast_method():
    wall = Boundary("dirichlet")
    axes = tuple(Axis(name, 0, 1, "cell_centres", wall, wall) for name in "xy")
    equation = Equation(("p",), axes, (Balance("", "d(c*d(p, x), x) + d(c*d(p, y), y) + 1"),), (), {}, ("c",))
    medium = np.random.default_rng(0).choice([1.0, 4.0], (1, 11, 11))
    expected = solve_split(medium[0], 1, 1.0, nodes="cell_centres")
    assert np.abs(pressure_of(equation, medium) - expected).max() < 1e-6 * expected.max()


def pressure_of(equation: Equation, medium: np.ndarray) -> np.ndarray:
    """The solution by the first program for a steady equation with one coefficient."""
    brief = steady_brief(equation, medium.shape[-1])
    return call(NumericsAuthor().write(brief, Draft(), "1", []).program.source, brief, medium)[0][0]


@pytest.mark.parametrize("nodes", ["endpoints", "cell_centres"])
def test_smooth_media_are_interpolated_smoothly(nodes):
    n = 49
    at = np.linspace(0, 1, n) if nodes == "endpoints" else (np.arange(n) + 0.5) / n
    x, y = at[:, None], at[None, :]
    exact, medium = np.sin(np.pi * x) * np.sin(np.pi * y), 1 + x * y + np.sin(3 * x) / 2
    slope_x, slope_y = y + 1.5 * np.cos(3 * x), x + 0 * y
    source = 2 * np.pi**2 * medium * exact
    source -= slope_x * np.pi * np.cos(np.pi * x) * np.sin(np.pi * y) + slope_y * np.pi * np.sin(np.pi * x) * np.cos(
        np.pi * y
    )
    balance = Balance("", "d(a*d(u, x), x) + d(a*d(u, y), y) + f")
    equation = Equation(("u",), square(nodes, WALL, WALL, WALL, WALL), (balance,), coefficients=("a", "f"))
    found = errors(equation, [medium, source], exact)
    assert found[0] < 2e-3
    assert found[1] < 2e-4
    assert max(found[2:]) < 3e-6


def test_a_field_that_jumps_lowers_the_order_wherever_it_stands():
    balance = Balance("", "d(a*d(u, x), x) + d(b*d(u, y), y) + 1")
    equation = Equation(("u",), square("endpoints", WALL, WALL, WALL, WALL), (balance,), coefficients=("a", "b"))
    brief = steady_brief(equation, 9)
    space = {"__name__": "solver"}
    exec(next(source for name, source in rungs(brief).items() if "extrapolated" in name), space)
    smooth = np.add.outer(np.arange(9.0), np.arange(9.0)) ** 2 + 1
    jumping = np.where(smooth > 50, 3.0, 1.0)
    assert space["order_of"]([smooth, smooth]) == 2.0
    assert space["order_of"]([smooth, jumping]) == space["order_of"]([jumping, smooth]) == 1.5


@pytest.mark.slow
def test_rough_media_stay_positive():
    balance = Balance("", "d(a*d(u, x), x) + d(a*d(u, y), y) + 1")
    equation = Equation(("u",), square("endpoints", WALL, WALL, WALL, WALL), (balance,), coefficients=("a",))
    brief = steady_brief(equation, 21)
    medium = np.exp(2 * np.random.default_rng(0).standard_normal((1, 21, 21)))
    for summary, source in rungs(brief).items():
        answer = call(source, brief, medium)[0]
        assert np.isfinite(answer).all(), summary
        assert answer.min() >= 0.0, summary


@pytest.mark.parametrize(
    ("sides", "rhs", "fields", "reason"),
    [
        ((FREE,) * 4, "d(a*d(u, x), x) + d(a*d(u, y), y) + 1", ("a",), "not determined"),
        ((WALL,) * 4, "d(u, x, x) + d(u, y, y) + 1", (), "No field is given"),
        ((WALL,) * 4, "d(a*d(u, x), x) + d(a*d(u, y), y) + u**2", ("a",), "not linear"),
        ((WALL,) * 4, "d(a*d(u, y), x) + d(a*d(u, y), y)", ("a",), "not along the gradient"),
        ((WALL,) * 4, "d(u, x)*d(u, y) + d(a*d(u, y), y)", ("a",), "multiplied"),
        ((WALL,) * 4, "d(a*d(u, x), x) + 1", ("a",), "no diffusion along one"),
    ],
)
def test_what_it_cannot_solve_it_refuses(sides, rhs, fields, reason):
    equation = Equation(("u",), square("endpoints", *sides), (Balance("", rhs),), coefficients=fields)
    with pytest.raises(NothingLeft, match=reason):
        NumericsAuthor().write(steady_brief(equation, 9), Draft(), "1", [])


@pytest.mark.slow
def test_slopes_alone_are_enough_with_reaction():
    balance = Balance("", "d(a*d(u, x), x) + d(a*d(u, y), y) - u + (1 + pi**2)*cos(pi*x)")
    equation = Equation(("u",), square("endpoints", FREE, FREE, FREE, FREE), (balance,), coefficients=("a",))
    exact = np.cos(np.pi * np.linspace(0, 1, 33))[:, None] + np.zeros((1, 33))
    assert max(errors(equation, [np.ones((33, 33))], exact)) < 1e-3
