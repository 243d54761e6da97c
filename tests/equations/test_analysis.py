"""What is read off an equation in any dimension: one rule for authors that write programs and for pages that explain."""

import numpy as np
import pytest
import sympy as sp

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.conservation import conservative
from fieldsmith.equations.equation import Axis, Balance, Equation
from fieldsmith.equations.methods import methods
from fieldsmith.equations.names import original
from fieldsmith.equations.reading import Reading

LINE, PLANE = (Axis("x", 0.0, 1.0),), (Axis("x", 0.0, 1.0), Axis("y", 0.0, 1.0))


def evolution(*balances: tuple[str, str], axes=LINE, **more) -> Equation:
    return Equation(tuple(name for name, _ in balances), axes, tuple(Balance(*pair) for pair in balances), **more)


def said(expression) -> str:
    return original(str(expression))


@pytest.mark.parametrize(
    ("rhs", "damped"),
    [
        ("d(u, x, x)", True),
        ("-d(u, x, x)", False),
        ("-d(u, x, x, x, x)", True),
        ("d(u, x, x, x, x)", False),
        ("-d(u, x, x) - d(u, x, x, x, x)", True),
        ("d(u, x, x, x)", False),
        ("-nu*d(u, x, x)", False),
        ("d((1 + u**2)*d(u, x), x)", True),
    ],
)
def test_what_damps_is_told_by_the_sign_of_the_highest_even_derivative(rhs, damped):
    assert Analysis(evolution(("u", rhs), parameters=("nu",)), {"nu": 0.1}).damped(0) is damped


def test_wave_speeds_are_told_along_every_axis():
    analysis = Analysis(evolution(("u", "-a*d(u, x) - d(u**2/2, y)"), axes=PLANE, parameters=("a",)))
    assert [list(map(said, analysis.speeds(k))) for k in range(2)] == [["a"], ["u"]]


def test_the_slope_of_a_diffusivity_is_no_transport():
    analysis = Analysis(evolution(("u", "d((2 + sin(x))*d(u, x), x) - 3*d(u, x)")))
    assert analysis.speeds(0) == (3,)


def test_a_diffusivity_before_the_second_derivative_transports_nothing():
    assert Analysis(evolution(("u", "(2 + sin(x))*d(u, x, x)"))).speeds(0) == ()


def test_the_slope_of_a_given_field_is_a_forcing():
    analysis = Analysis(evolution(("u", "d(u, x, x) + d(a, x)"), coefficients=("a",)))
    assert analysis.forced
    assert not analysis.linear


def test_systems_without_a_simple_formula_have_no_speeds_to_tell():
    rates = [(f"u{i}", " + ".join(f"{1 + i * j}*d(u{j}, x)" for j in range(4))) for i in range(4)]
    assert Analysis(evolution(*rates)).speeds(0) is None


@pytest.mark.parametrize(
    ("rhs", "linear"),
    [
        ("-d(u, x) + d(u, x, x) - u", True),
        ("d(u, x, x) + 1", False),
        ("x*d(u, x)", False),
        ("-u*d(u, x)", False),
        ("t*d(u, x, x)", False),
        ("d(u, x, x) + d(u, y, y) + d(u, x, y)", True),
    ],
)
def test_linear_equations_are_those_that_modes_solve(rhs, linear):
    analysis = Analysis(evolution(("u", rhs), axes=PLANE))
    assert analysis.linear is linear
    assert (not any(terms.fluxes for terms in analysis.terms)) is linear


@pytest.mark.parametrize(
    ("rhs", "kept"),
    [
        ("-d(u**2/2, x) + d(u, x, x)", True),
        ("-u*d(u, x)", False),
        ("-d(u, x, x, x)", True),
        ("d(u, x, x) + u", False),
        ("d(u*d(u, y), y)", True),
        ("d(u, x)*d(u, y)", False),
    ],
)
def test_what_is_written_as_divergences_keeps_its_total(rhs, kept):
    assert conservative(Analysis(evolution(("u", rhs), axes=PLANE))) is kept


def test_what_two_unknowns_exchange_to_oscillate_is_no_reaction():
    wave = evolution(("u", "v"), ("v", "c**2*d(u, x, x)"), parameters=("c",))
    facts = methods(Reading(wave, {"c": 2.0}, {"x": 64, "time": 11}, (0.0, 1.0)), {"c"})
    assert not facts.reacts
    assert not facts.reaction_rate
    assert [limit.term for limit in facts.limits] == ["waves"]


def test_a_damped_oscillation_keeps_its_reaction():
    wave = evolution(("u", "v"), ("v", "d(u, x, x) - 5*v"))
    facts = methods(Reading(wave, {}, {"x": 64, "time": 11}, (0.0, 1.0)), set())
    assert facts.reaction_rate == "5"


def test_long_waves_that_grow_are_told_with_their_length_and_rate():
    equation = evolution(("u", "-u*d(u, x) - d(u, x, x) - nu*d(u, x, x, x, x)"), parameters=("nu",))
    (growth,) = methods(Reading(equation, {"nu": 0.25}, {"x": 64, "time": 11}, (0.0, 1.0)), {"nu"}).growths
    length, rate = (sp.sympify(text).subs("nu", 0.25) for text in (growth.longer_than, growth.rate))
    k, nu = sp.symbols("k nu", positive=True)
    symbol = k**2 - nu * k**4
    assert float(length) == pytest.approx(float(2 * sp.pi / sp.solve(symbol / k**2, k)[0].subs(nu, 0.25)))
    assert float(rate) == pytest.approx(float(symbol.subs(k, sp.sqrt(1 / (2 * nu))).subs(nu, 0.25)))


def test_the_growth_of_long_waves_is_told_to_be_of_derivatives_alone():
    equation = evolution(("u", "r*u - u**3 - u - 2*d(u, x, x) - d(u, x, x, x, x)"), parameters=("r",))
    (growth,) = methods(Reading(equation, {"r": 0.1}, {"x": 64, "time": 11}, (0.0, 1.0)), {"r"}).growths
    assert not growth.alone


def test_what_a_second_derivative_amplifies_has_no_fronts_of_reaction_and_diffusion():
    sizes, span = {"x": 64, "time": 11}, (0.0, 1.0)
    amplified = evolution(("u", "u - u**3 - 2*d(u, x, x) - d(u, x, x, x, x)"))
    assert methods(Reading(amplified, {}, sizes, span), set()).front is None
    assert methods(Reading(evolution(("u", "u - u**3 + 1e-4*d(u, x, x)")), {}, sizes, span), set()).front is not None


def test_a_reaction_that_sets_in_at_a_threshold_has_a_rate():
    equation = evolution(("u", "d(u, x, x) - u*Heaviside(u - 1/2)"))
    facts = methods(Reading(equation, {}, {"x": 64, "time": 11}, (0.0, 1.0)), set())
    assert eval(facts.reaction_rate, {"np": np, "u": np.array([0.0, 0.4, 0.9]), "abs": abs}) == 1.0
