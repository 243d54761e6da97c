"""Problems on periodic boxes, programs of the family `fourier` for them, and calls of these."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fieldsmith.boxes.families.fourier import Fourier
from fieldsmith.boxes.form import Form
from fieldsmith.problems import Problem

TURN = "2*pi"


def periodic(equations: str | Sequence[str], domain: dict[str, Any], initial: Any = None, **tables: Any) -> Problem:
    """A problem with every axis periodic; `t`, or what `time` names, is the time."""
    clock = domain.get("time", "t")
    boundary = {axis: "periodic" for axis in domain if axis not in (clock, "time")}
    laws = [equations] if isinstance(equations, str) else equations
    return Problem(laws, domain=domain, boundary=boundary, initial=initial or {}, **tables)


def program(problem: Problem, variant: int = 0, **numbers: float) -> dict[str, Any]:
    """The scope of a program; `numbers` stand in place of those of the variant."""
    form, family = Form(problem), Fourier()
    choices = replace(family.variants(form)[variant].choices, **numbers)
    scope: dict[str, Any] = {}
    exec(compile(family.text(form, choices), "solver.py", "exec"), scope)
    return scope


def solution(
    problem: Problem, scope: dict[str, Any], points: Sequence[np.ndarray] | None = None, times: Any = None, seeds: Sequence[int] = (0,),
    **parameters: float,
) -> dict[str, np.ndarray]:  # fmt: skip
    """What a program returns, by unknown, parts of complex ones put together."""
    form, system = Form(problem), problem.system
    points = points or even(problem)
    places = dict(zip(form.space, np.meshgrid(*points, indexing="ij"), strict=True))
    given: list[Any] = []
    for one in form.inputs:
        if one.role in ("initial", "coefficient"):
            values = np.stack([problem.field(one.of, places, seed, **parameters) for seed in seeds])
            given.append(values.imag if one.part == "imag" else values.real)
        elif one.role == "points":
            given.append(points[form.space.index(one.of)])
        elif one.role == "times":
            given.append(np.array(system.output.times if times is None else times))
        else:
            given.append(parameters.get(one.of, next(p.value for p in system.parameters if p.name == one.of)))
    found = scope["solver"](*given)
    arrays = found if isinstance(found, tuple) else (found,)
    by_name: dict[str, np.ndarray] = {}
    for one, array in zip(form.results, arrays, strict=True):
        assert array.dtype == float
        by_name[one.of] = by_name.get(one.of, 0) + (1j * array if one.part == "imag" else array)
    return by_name


def even(problem: Problem) -> list[np.ndarray]:
    """The points that are asked for."""
    points = problem.system.output.points
    return [axis.low + axis.length * np.arange(points[axis.name]) / points[axis.name] for axis in problem.system.axes]


def exactly(problem: Problem, points: Sequence[np.ndarray] | None = None, times: Any = None, **parameters: float) -> dict[str, np.ndarray]:  # fmt: skip
    """The exact solution by unknown, the time first."""
    system = problem.system
    lines = list(points or even(problem))
    if system.time:
        lines.insert(0, np.array(system.output.times if times is None else times))
    places = dict(zip(system.coordinates, np.meshgrid(*lines, indexing="ij"), strict=True))
    return {u.name: problem.field(u.name, places, **parameters) for u in system.unknowns}


def error(
    problem: Problem, variant: int = 0, points: Any = None, times: Any = None, numbers: Any = None, **parameters: float
) -> float:
    """The largest relative error of an unknown against the exact solution."""
    got = solution(problem, program(problem, variant, **(numbers or {})), points, times, **parameters)
    right = exactly(problem, points, times, **parameters)
    batched = Form(problem).batched
    return max(float(np.linalg.norm((got[name][0] if batched else got[name]) - right[name]) / np.linalg.norm(right[name])) for name in right)  # fmt: skip
