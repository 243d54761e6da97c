"""The built-in author knows equations, not tasks: the same equations under other names, with other coefficients, boundary
conditions and extra terms, get solvers as good. References here are written by hand and independent of its templates."""

import re
from pathlib import Path

import numpy as np
import pytest
from numerics_cases import POINTS, TIMES, brief_of, fourier, line, reference
from scipy.integrate import solve_ivp

from fieldsmith import numerics
from fieldsmith.agents import numerics_author
from fieldsmith.agents.author import Candidate, Draft, NothingLeft
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.equations.equation import Balance, Boundary, Equation
from fieldsmith.sandboxes import choose
from fieldsmith.sandboxes.sandbox import Limits
from fieldsmith.tasks.task import Brief


def best_source(brief: Brief) -> str:
    """The finest program of the family that suits best."""
    author, history = NumericsAuthor(), []
    proposal = author.write(brief, Draft(), "1", history)
    family = proposal.plan.summary.split(":")[0]
    best = proposal
    while True:
        history.append(Candidate(len(history) + 1, str(len(history) + 1), "draft", proposal=proposal))
        try:
            proposal = author.write(brief, Draft(), str(len(history) + 1), history)
        except NothingLeft:
            return best.program.source
        if proposal.plan.summary.startswith(family) and "refined to 1e-9" in proposal.plan.summary:
            best = proposal


def run(brief: Brief, starts: list[np.ndarray]) -> list[np.ndarray]:
    inputs = dict(
        zip([a.name for a in brief.signature.arguments], [*starts, TIMES, *brief.parameters.values()], strict=True)
    )
    with choose("process").open(Limits(seconds=60.0)) as session:
        result = session.call(best_source(brief), "integrate", inputs, brief.signature.shapes(inputs))
    assert result.status == "ok", result.failure
    return [result.outputs[r.name] for r in brief.signature.results]


PERIODIC_CASES = {
    "fronts under other names, damped": (
        Equation(("phi",), (line(0, 3),), (Balance("phi", "-d(phi**2/2, s) + k*d(phi, s, s) - mu*phi"),), ("k", "mu")),
        {"k": 0.05, "mu": 0.3},
        3.0,
        lambda d, p: lambda t, u: -d[1] @ (u**2 / 2) + p["k"] * d[2] @ u - p["mu"] * u,
    ),
    "dispersion added": (
        Equation(("w",), (line(-3, 3),), (Balance("w", "-d(w**2/2, s) - c*d(w, s, s, s) + h*d(w, s, s)"),), ("c", "h")),
        {"c": 0.01, "h": 0.05},
        6.0,
        lambda d, p: lambda t, u: -d[1] @ (u**2 / 2) - p["c"] * d[3] @ u + p["h"] * d[2] @ u,
    ),
    "bistable reaction with a source in space": (
        Equation(("w",), (line(0, 1),), (Balance("w", "e*d(w, s, s) + w - w**3 + sin(2*pi*s)/5"),), ("e",)),
        {"e": 0.01},
        1.0,
        lambda d, p: (
            lambda t, u: p["e"] * d[2] @ u + u - u**3 + np.sin(2 * np.pi * (np.arange(POINTS) + 0.5) / POINTS) / 5
        ),
    ),
    "growth with drift": (
        Equation(
            ("n",),
            (line(0, 2, nodes="left_edges"),),
            (Balance("n", "-v*d(n, s) + D*d(n, s, s) + r*n*(1 - n)"),),
            ("v", "D", "r"),
        ),
        {"v": 1.0, "D": 0.1, "r": 2.0},
        2.0,
        lambda d, p: lambda t, u: -p["v"] * d[1] @ u + p["D"] * d[2] @ u + p["r"] * u * (1 - u),
    ),
    "linear, fourth order": (
        Equation(("w",), (line(0, 2),), (Balance("w", "-c*d(w, s) - e*d(w, s, s, s, s)"),), ("c", "e")),
        {"c": 1.0, "e": 0.0002},
        2.0,
        lambda d, p: lambda t, u: -p["c"] * d[1] @ u - p["e"] * d[4] @ u,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PERIODIC_CASES)
def test_periodic_equations(name):
    equation, parameters, length, rhs = PERIODIC_CASES[name]
    z = 2 * np.pi * np.arange(POINTS) / POINTS
    start = np.stack([0.5 * np.sin(z), 0.4 + 0.3 * np.cos(2 * z)])
    matrices = {n: fourier(POINTS, length, n) for n in (1, 2, 3, 4)}
    expected = np.stack([reference(rhs(matrices, parameters), s) for s in start])
    (ours,) = run(brief_of(equation, parameters), [start])
    assert np.linalg.norm(ours - expected) / np.linalg.norm(expected) < 2e-6


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dirichlet", "neumann"])
def test_boundaries_that_are_not_periodic(kind):
    equation = Equation(
        ("w",), (line(0, 1, Boundary(kind, "0"), "endpoints"),), (Balance("w", "e*d(w, s, s) + w*(1 - w)"),), ("e",)
    )
    x = np.linspace(0, 1, POINTS)
    profile = (lambda x: np.sin(np.pi * x) ** 2) if kind == "dirichlet" else (lambda x: 0.5 + 0.4 * np.cos(np.pi * x))
    n = 757  # contains the nodes: 756 = 12 * 63
    fine = np.linspace(0, 1, n)
    h = fine[1]

    def rhs(t, u):
        inner = np.empty(n)
        inner[1:-1] = (u[2:] - 2 * u[1:-1] + u[:-2]) / h**2
        inner[0], inner[-1] = 2 * (u[1] - u[0]) / h**2, 2 * (u[-2] - u[-1]) / h**2
        rate = 0.1 * inner + u * (1 - u)
        if kind == "dirichlet":
            rate[[0, -1]] = 0.0
        return rate

    solved = solve_ivp(rhs, (0, 0.5), profile(fine), "LSODA", TIMES, rtol=1e-8, atol=1e-10, lband=1, uband=1)
    expected = solved.y.T[:, ::12]
    (ours,) = run(brief_of(equation, {"e": 0.1}), [np.stack([profile(x)] * 2)])
    assert np.linalg.norm(ours[0] - expected) / np.linalg.norm(expected) < 2e-5


@pytest.mark.slow
def test_two_species():
    equation = Equation(
        ("a", "b"),
        (line(0, 1),),
        (Balance("a", "Da*d(a, s, s) + A - (B + 1)*a + a**2*b"), Balance("b", "Db*d(b, s, s) + B*a - a**2*b")),
        ("Da", "Db"),
        {"A": 1.0, "B": 2.0},
    )
    z = 2 * np.pi * np.arange(POINTS) / POINTS
    starts = [np.stack([1 + 0.3 * np.sin(z)] * 2), np.stack([1 + 0.2 * np.cos(2 * z)] * 2)]
    second = fourier(POINTS, 1.0, 2)

    def rhs(t, w):
        a, b = w[:POINTS], w[POINTS:]
        return np.concatenate([0.01 * second @ a + 1 - 3 * a + a**2 * b, 0.02 * second @ b + 2 * a - a**2 * b])

    expected = reference(rhs, np.concatenate([s[0] for s in starts]))
    ours = run(brief_of(equation, {"Da": 0.01, "Db": 0.02}), starts)
    assert np.allclose(ours[0][0], expected[:, :POINTS], atol=1e-6)
    assert np.allclose(ours[1][0], expected[:, POINTS:], atol=1e-6)


@pytest.mark.slow
def test_shallow_water_is_solved_by_two_families_that_agree():
    equation = Equation(
        ("h", "u"),
        (line(0, 1),),
        (Balance("h", "-d(h*u, s)"), Balance("h*u", "-d(h*u**2 + g*h**2/2, s) + d(nu*h*d(u, s), s)")),
        ("nu",),
        {"g": 1.0},
        (),
        ("h",),
    )
    brief = brief_of(equation, {"nu": 0.05})
    z = 2 * np.pi * (np.arange(POINTS) + 0.5) / POINTS
    starts = [np.stack([1 + 0.3 * np.sin(z)] * 2), np.stack([0.3 * np.cos(z)] * 2)]
    fine = run(brief, starts)
    author, history = NumericsAuthor(), []
    while True:
        proposal = author.write(brief, Draft(), "1", history)
        if "finite volumes: WENO on cells refined 3" in proposal.plan.summary:
            break
        history.append(Candidate(len(history) + 1, "1", "draft", proposal=proposal))
    space = {}
    exec(compile(proposal.program.source, "solver", "exec"), space)
    other = space["integrate"](*starts, TIMES, 0.05)
    for one, two in zip(fine, other, strict=True):
        assert np.linalg.norm(one - two) / np.linalg.norm(one) < 1e-3
    mass = fine[0].mean(axis=2)
    assert np.abs(mass - mass[:, :1]).max() < 1e-9


def test_no_task_is_known_by_name():
    folder = Path(numerics.__file__).parent
    words = re.compile(r"advection|burgers|reacdiff|cns1d|darcy", re.IGNORECASE)
    for file in [*folder.rglob("*.py"), *folder.rglob("*.jinja"), Path(numerics_author.__file__)]:
        assert not words.search(file.read_text()), file
