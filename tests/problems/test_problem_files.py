"""Problem files and the object that they become: read, shown, written again, turned into an `Equation`."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from faulty import CASES, SOUND

import fieldsmith as fs
from fieldsmith.equations.equation import Balance
from fieldsmith.errors import InputError
from fieldsmith.problems import Problem, ProblemError
from fieldsmith.problems.schema import schema

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "problems").glob("*.toml"))
UNDERSTOOD = {
    "beam": ("dispersive", "linear", 2, 4, True),
    "blob": ("parabolic", "semilinear", 1, 2, False),
    "drum": ("hyperbolic", "linear", 2, 2, True),
    "fin": ("elliptic", "linear", 0, 2, False),
    "option": ("parabolic", "linear", 1, 2, True),
    "oscillator": ("dispersive", "linear", 1, 2, True),
    "pattern": ("parabolic", "semilinear", 1, 2, False),
    "shock": ("hyperbolic", "quasilinear", 1, 1, False),
    "soliton": ("dispersive", "semilinear", 1, 3, True),
    "vortices": ("parabolic", "semilinear", 1, 2, False),
}
"""Type, linearity, order in time and in space, and whether a reference is given."""
HEAT = {
    "equations": ["u_t = D*u_xx"],
    "domain": {"x": (0, 1), "t": (0, 0.1)},
    "parameters": {"D": {"value": 0.5, "low": 0.1, "high": 1.0}},
    "boundary": {"x": "u = 0"},
    "initial": {"u": "sin(pi*x)"},
}


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_are_sound_and_understood(file):
    problem = Problem.from_toml(file)
    kind = problem.understood.kind
    assert [line for line in problem.doubts if "note:" not in line] == []
    assert kind is not None
    found = (
        *kind["types"],
        kind["linearity"],
        kind["order_in_time"],
        kind["order_in_space"],
        bool(problem.system.exact),
    )
    assert found == UNDERSTOOD[file.stem]
    assert problem.seen.exact_holds == bool(problem.system.exact)
    assert all(verdict in ("stays", "inside") for verdict, _, claimed in problem.seen.conserved.values() if claimed)


def test_there_are_ten_examples():
    assert {file.stem for file in EXAMPLES} == set(UNDERSTOOD)


@pytest.mark.parametrize("text", [*SOUND.values(), *(file.read_text("utf-8") for file in EXAMPLES)])
def test_what_is_written_is_read_again(text):
    problem = Problem.from_text(text)
    again = Problem.from_text(problem.to_toml())
    assert again == problem
    assert again.understood == problem.understood
    assert again.to_toml() == problem.to_toml()


def test_the_schema_is_valid_and_takes_what_the_checker_takes():
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema())
    for text in [*SOUND.values(), *(file.read_text("utf-8") for file in EXAMPLES)]:
        assert list(validator.iter_errors(tomllib.loads(text))) == []


def test_the_schema_finds_misspelt_tables_and_wrong_types():
    validator = jsonschema.Draft202012Validator(schema())
    wrong = 0
    for case in CASES:
        try:
            document = tomllib.loads(case.text)
        except ValueError:
            continue
        wrong += not validator.is_valid(document)
    assert wrong > 20
    assert not validator.is_valid({**HEAT, "parametres": {}})
    assert not validator.is_valid({"equations": ["u_t = u_xx"]})


def test_a_problem_is_stated_in_python_as_in_a_file():
    problem = fs.Problem(**HEAT)
    assert problem == fs.Problem.from_text(problem.to_toml())
    assert problem.system.conditions[0].kind == "dirichlet"
    with pytest.raises(
        ProblemError, match=r"^initial\.u: w is not known here\. Give it in \[parameters\]\. Known here: x, D, pi, e\.$"
    ):
        fs.Problem(**{**HEAT, "initial": {"u": "w"}})
    with pytest.raises(InputError):
        fs.Problem(["u_t = u_xx"], {"x": 3})  # type: ignore[dict-item]


def test_a_notebook_shows_the_equations_typeset():
    problem = fs.Problem(**HEAT, title="Heat <1>")
    assert problem._repr_latex_() == r"$$\begin{aligned} \frac{\partial u}{\partial t} &= D \, \frac{\partial^{2} u}{\partial x^{2}} \end{aligned}$$"  # fmt: skip
    shown = problem._repr_html_()
    assert "<strong>Heat &lt;1&gt;</strong>" in shown
    assert r"\frac{\partial u}{\partial t}" in shown
    assert "parabolic" in shown


def test_fractions_are_typeset_beside_derivatives_not_above_them():
    problem = Problem(["u_t = a*u_xx/(2*b) + u/b"], {"x": (0, 1), "t": (0, 1)}, parameters={"a": 1, "b": 2}, boundary={"x": "periodic"}, initial={"u": "1"})  # fmt: skip
    (line,) = problem.understood.latex
    assert line.partition(" = ")[2] == r"\frac{a}{2 \, b} \, \frac{\partial^{2} u}{\partial x^{2}} + \frac{u}{b}"


def test_a_terminal_shows_the_equations_as_they_were_read():
    equations = [
        "u_t = -u*u_x/2 + (a + b)*laplace(u) - d(u**2*v_x, x)",
        "v_t = -(u - v)**2 + sqrt(abs(u))/(a*b) + v^-2",
    ]
    problem = Problem(
        equations, {"x": (0, 1), "t": (0, 1)}, parameters={"a": 1, "b": 2}, boundary={"x": "periodic"},
        initial={"u": "1", "v": "2"},
    )  # fmt: skip
    assert problem.understood.equations == (
        "∂u/∂t = −u·∂u/∂x/2 + (a + b)·∇²u − ∂(u²·∂v/∂x)/∂x",
        "∂v/∂t = −(u − v)² + √|u|/(a·b) + v⁻²",
    )


@pytest.mark.parametrize(
    ("file", "balances", "why"),
    [
        ("soliton", (Balance("u", "-(6*u*d(u, x) + d(u, x, x, x))"),), ""),
        ("option", (Balance("V", "sigma**2*S**2*d(V, S, S)/2 + r*S*d(V, S) - r*V"),), ""),
        ("beam", (), "second order in time"),
        ("fin", (), "Robin"),
        ("oscillator", (), "complex"),
        ("vortices", (), "constraint"),
        ("shock", (), "not one condition for each unknown"),
    ],
)
def test_an_equation_is_made_where_one_can_say_it(file, balances, why):
    problem = Problem.from_toml(EXAMPLES[0].with_stem(file))
    equation = problem.equation()
    assert (equation.balances if equation else ()) == balances
    assert why in problem.no_equation
    assert bool(why) == bool(problem.no_equation)


def test_conservative_form_and_definitions_reach_the_equation():
    text = EXAMPLES[0].with_stem("shock").read_text("utf-8").replace('x = "open"', 'x = "periodic"')
    equation = Problem.from_text(text).equation()
    assert equation is not None
    assert [b.quantity for b in equation.balances] == ["rho", "m", "E"]
    assert equation.balances[1].rhs == "-d(m**2/rho + (gamma - 1)*(E - m**2/(2*rho)), x)"


def test_an_equation_made_of_a_problem_is_solved_by_todays_methods():
    from fieldsmith.equations.analysis import Analysis
    from fieldsmith.numerics import families

    equation = Problem.from_text(SOUND["heat"]).equation()
    assert equation is not None
    suited = {family.name: family for family in families()}["method of lines"]
    assert suited.suits(Analysis(equation, {"D": 1.0})) > 0


def test_given_fields_have_values_anywhere(tmp_path):
    x = np.linspace(0, 1, 33)
    np.savez(tmp_path / "field.npz", a=1 + x**2)
    (tmp_path / "p.toml").write_text(
        'equations = ["u_t = d(a*u_x, x)"]\n[domain]\nx = [0, 1]\nt = [0, 1]\n[coefficients]\n'
        'a = { file = "field.npz", name = "a" }\n[boundary]\nx = "u = 0"\n[initial]\nu = { family = "fourier", modes = 3 }\n'
    )
    problem = Problem.from_toml(tmp_path / "p.toml")
    assert problem.doubts == ()
    assert problem.field("a", {"x": [0.1, 0.55]}) == pytest.approx([1.01, 1.3025], abs=1e-9)
    one, other = (problem.field("u", {"x": x}, seed=seed) for seed in (1, 2))
    assert np.abs(one - other).max() > 0.1
    assert one == pytest.approx(problem.field("u", {"x": x}, seed=1))
    assert (one[0], one[-1]) == pytest.approx((0, 0), abs=1e-12)
    assert 0.9 < np.abs(one).max() <= 1.001
    drum = Problem.from_toml(EXAMPLES[0].with_stem("drum"))
    places = {"x": 0.25, "y": 0.25, "t": 0.5, "c": 2.0}
    assert drum.field("u", {k: places[k] for k in "xyt"}, c=2.0) == pytest.approx(
        np.sin(np.pi / 4) * np.cos(np.sqrt(5) * np.pi) + 3 * np.sin(np.pi / 4) * np.sin(np.sqrt(5) * np.pi) / (np.sqrt(5) * np.pi * 2)
    )  # fmt: skip
    with pytest.raises(KeyError):
        drum.field("w", {"x": 0})


@pytest.mark.parametrize(
    ("sides", "low", "high"),
    [("periodic", None, None), ("u = 0", 0.0, 0.0), ("u_x = 0", None, None)],
)
def test_draws_meet_the_sides_and_have_their_size(sides, low, high):
    family = {"family": "gaussian", "length": 0.1, "amplitude": 2.0}
    tables = {**HEAT, "boundary": {"x": sides}, "initial": {"u": family}}
    problem = Problem(**tables)
    x = np.linspace(0, 1, 401)
    draws = np.array([problem.field("u", {"x": x}, seed=seed) for seed in range(200)])
    assert draws[:, 200].std() == pytest.approx(2.0, rel=0.2)
    apart = np.mean(draws[:, 200] * draws[:, 240]) / np.mean(draws[:, 200] ** 2)
    assert apart == pytest.approx(np.exp(-0.5), abs=0.2)  # one length away
    if sides == "periodic":
        assert draws[:, 0] == pytest.approx(draws[:, -1])
    elif low is not None:
        assert np.abs(draws[:, [0, -1]]).max() < 1e-12
    else:
        assert np.abs(draws[:, 1] - draws[:, 0]).max() < 0.1


def test_two_valued_fields_have_two_values():
    problem = Problem.from_text(SOUND["poisson"].replace('"gaussian"', '"two-valued", low = 3, high = 12'))
    x, y = np.meshgrid(*[np.linspace(0, 1, 50)] * 2)
    assert set(problem.field("f", {"x": x, "y": y}).ravel()) == {3.0, 12.0}


def test_files_that_are_none_are_refused_in_a_sentence(tmp_path):
    for name, content, words in (
        ("none.toml", None, "is not there"),
        ("bytes.toml", b"title = \xff", "no text in UTF-8"),
        ("long.toml", b"#" * 600_000, "larger than 500 kB"),
        (".", None, "is a folder"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=words):
            Problem.from_toml(tmp_path / name)


def test_a_time_may_have_another_name_and_names_may_be_greek():
    problem = Problem(
        ["∂ψ/∂τ = ν∂²ψ/∂x²"], {"time": "τ", "τ": (0, 1), "x": (0, "2*π")}, parameters={"ν": 0.1},
        boundary={"x": "periodic"}, initial={"ψ": "sin(x)"}, exact={"psi": "exp(-ν*τ)*sin(x)"},
    )  # fmt: skip
    assert problem.seen.exact_holds
    assert problem.understood.equations == ("∂ψ/∂τ = ν·∂²ψ/∂x²",)
    equation = problem.equation()
    assert equation is not None
    assert equation.balances == (Balance("psi", "nu*d(psi, x, x)"),)


def test_a_coordinate_called_time_is_the_time():
    problem = Problem(["u_time = u_xx"], {"time": (0, 1), "x": (0, 1)}, boundary={"x": "u = 0"}, initial={"u": "0"})
    assert problem.system.time is not None
    assert problem.system.time.name == "time"


def test_importing_the_name_is_cheap():
    code = "import sys, fieldsmith.problems; print('sympy' in sys.modules, 'scipy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.split() == ["False", "False"], ran.stderr


def test_what_is_understood_goes_into_json():
    for file in EXAMPLES:
        json.dumps(Problem.from_toml(file).understood.as_dict(), allow_nan=False)
