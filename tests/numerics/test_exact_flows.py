"""Splitting: the flow of a quadratic reaction is exact, and not a number from where it has reached infinity."""

import numpy as np
import pytest
from numerics_cases import TIMES, Z, brief_of, line, programs, solve
from scipy.integrate import solve_ivp

from fieldsmith.equations.equation import Balance, Equation
from fieldsmith.numerics.splitting import Splitting


def growth(rhs: str) -> Equation:
    return Equation(("u",), (line(0, 1),), (Balance("u", f"k*d(u, s, s) + {rhs}"),), ("k", "a", "b", "c"))


EQUATION = growth("a + b*u + c*u**2")


def flow(a: float, b: float, c: float):
    brief = brief_of(EQUATION, {"k": 0.1, "a": a, "b": b, "c": c})
    space = {"__name__": "solver"}
    exec(next(iter(programs(Splitting(), brief).values())), space)
    return lambda values, dt: space["react"](np.asarray(values, dtype=float), dt, a, b, c)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("a", "b", "c"),
    [
        (0.0, 1.0, -1.0),  # two real roots
        (1.0, 0.3, -2.0),
        (-1.0, 2.0, -1.0),  # a double root
        (0.0, 0.0, -1.0),
        (-1.0, 0.2, -1.0),  # complex roots
        (0.5, -1.0, 0.0),  # linear
        (0.5, 0.0, 0.0),
        (0.0, 0.0, 0.0),
        (0.0, 0.0, 1e-12),  # hardly anything
        (0.0, -1e4, 1.0),  # stiff
    ],
)
def test_it_solves_the_ordinary_differential_equation(a, b, c):
    values = np.array([0.0, 0.1, 0.5, 0.9, 1.5])
    for dt in (1e-3, 0.4):
        solved = solve_ivp(
            lambda t, w: a + b * w + c * w**2,
            (0, dt),
            values,
            "Radau",
            rtol=1e-10,
            atol=1e-13,
            jac=lambda t, w: np.diag(b + 2 * c * w),
        )
        assert flow(a, b, c)(values, dt) == pytest.approx(solved.y[:, -1], rel=1e-8, abs=1e-11)


@pytest.mark.parametrize("dt", [0.3, 2.0, 4.0, 7.0, 10.0, 100.0])
def test_no_value_comes_back_from_infinity(dt):
    """u' = u^2 reaches it at 1/u, u' = 1 + u^2 at pi/2 - arctan(u), whatever comes after."""
    values = np.array([-1.0, 0.05, 0.2, 2.0])
    found = flow(0.0, 0.0, 1.0)(values, dt)
    lost = (values > 0) & (values * dt >= 1)
    assert (np.isnan(found) == lost).all()
    assert found[~lost] == pytest.approx((values / (1 - dt * values))[~lost])
    found = flow(1.0, 0.0, 1.0)(values, dt)
    lost = dt >= np.pi / 2 - np.arctan(values)
    assert (np.isnan(found) == lost).all()
    assert found[~lost] == pytest.approx(np.tan(np.arctan(values) + dt)[~lost])


def test_a_sample_that_reaches_infinity_is_not_a_number_from_there_on(capsys):
    brief = brief_of(EQUATION, {"k": 1e-3, "a": 0.0, "b": 0.0, "c": 1.0})
    start = np.stack([3.0 + 0.1 * np.sin(Z), 0.3 + 0.1 * np.sin(Z)])
    for name, source in programs(Splitting(), brief).items():
        (ours,) = solve(source, brief, [start])
        gone = np.isnan(ours).any(axis=2)
        assert not gone[1].any(), name
        assert (gone[0] == (TIMES > 0.33)).all(), name
        assert "1 of 2 samples blow up, the first by t = 0.4" in capsys.readouterr().out
