"""Equations that no scheme solves, because their shortest waves grow fastest, are told apart from those that only amplify."""

import pytest

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import Axis, Balance, Equation
from fieldsmith.equations.posedness import ill_posed

PLANE = (Axis("x", 0.0, 1.0), Axis("y", 0.0, 1.0))


def found(*balances: tuple[str, str], axes=PLANE[:1], parameters=None):
    rows = tuple(Balance(*pair) for pair in balances)
    equation = Equation(tuple(name for name, _ in balances), axes, rows, tuple(parameters or ()))
    return ill_posed(Analysis(equation, parameters))


@pytest.mark.parametrize(
    ("rhs", "rate", "along"),
    [
        ("-nu*d(u, x, x)", "nu*k**2", "x"),
        ("d(u, x, x, x, x)", "k**4", "x"),
        ("-d(u, x, x) - u*d(u, x) + u**2", "k**2", "x"),
        ("d(u, x, x) - d(u, y, y)", "k**2", "y"),
        ("d(u, x, x) + 4*d(d(u, x), y) + d(u, y, y)", "k**2", "(1, -1)"),
        ("-(2 + x**2)*d(u, x, x)", "k**2*(x**2 + 2)", "x"),
    ],
)
def test_waves_that_grow_without_bound_are_told_with_their_rate(rhs, rate, along):
    (one,) = found(("u", rhs), axes=PLANE, parameters={"nu": 0.1})
    assert (one.unknowns, one.rate, one.along) == (("u",), rate, along)


@pytest.mark.parametrize(
    "rhs",
    [
        "nu*d(u, x, x)",
        "-u*d(u, x) - d(u, x, x) - d(u, x, x, x, x)",
        "-d(u, x, x) - 1e-12*d(u, x, x, x, x)",
        "-6*u*d(u, x) - d(u, x, x, x)",
        "d(u**3 - u - d(u, x, x)/100, x, x)",
        "d(u, x, x) + d(d(u, x), y) + d(u, y, y)",
        "100*u",
    ],
)
def test_bounded_growth_is_not_ill_posed(rhs):
    assert not found(("u", rhs), axes=PLANE, parameters={"nu": 0.1})


def test_an_unknown_sign_is_not_guessed():
    assert not found(("u", "-nu*d(u, x, x)"), parameters={"nu": float("nan")})
    assert not found(("u", "d((u**2 - 1)*d(u, x), x)"))


@pytest.mark.parametrize(
    ("one", "other", "ill"),
    [
        ("d(v, x)", "-d(u, x)", True),
        ("v", "-d(u, x, x)", True),
        ("v", "d(u, x, x, x, x)", True),
        ("v", "d(u, x)", True),
        ("d(u, x, x) + 3*d(v, x, x)", "3*d(u, x, x) + d(v, x, x)", True),
        ("-d(u, x, x) - u*v**2", "d(v, x, x) + u*v**2", True),
        ("d(v, x)", "d(u, x)", False),
        ("v", "d(u, x, x) + 5*u - v", False),
        ("v", "-d(u, x, x, x, x)", False),
        ("-d(v, x, x)/2 - (u**2 + v**2)*v", "d(u, x, x)/2 + (u**2 + v**2)*u", False),
        ("-u*d(u, x) - d(v, x)", "-d(u*v, x)", False),
    ],
)
def test_systems_are_told_by_the_growth_of_their_waves(one, other, ill):
    assert bool(found(("u", one), ("v", other))) is ill
