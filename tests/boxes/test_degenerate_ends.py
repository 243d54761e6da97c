"""Ends at which the factor of the second derivative vanishes: where a condition is needed (Fichera's function), and solutions without one."""

from itertools import islice

import numpy as np
import pytest
from solved import solved

from fieldsmith.boxes import methods
from fieldsmith.boxes.form import Form
from fieldsmith.problems import Problem, ProblemError

OPTION = "V_tau = sigma**2*S**2*V_SS/2 + r*S*V_S - r*V"
RATES = "u_t = kappa*(theta - x)*u_x + s**2/2*x*u_xx - x*u"
HESTON = "U_t = s**2*v*U_ss/2 + rho*xi*v*s*U_sv + xi**2*v*U_vv/2 + r*s*U_s + kappa*(eta - v)*U_v - r*U"
SMOOTH = "stays smooth"


def on_unit(equation: str, *, ends: dict[str, str] | None = None, start: str = "1", **parameters: float) -> Problem:
    """A problem on 0 < x < 1 that is held at 1."""
    boundary = {"x=1": "u = 1", **(ends or {})}
    return Problem([equation], {"x": (0, 1), "t": (0, 0.5)}, parameters=parameters, boundary=boundary, initial={"u": start})  # fmt: skip


def option(start: str = "max(S - K, 0)", **ends: str) -> Problem:
    return Problem(
        [OPTION], {"S": (0, 300), "tau": (0, 1), "time": "tau"}, parameters={"sigma": 0.2, "r": 0.05, "K": 100},
        boundary={**{end.replace("_", "="): held for end, held in ends.items()}, "S=300": "V = S - K*exp(-r*tau)"},
        initial={"V": start}, output={"points": 301, "times": 3, "accuracy": 1e-4},
    )  # fmt: skip


@pytest.mark.parametrize(
    "equation",
    ["u_t = x*u_xx - u_x", "u_t = sqrt(x)*u_xx", "u_t = x**2*u_xx - (1 - x)*u_x"],
    ids=["what is left enters", "vanishes too slowly", "enters against a square"],
)
def test_an_end_that_needs_a_condition_is_told_so(equation):
    with pytest.raises(ProblemError, match="x=0 has no condition, 1 is needed: the factor of u_xx vanishes there"):
        on_unit(equation)
    assert on_unit(equation, ends={"x=0": "u = 1"}).doubts == ()


@pytest.mark.parametrize(
    ("kappa", "theta", "s", "reached"),
    [(1.0, 0.2, 0.3, False), (1.0, 0.2, 0.6324, False), (1.0, 0.2, 0.6326, True), (1.0, 0.2, 1.0, True)],
)
def test_a_rate_of_interest_reaches_zero_by_the_condition_of_feller(kappa, theta, s, reached):
    assert reached == (2 * kappa * theta < s**2)
    found = on_unit(RATES, kappa=kappa, theta=theta, s=s, ends={"x=1": "u_x = 0"})
    assert any(SMOOTH in line for line in found.doubts) == reached
    assert all("note:" in line for line in found.doubts)


def test_volatility_needs_no_condition_where_it_vanishes():
    numbers = {"rho": -0.5, "xi": 0.3, "r": 0.03, "kappa": 2, "eta": 0.2}
    stated = {"domain": {"s": (0, 3), "v": (0, 1), "t": (0, 1)}, "boundary": {"s=3": "U_s = 1", "v=1": "U_v = 0"}, "initial": {"U": "max(s-1, 0)"}}  # fmt: skip
    assert not any("v=0" in line for line in Problem([HESTON], parameters=numbers, **stated).doubts)
    found = Problem([HESTON], parameters={**numbers, "kappa": 0.1}, **stated).doubts
    assert any("v=0" in line and SMOOTH in line for line in found)
    with pytest.raises(ProblemError, match="v=0 has no condition, 1 is needed"):
        Problem([HESTON], parameters={**numbers, "kappa": -0.1}, **stated)


def test_a_condition_where_the_equation_holds_must_agree_with_it():
    told = "contradicts the equation at S=0"
    assert option().doubts == option(S_0="V = 0").doubts == ()
    assert not any(told in line for line in option("1 + max(S - K, 0)", S_0="V = exp(-r*tau)").doubts)
    assert any(told in line for line in option("1 + max(S - K, 0)", S_0="V = 1").doubts)


def exact_option(tau: float, spots: np.ndarray) -> np.ndarray:
    from scipy.stats import norm

    spread = 0.2 * np.sqrt(tau)
    above = (np.log(np.maximum(spots, 1e-300) / 100) + (0.05 + 0.02) * tau) / spread
    return spots * norm.cdf(above) - 100 * np.exp(-0.05 * tau) * norm.cdf(above - spread)


def test_an_option_is_priced_without_a_condition_where_the_share_is_worth_nothing():
    problem = option()
    suited = methods.suited(Form(problem))
    assert len(suited) > 1
    for _, family, variants in suited:
        (spots,), found = solved(family, problem, variants[1].choices)
        wanted = np.array([np.maximum(spots - 100, 0), exact_option(0.5, spots), exact_option(1.0, spots)])
        assert np.linalg.norm(found["V"][0] - wanted) < 1e-3 * np.linalg.norm(wanted)


LEGENDRE = [
    ("d((1 - x**2)*u_x, x)", "x + (3*x**2 - 1)/2", lambda x, t: x * np.exp(-2 * t) + (3 * x**2 - 1) / 2 * np.exp(-6 * t)),
    ("(1 - x**2)*u_xx", "3 - x**2 + x", lambda x, t: (1 - x**2) * np.exp(-2 * t) + x + 2),
]  # fmt: skip


@pytest.mark.parametrize(("rate", "start", "exact"), LEGENDRE, ids=["Legendre's equation", "genes that drift"])
def test_diffusion_that_vanishes_at_both_ends_needs_no_condition(rate, start, exact):
    problem = Problem([f"u_t = {rate}"], {"x": (-1, 1), "t": (0, 0.5)}, initial={"u": start}, output={"points": 33, "times": 3})  # fmt: skip
    suited = methods.suited(Form(problem))
    assert [family.name for _, family, _ in suited] == [
        "collocation",
        "differences",
    ]  # cells beyond the ends need a condition
    for _, family, variants in islice(suited, 2):
        (x,), found = solved(family, problem, variants[0].choices)
        assert np.abs(found["u"][0] - [exact(x, t) for t in (0, 0.25, 0.5)]).max() < 1e-6
