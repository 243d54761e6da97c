"""Equations that no family suits: a sentence that says why, never a traceback."""

from dataclasses import replace

import pytest
from numerics_cases import brief_of, line, steady_brief

from fieldsmith.agents.author import Draft, NothingLeft
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.equations.equation import PERIODIC, Axis, Balance, Boundary, Equation
from fieldsmith.tasks.task import Argument, Brief, Result

WALL, FREE = Boundary("dirichlet"), Boundary("neumann")
UNIT = (line(0, 1),)


def evolving(rhs: str, axes=UNIT, unknowns=("u",), quantities=None, **more) -> Equation:
    rows = rhs.split(";")
    balances = (
        tuple(map(Balance, quantities or unknowns, rows)) if len(rows) > 1 or quantities else (Balance("u", rhs),)
    )
    return Equation(unknowns, axes, balances, **more)


def steady(rhs: str, *sides: Boundary, nodes="endpoints", fields=("a",), **more) -> Equation:
    sides = sides or (WALL,) * 4
    axes = (Axis("x", 0, 1, nodes, *sides[:2]), Axis("y", 0, 1, nodes, *sides[2:]))
    return Equation(("p",), axes, (Balance("", rhs),), coefficients=fields, **more)


def walled(rhs: str, boundary: Boundary = WALL, **more) -> Equation:
    return evolving(rhs, (line(0, 1, boundary, "endpoints"),), **more)


PLANE = tuple(Axis(name, 0, 1) for name in "xy")
DARCY = "d(a*d(p, x), x) + d(a*d(p, y), y)"
REFUSED = {
    "steady, nonlinear": (steady(DARCY + " + p**2 + 1"), "not linear"),
    "steady, diffusivity of the solution": (steady("d(p*d(p, x), x) + d(a*d(p, y), y)"), "not linear"),
    "steady, three axes": (
        Equation(
            ("p",), tuple(Axis(n, 0, 1, "endpoints", WALL, WALL) for n in "xyz"), (Balance("", "a"),), (), {}, ("a",)
        ),
        "one unknown and two axes",
    ),
    "steady, mixed derivatives": (steady(DARCY + " + d(a*d(p, x), y)"), "not along the gradient"),
    "steady, fourth order": (steady(DARCY + " - d(d(d(d(p, x), x), x), x)"), "not along the gradient"),
    "steady, slopes alone": (steady(DARCY + " + 1", FREE, FREE, FREE, FREE), "not determined"),
    "steady, periodic": (steady(DARCY + " + 1", PERIODIC, PERIODIC, WALL, WALL), "periodic"),
    "steady, no field": (steady("d(p, x, x) + d(p, y, y) + 1", fields=()), "No field is given"),
    "steady, drift on cells": (
        steady(DARCY + " + d(p, x)", nodes="cell_centres"),
        "Drift is not known on cell centres",
    ),
    "steady, no diffusion": (
        steady("c*d(a*d(p, x), x) + d(a*d(p, y), y)", constants={"c": 0.0}),
        "no diffusion along one",
    ),
    "steady, one axis": (
        Equation(("p",), (line(0, 1, WALL),), (Balance("", "d(a*d(p, s), s)"),), (), {}, ("a",)),
        "one unknown and two axes",
    ),
    "two axes in time": (evolving("d(u, x, x) + d(u, y, y)", PLANE), "more than one axis"),
    "three axes in time": (evolving("d(u, x, x)", (*PLANE, Axis("z", 0, 1))), "more than one axis"),
    "mixed derivatives in time": (evolving("d(u, x, x) + d(u, x, y) + d(u, y, y)", PLANE), "more than one axis"),
    "mixed derivatives alone": (evolving("d(u, x, y)", PLANE), "waves of u along (1, -1) grow"),
    "more unknowns than balances": (evolving("d(u, s, s)", unknowns=("u", "v")), "as many balances as unknowns"),
    "more balances than unknowns": (evolving("u; u", quantities=("u", "u")), "as many balances as unknowns"),
    "no axis": (evolving("-u", ()), "There must be an axis"),
    "advection between walls": (walled("-d(u, s)"), "cannot take a condition at both ends"),
    "fronts without viscosity between walls": (walled("-d(u**2/2, s)"), "cannot take a condition at both ends"),
    "one of two diffuses between walls": (
        evolving("d(u, s, s) - v; u", (line(0, 1, WALL),), ("u", "v")),
        "cannot take a condition at both ends",
    ),
    "diffusivity zero between walls": (walled("none*d(u, s, s) - d(u, s)", constants={"none": 0.0}), "both ends"),
    "fourth order between walls": (walled("d(u, s, s) - d(u, s, s, s, s)"), "more than one condition at an end"),
    "a boundary value of the solution": (walled("d(u, s, s)", Boundary("neumann", "-u")), "depends on the solution"),
    "a boundary that cannot be read": (walled("d(u, s, s)", Boundary("dirichlet", "sin(")), "cannot be read"),
    "periodic at one end": (
        evolving("d(u, s, s)", (Axis("s", 0, 1, "cell_centres", PERIODIC, WALL),)),
        "at one end only",
    ),
    "both ends of a period": (evolving("d(u, s, s)", (line(0, 1, nodes="endpoints"),)), "same point twice"),
    "an axis without length": (evolving("d(u, s, s)", (line(1, 1),)), "does not go from a number up"),
    "an axis without end": (evolving("d(u, s, s)", (line(0, float("inf")),)), "does not go from a number up"),
    "a name that is none": (evolving("-d(u, s)", unknowns=("u 1",)), "not an identifier"),
    "a number for a name": (evolving("-d(u, s)", constants={"2c": 1.0}), "not an identifier"),
    "a name twice": (evolving("-d(u, s)", constants={"u": 1.0}), "stands for two things"),
    "an unknown symbol": (evolving("-d(u, s) + w"), "unknown symbol w"),
    "an unknown function": (evolving("-d(u, s) + twist(u)"), "unknown function twist"),
    "a derivative along nothing": (evolving("-d(u, q)"), "unknown symbol q"),
    "a derivative along an unknown": (evolving("-d(u, u)"), "not along an axis"),
    "no operator": (evolving("2 u"), "cannot be read"),
    "an imaginary coefficient": (evolving("sqrt(-1)*d(u, s, s)"), "not a real expression"),
    "a comparison": (evolving("u > 1"), "not a real expression"),
    "given fields in time": (evolving("d(a*d(u, s), s)", coefficients=("a",)), "Coefficients are given as fields"),
    "a rate of a rate": (evolving("u", quantities=("d(u, s)",)), "must not hold derivatives"),
    "balances of one thing": (
        evolving("d(u, s, s); d(v, s, s)", unknowns=("u", "v"), quantities=("u + v", "2*u + 2*v")),
        "cannot be solved for",
    ),
    "what NumPy lacks": (evolving("d(u, s, s) + zeta(u)"), "cannot be written with NumPy"),
    "heat backwards in time": (evolving("-c*d(u, s, s)", constants={"c": 0.1}), "waves of u grow as exp(c*k**2 * t)"),
    "an elliptic system in time": (evolving("d(v, s); -d(u, s)", unknowns=("u", "v")), "Check the sign"),
    "a value that is no number": (evolving("-c*d(u, s)", constants={"c": float("nan")}), "no finite value"),
}


def problem_of(brief: Brief) -> str:
    with pytest.raises(NothingLeft) as refused:
        NumericsAuthor().write(brief, Draft(), "1", [])
    return str(refused.value)


def brief_for(equation: Equation) -> Brief:
    return steady_brief(equation, 9) if equation.steady and equation.unknowns else brief_of(equation, {})


@pytest.mark.parametrize("name", REFUSED)
def test_it_says_why(name):
    equation, reason = REFUSED[name]
    brief = brief_for(equation)
    if equation.coefficients and not equation.steady:
        given = Argument("given", "coefficient", "a", ("batch", "s"), "given")
        brief = replace(brief, signature=replace(brief.signature, arguments=(*brief.signature.arguments, given)))
    problem = problem_of(brief)
    assert reason in problem
    assert "0qe" not in problem
    assert "Traceback" not in problem
    assert len(problem.splitlines()) == 1
    assert problem.endswith("name it with --model")


HEAT = Equation(("u",), UNIT, (Balance("u", "c*d(u, s, s)"),), ("c",))


def without(brief: Brief, role: str) -> Brief:
    left = tuple(a for a in brief.signature.arguments if a.role != role)
    return replace(brief, signature=replace(brief.signature, arguments=left))


@pytest.mark.parametrize(
    ("brief", "reason"),
    [
        (without(brief_of(HEAT, {"c": 1.0}), "initial"), "no argument for the initial values of u"),
        (without(brief_of(HEAT, {"c": 1.0}), "times"), "no argument for the output times"),
        (
            without(steady_brief(steady(DARCY + " + 1"), 9), "coefficient"),
            "no argument for the coefficient values of a",
        ),
        (brief_of(HEAT, {}), "c has no finite value"),
        (brief_of(HEAT, {"c": float("inf")}), "c has no finite value"),
        (
            replace(
                brief_of(HEAT, {"c": 1.0}),
                signature=replace(brief_of(HEAT, {}).signature, results=(Result("w", "w", (), ""),)),
            ),
            "w, which is not an unknown",
        ),
        (replace(brief_of(HEAT, {"c": 1.0}), equation=replace(HEAT, parameters=())), "unknown symbol c"),
        (
            replace(brief_of(HEAT, {"c": 1.0}), equation=replace(HEAT, parameters=(), constants={"c": 1.0})),
            "takes parameter values of c, of which the equation has none",
        ),
    ],
)
def test_functions_that_do_not_fit_the_equation(brief, reason):
    assert reason in problem_of(brief)


def test_a_diffusivity_that_is_zero_by_its_parameter_is_seen():
    equation = walled("c*d(u, s, s) - d(u, s)", parameters=("c",))
    assert "cannot take a condition at both ends" in problem_of(brief_of(equation, {"c": 0.0}))
    assert NumericsAuthor().write(brief_of(equation, {"c": 0.1}), Draft(), "1", []).program is not None


def test_every_family_gives_its_own_reason():
    problem = problem_of(brief_of(evolving("d(u, x, x) + d(u, y, y)", PLANE), {}))
    assert problem.startswith("the built-in author knows no method for this equation.")
    assert "There is more than one axis (spectral, splitting, finite volumes, method of lines)." in problem
    assert "The equation is not steady (steady finite volumes)." in problem
