"""The balance form of a problem: fluxes as they are written or found, speeds in closed form, ends; variants and names."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from solved import solved
from test_volumes import EULER, FAMILY, line

from fieldsmith.blocks import Block
from fieldsmith.boxes.families.volumes.balance import balance_of
from fieldsmith.boxes.families.volumes.ends import ends_of
from fieldsmith.boxes.families.volumes.family import VolumesChoices
from fieldsmith.boxes.families.volumes.speeds import speeds_of
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems import Problem

U = {"u": "2 + sin(2*pi*x)"}


def balance(equations, initial=None, **more):
    form = Form(line(equations, initial or U, **more))
    return form.system, balance_of(form.system, form.canonical)


def named(system, expression):
    """The expression with u for the jet of u, and u_x for that of its slope."""
    names = {
        jet: sp.Symbol("_".join(filter(None, (name, "x" * orders[1]))))
        for jet, (name, orders) in system.jets.meanings.items()
    }
    return sp.sympify(expression).xreplace(names)


@pytest.mark.parametrize(
    ("equation", "flux", "viscous", "source"),
    [
        ("u_t + u*u_x = 0", "u**2/2", "0", "0"),
        ("2*u_t + 2*d(u**2/2, x) = 4", "u**2/2", "0", "2"),
        ("0 = u_t + exp(u)*u_x", "exp(u)", "0", "0"),
        ("u_t + u**1.5*u_x + u_x/u = -u", "0.4*u**2.5 + log(u)", "0", "-u"),
        ("u_t = -d(u**3, x) + nu*laplace(u)", "u**3", "nu*u_x", "0"),
        ("u_t + d(u - nu*u*u_x, x) = 0", "u", "nu*u*u_x", "0"),
        ("u_t + div([u**2]) = div(u**2*grad(u)) + u_x", "u**2 - u", "u**2*u_x", "0"),
        ("u_t + u*u_x = nu*d(u, x, 2)", "u**2/2", "nu*u_x", "0"),
        ("u_t + (1 + x)*u_x = 0", "u*(1 + x)", "0", "u"),
        ("u_t + d((1 + x)*u, x) = 0", "u*(1 + x)", "0", "0"),
        ("u_t + u_x = (u + u**3)*u_xx + (1 + 3*u**2)*u_x**2", "u", "(u + u**3)*u_x", "0"),
    ],
)
def test_what_moves_what_spreads_and_what_is_left(equation, flux, viscous, source):
    system, found = balance([equation], parameters={"nu": 0.1} if "nu" in equation else {})
    symbols = {name: sp.Symbol(name) for name in ("u", "u_x", "x", "nu")}
    for got, wanted in zip(
        (found.fluxes[0][0], found.viscous[0][0], found.sources[0]), (flux, viscous, source), strict=True
    ):
        assert sp.simplify(sp.nsimplify(named(system, got) - sp.sympify(wanted, symbols), rational=True)) == 0
    assert found.plain


def test_the_laws_may_stand_in_any_order():
    system, found = balance(["v_t + d(u, x) = 0", "3*u_t = -3*d(v**2, x)"], {"u": "1", "v": "2 + sin(2*pi*x)"})
    by_name = {u.name: str(named(system, f)) for u, f in zip(system.unknowns, found.fluxes[0], strict=True)}
    assert by_name == {"u": "v**2", "v": "u"}


def test_the_speed_of_sound_is_found_with_the_pressure_as_it_is_called():
    problem = Problem.from_toml("examples/problems/shock.toml")
    form = Form(problem)
    found = speeds_of(form.system, balance_of(form.system, form.canonical), 0)
    assert found.known
    rho, m, energy = (form.system.jets.field(name) for name in ("rho", "m", "E"))
    values = {rho: 2.0, m: 3.0, energy: 10.0, form.system.symbols["gamma"]: 1.4}
    pressure = 0.4 * (10 - 9 / 4)
    assert float(found.middle.subs(values)) == pytest.approx(1.5)
    assert float(found.squared.subs(values)) == pytest.approx(1.4 * pressure / 2)
    assert "p*gamma/rho" in FAMILY.text(form, VolumesChoices())


def test_walls_are_told_from_other_ends():
    kinds = {}
    for condition in ("m = 0", "rho = 1", "open"):
        form = Form(
            line(**EULER, initial={"rho": "1", "m": "0", "E": "2"}, boundary=condition, parameters={"gamma": 1.4})
        )
        kinds[condition] = [end.signs for end in ends_of(form.system, balance_of(form.system, form.canonical))]
    assert kinds["m = 0"] == [(1, -1, 1)] * 2
    assert kinds["rho = 1"] == kinds["open"] == [()] * 2


@pytest.mark.parametrize(
    ("equation", "words"),
    [
        ("u_t + u_x = d(a*u_x, x, 2)", "higher than second order"),
        ("u_t + u_x = u_xx + u_x**2*u_xx", "gradients as factors"),
        ("u_t + u_x = u_x**2", "what is left has derivatives in it|no divergence"),
    ],
)
def test_what_has_no_balance_form_is_told_by_its_law(equation, words):
    with pytest.raises(Unsuited, match=words):
        balance([equation], parameters={"a": 1.0} if "a*" in equation else {})


def test_variants_grow_finer_and_each_has_a_program():
    for problem in (
        Problem.from_toml("examples/problems/shock.toml"),
        line(["u_t + u*u_x = nu*u_xx"], U, parameters={"nu": 0.01}),
    ):
        form = Form(problem)
        variants = FAMILY.variants(form)
        fresh = [v for v in variants if not v.again]
        assert len(fresh) >= 4
        assert [v.accuracy for v in fresh] == list(range(len(fresh)))
        assert all(1.4 < b.choices.multiple / a.choices.multiple <= 2 for a, b in pairwise(fresh))
        for variant in variants:
            compile(FAMILY.text(form, variant.choices), "solver.py", "exec")
            assert VolumesChoices.from_dict(variant.choices.to_dict()) == variant.choices
            assert FAMILY.plan(form, variant).expected_order
    assert all(isinstance(b, Block) and b.title for b in VolumesChoices.known_blocks())


@pytest.mark.slow
def test_names_of_a_problem_may_be_those_of_a_program():
    equations = ["cells_t + d(cells*state, x) = 0", "state_t + d(state**2/2 + np*cells, x) = 0"]
    strange = line(
        equations,
        {"cells": "1 + 0.1*sin(2*pi*x)", "state": "0"},
        end=0.2,
        points=20,
        parameters={"np": {"value": 1.0, "low": 0.5, "high": 2.0}},
    )
    plain = line(["h_t + d(h*v, x) = 0", "v_t + d(v**2/2 + g*h, x) = 0"], {"h": "1 + 0.1*sin(2*pi*x)", "v": "0"}, end=0.2, points=20,
                 parameters={"g": {"value": 1.0, "low": 0.5, "high": 2.0}})  # fmt: skip
    found = [
        solved(FAMILY, one, VolumesChoices(multiple=2), **{name: 1.5})[1]
        for one, name in ((strange, "np"), (plain, "g"))
    ]
    np.testing.assert_array_equal(found[0]["cells"], found[1]["h"])


def test_points_may_lie_anywhere():
    problem = line(
        ["u_t + u_x = 0"], {"u": "sin(2*pi*x)"}, {"x=0": "u = -sin(2*pi*t)", "x=1": "open"}, end=0.3, points=61
    )
    from solved import program

    x = np.sort(np.r_[0, 1, np.random.default_rng(0).uniform(0, 1, 30)])
    got = program(FAMILY, problem, VolumesChoices(multiple=2))(np.sin(2 * np.pi * x)[None], x, np.array([0, 0.3]))
    np.testing.assert_allclose(got[0, -1], np.sin(2 * np.pi * (x - 0.3)), atol=1e-4)
