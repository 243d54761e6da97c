"""What every plan of every family says is what its program does, and every program stands alone."""

import ast
import inspect
import os
import re
import subprocess
import sys
from functools import cache

import pytest
from numerics_cases import brief_of, candidate, line, steady_brief

from fieldsmith.agents.author import Draft, NothingLeft, Plan
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import Axis, Balance, Boundary, Equation
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.numerics import families
from fieldsmith.tasks.task import Brief

pytestmark = pytest.mark.slow

WALL = Boundary("dirichlet")
UNIT = (line(0, 1),)
ENERGY = "(p/(gamma - 1) + rho*v**2/2)"
EVOLVING = {
    "fronts": Equation(("u",), UNIT, (Balance("u", "-d(u**2/2, s) + k*d(u, s, s)"),), ("k",)),
    "variable diffusion": Equation(("u",), UNIT, (Balance("u", "d((1 + k*u**2)*d(u, s), s)/10 - d(u**3, s)"),), ("k",)),
    "growth": Equation(("u",), UNIT, (Balance("u", "k*d(u, s, s) + u*(1 - u)"),), ("k",)),
    "transport": Equation(("u",), UNIT, (Balance("u", "-k*d(u, s)"),), ("k",)),
    "waves": Equation(("u", "v"), UNIT, (Balance("u", "v"), Balance("v", "k*d(u, s, s)")), ("k",)),
    "oscillators": Equation(("u", "v"), UNIT, (Balance("u", "v"), Balance("v", "k*d(u, s, s) - u**3")), ("k",)),
    "gas": Equation(
        ("rho", "v", "p"),
        UNIT,
        (
            Balance("rho", "-d(rho*v, s)"),
            Balance("rho*v", "-d(rho*v**2 + p, s) + d(k*d(v, s), s)"),
            Balance(ENERGY, f"-d(({ENERGY} + p)*v, s) + d(k*v*d(v, s), s)"),
        ),
        ("k",),
        {"gamma": 1.4},
        (),
        ("rho", "p"),
    ),
    "walls": Equation(("u",), (line(0, 1, WALL, "endpoints"),), (Balance("u", "k*d(u, s, s) - u**3"),), ("k",)),
}


def square(nodes: str) -> tuple[Axis, ...]:
    return tuple(Axis(name, 0, 1, nodes, WALL, WALL) for name in "xy")  # type: ignore[arg-type]


STEADY = {
    "medium": Equation(
        ("p",), square("endpoints"), (Balance("", "d(a*d(p, x), x) + d(a*d(p, y), y) + 1"),), (), {}, ("a",)
    ),
    "medium, absorbing": Equation(
        ("p",), square("cell_centres"), (Balance("", "d(a*d(p, x), x) + d(a*d(p, y), y) - b*p"),), ("b",), {}, ("a",)
    ),
}


@cache
def briefs() -> dict[str, Brief]:
    evolving = {name: brief_of(equation, {"k": 0.05}, limit=4.0) for name, equation in EVOLVING.items()}
    steady = {name: steady_brief(e, 21, dict.fromkeys(e.parameters, 2.0)) for name, e in STEADY.items()}
    return evolving | steady


@cache
def programs(name: str) -> list[tuple[str, Plan, str]]:
    """(summary of the rung, plan, source) of every variant of every family that suits, those after blow-ups too."""
    brief, found = briefs()[name], []
    analysis = Analysis(brief.equation, brief.parameters)
    for family in families():
        try:
            family.suits(analysis)
        except Unsuited:
            continue
        found += [
            (f"{family.name}: {v.name}", family.plan(analysis, v), family.source(analysis, brief, v.choices))
            for v in family.variants(analysis, brief)
        ]
    return found


def constant(source: str, name: str) -> float:
    for line_ in source.splitlines():
        left, _, right = line_.partition(" = ")
        if name in left.split(", ") and not line_.startswith(" "):
            value = right.split("#")[0].strip().split(", ")[left.split(", ").index(name)]
            return float(value)
    raise AssertionError(f"{name} is not set")


CASES = pytest.mark.parametrize("name", [*EVOLVING, *STEADY])


def test_every_family_is_here():
    seen = {summary.split(":")[0] for name in briefs() for summary, _, _ in programs(name)}
    assert seen == {family.name for family in families()}


@CASES
def test_numbers_in_a_plan_are_those_of_the_program(name):
    told = {
        r"refined to (\S+?)(?:,|$)": "TOLERANCE",
        r"tolerance (\S+)": "TOLERANCE",
        r"(\d+) Chebyshev points": "POINTS",
        r"at least (\d+) steps": "FEWEST_STEPS",
        r"cells refined (\d) times": "FACTOR",
        r"(\d+) steps? a frame": "STEPS",
        r"split (\d) x": "FINE",
    }
    for summary, plan, source in programs(name):
        for pattern, symbol in told.items():
            for number in re.findall(pattern, summary):
                assert constant(source, symbol) == float(number), (summary, symbol)
        if "given cells" in summary:
            assert constant(source, "FACTOR") == 1, summary
        if "four times smaller" in summary:
            usual = next(s for n, _, s in programs(name) if n.split(":")[0] == summary.split(":")[0])
            assert constant(source, "COURANT") <= 0.25 * constant(usual, "COURANT"), summary
        if "LEVELS = " in source:
            assert ("no refinement" in plan.resolution_control) == (constant(source, "LEVELS") == 1), summary
        if "COARSE" in source:
            assert ("extrapolated" in summary) == (constant(source, "COARSE") > 0), summary
            assert ("Richardson" in plan.resolution_control) == ("extrapolated" in summary), summary


@CASES
def test_methods_in_a_plan_are_those_of_the_program(name):
    marks = {
        "HLLC": "star_left",
        "Rusanov": "0.5 * speed * (q_right - q_left)",
        "super-time-stepping": "def diffuse(",
        "majorant": "def majorants(",
        "ETDRK4": "def etdrk4_step(",
        "exact exponential of the linear matrix": "expm(matrix * moment)",
        "exact exponential of the linear symbol": "np.exp(symbol[None, :]",
        "Strang splitting with the exact flow": "def react(",
        "Radau": '"Radau"',
        "conjugate gradients": "precondition(residual)",
        "direct solve": "spsolve(",
        "harmonic averages": "harmonic(",
    }
    for summary, plan, source in programs(name):
        said = " ".join([plan.discretisation, plan.time_integrator, plan.resolution_control])
        for method, code in marks.items():
            assert (method in said) == (code in source), (summary, method)


@CASES
def test_every_plan_is_complete_and_no_two_are_the_same(name):
    plans = programs(name)
    assert len({summary for summary, _, _ in plans}) == len({source for _, _, source in plans}) == len(plans)
    for summary, plan, _ in plans:
        assert all([plan.discretisation, plan.time_integrator, plan.resolution_control]), summary


@pytest.mark.parametrize("name", ["growth", "transport", "walls", "medium"])
def test_the_author_hands_each_out_once_under_its_summary(name):
    author, history = NumericsAuthor(), []
    while True:
        try:
            proposal = author.write(briefs()[name], Draft(), "1", history)
        except NothingLeft:
            break
        history.append(candidate(proposal, "ok", len(history) + 1))
    handed = {c.proposal.plan.summary: c.program.source for c in history}
    assert len(handed) == len(history)
    assert handed.items() <= {summary: source for summary, _, source in programs(name)}.items()


@CASES
def test_programs_define_the_function_that_was_asked_for(name):
    signature = briefs()[name].signature
    for summary, _, source in programs(name):
        space = {"__name__": "solver"}
        exec(compile(source, "solver", "exec"), space)
        asked = space[signature.function]
        assert list(inspect.signature(asked).parameters) == [a.name for a in signature.arguments], summary
        for argument in signature.arguments:
            assert f"{argument.name}: " in asked.__doc__, summary


@CASES
def test_programs_import_nothing_but_python_numpy_and_scipy(name):
    for summary, _, source in programs(name):
        roots = set()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                roots |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                roots.add(node.module.split(".")[0])
        # Only the example, when it is run as a script, draws.
        assert roots - set(sys.stdlib_module_names) <= {"numpy", "scipy", "matplotlib"}, summary
        assert "matplotlib" not in source.split("__main__")[0], summary


@pytest.mark.parametrize("name", ["growth", "transport", "oscillators", "gas", "walls", *STEADY])
def test_programs_run_by_themselves(name, tmp_path):
    """Outside the project, without its packages: `-I` leaves the folder and PYTHONPATH out."""
    environment = {**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
    for summary, _, source in programs(name):
        if re.search("1e-9|1e-11|5 times|steps four times smaller|64 steps|9 x 9", summary):
            continue  # the same text as another with numbers that make it dearer
        (tmp_path / "solver.py").write_text(source)
        command = [sys.executable, "-I", "-W", "error", "solver.py"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (summary, done.stderr)
        assert re.search(r"from -?\d\S* to -?\d", done.stdout), (summary, done.stdout)
        assert "nan" not in done.stdout.lower().replace("the last two answers differ by nan", ""), (
            summary,
            done.stdout,
        )


@pytest.mark.parametrize("name", ["transport", "fronts", "growth"])
def test_a_plan_says_of_kinks_what_is_done_where_there_are_some(name):
    brief = briefs()[name]
    analysis = Analysis(brief.equation, brief.parameters)
    for family in families():
        for variant in family.variants(analysis, brief) if family.name == "spectral" else ():
            plan = family.plan(analysis, variant)
            assert "unfolded where they have kinks" in f"{plan.discretisation} {plan.summary}"
