"""Briefs for equations that no task has, and independent references: what the tests of the built-in author share."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from fieldsmith.agents.author import Candidate, Draft, NothingLeft
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import PERIODIC, Axis, Boundary, Equation
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.numerics.family import Family
from fieldsmith.tasks.statement import render_stub
from fieldsmith.tasks.task import Argument, Brief, Result, Signature

TIMES = np.linspace(0.0, 0.5, 6)
POINTS = 64
Z = 2 * np.pi * (np.arange(POINTS) + 0.5) / POINTS
"""Phases of cell centres over one period."""


def brief_of(equation: Equation, parameters: dict[str, float], times=TIMES, limit: float = 40.0) -> Brief:
    arguments = [Argument(f"{w}_start", "initial", w, ("batch", "s"), "start") for w in equation.unknowns]
    arguments.append(Argument("moments", "times", "t", ("time",), "times"))
    arguments += [Argument(f"value_of_{p}", "parameter", p, (), p) for p in equation.parameters]
    results = tuple(Result(w, w, ("batch", "time", "s"), w) for w in equation.unknowns)
    signature = Signature("integrate", tuple(arguments), results)
    sizes = {"batch": 2, "s": POINTS, "time": len(times)}
    span = (float(times[0]), float(times[-1]))
    return Brief("A problem", "", render_stub(signature), signature, equation, parameters, sizes, span, limit)


def line(low: float, high: float, boundary: Boundary = PERIODIC, nodes="cell_centres") -> Axis:
    return Axis("s", low, high, nodes, boundary, boundary)


def steady_brief(equation: Equation, points: int, parameters: dict[str, float] | None = None) -> Brief:
    """A brief for a steady equation whose coefficients are the arguments, in order."""
    arguments = [Argument(f"given_{c}", "coefficient", c, ("batch", "x", "y"), c) for c in equation.coefficients]
    arguments += [Argument(f"value_of_{p}", "parameter", p, (), p) for p in equation.parameters]
    (unknown,) = equation.unknowns
    signature = Signature("pressure", tuple(arguments), (Result(unknown, unknown, ("batch", "x", "y"), "solution"),))
    sizes = {"batch": 1, "x": points, "y": points}
    return Brief("Steady", "", render_stub(signature), signature, equation, parameters or {}, sizes, None, 40.0)


def rungs(brief: Brief) -> dict[str, str]:
    """Every program that the author writes for drafts, by its plan's summary."""
    author, history, found = NumericsAuthor(), [], {}
    while True:
        try:
            proposal = author.write(brief, Draft(), "1", history)
        except NothingLeft:
            return found
        assert proposal.program is not None, proposal.problem
        found[proposal.plan.summary] = proposal.program.source
        history.append(Candidate(len(history) + 1, "1", "draft", proposal=proposal))


def programs(family: Family[Any], brief: Brief) -> dict[str, str]:
    """Programs of all variants of a family by name, those for after a blow-up too. Raises Unsuited."""
    key = repr((family.name, brief))
    if key not in _written:
        analysis = Analysis(brief.equation, brief.parameters)
        family.suits(analysis)
        variants = family.variants(analysis, brief)
        _written[key] = {v.name: patient(family.source(analysis, brief, v.choices)) for v in variants}
    return _written[key]


_written: dict[str, dict[str, str]] = {}


def patient(source: str) -> str:
    """The program without its limit in seconds, which is for slow machines: work is counted all the same."""
    return re.sub(r"^PATIENCE = .*$", "PATIENCE = 1e9", source, flags=re.MULTILINE)


def call(source: str, brief: Brief, *inputs) -> list[np.ndarray]:
    space = {"__name__": "solver"}
    exec(compile(patient(source), "solver", "exec"), space)
    result = space[brief.signature.function](*inputs)
    return list(result) if isinstance(result, tuple) else [result]


def solve(source: str, brief: Brief, starts: Sequence[np.ndarray], times=TIMES) -> list[np.ndarray]:
    return call(source, brief, *starts, times, *brief.parameters.values())


def relative(ours: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> float:
    """Largest relative difference of the fields."""
    return max(float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in zip(ours, expected, strict=True))


def fourier(points: int, length: float, order: int) -> np.ndarray:
    """Dense Fourier differentiation matrix."""
    k = 2j * np.pi * np.fft.fftfreq(points, 1.0 / points) / length
    if order % 2:
        k[points // 2] = 0.0
    return np.real(np.fft.ifft(k[:, None] ** order * np.fft.fft(np.eye(points), axis=0), axis=0))


def reference(rhs, start: np.ndarray, times=TIMES, method: str = "Radau", rtol: float = 1e-9) -> np.ndarray:
    """[time, points] by a method of ordinary differential equations at tight tolerance."""
    solved = solve_ivp(rhs, (times[0], times[-1]), start, method, times, rtol=rtol, atol=0.01 * rtol)
    assert solved.success
    return solved.y.T


def references(rhs, starts: Sequence[np.ndarray], times=TIMES, **options) -> list[np.ndarray]:
    """Fields [batch, time, points] of all unknowns, stacked one after the other for `rhs`."""
    rows = [reference(rhs, np.concatenate(sample), times, **options) for sample in zip(*starts, strict=True)]
    return list(np.moveaxis(np.stack(rows).reshape(len(rows), len(times), len(starts), -1), 2, 0))


def candidate(proposal, status, number=1, nrmse=1e-3, parents=(), move="draft") -> Candidate:
    score = Score(nrmse, {}, 1e-9, 1e-12, 0.0, 1.0) if status == "ok" else None
    return Candidate(number, str(number), move, parents, "numerics", proposal, Evaluation(status, dev=score))
