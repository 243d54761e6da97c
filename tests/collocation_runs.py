"""Programs of Chebyshev collocation, run and held against exact solutions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fieldsmith.boxes.families.collocation import Collocation
from fieldsmith.boxes.families.collocation.blocks import CollocationChoices
from fieldsmith.boxes.form import Form
from fieldsmith.problems import Problem


def loaded(problem: Problem, choices: CollocationChoices) -> dict[str, Any]:
    """The names of the program for a problem."""
    scope: dict[str, Any] = {}
    exec(compile(Collocation().text(Form(problem), choices), "solver.py", "exec"), scope)
    return scope


def solved(
    problem: Problem, choices: CollocationChoices, asked: int = 21, draws: int = 1, times: int = 5, points: Callable[..., np.ndarray] = np.linspace,
    **ranged: float,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:  # fmt: skip
    """What the program returns by name, with the coordinates of its arrays, the time's among them."""
    form, system = Form(problem), problem.system
    places = {}
    for axis in system.axes:
        line = points(axis.low, axis.high, asked)
        places[axis.name] = line[:-1] if axis.name in system.periodic else line
    mesh = dict(zip(places, np.meshgrid(*places.values(), indexing="ij"), strict=True))
    clock = {system.time.name: np.linspace(system.time.low, system.time.high, times)} if system.time else {}
    values: dict[str, Any] = {p.name: ranged.get(p.name, p.value) for p in form.ranged}
    arguments = []
    for one in form.inputs:
        if one.role in ("initial", "coefficient"):
            drawn = np.array([problem.field(one.of, mesh, seed, **values) for seed in range(draws)])
            arguments.append({"real": drawn.real, "imag": drawn.imag, "": drawn}[one.part])
        else:
            arguments.append({**places, **values}[one.of] if one.role != "times" else next(iter(clock.values())))
    found = loaded(problem, choices)["solver"](*arguments)
    found = found if isinstance(found, tuple) else (found,)
    return {r.name: array for r, array in zip(form.results, found, strict=True)}, {**clock, **places}


def error(problem: Problem, choices: CollocationChoices, **settings: Any) -> float:
    """The largest error beside the largest value of the exact solution, over all that is returned."""
    found, places = solved(problem, choices, **settings)
    mesh = dict(zip(places, np.meshgrid(*places.values(), indexing="ij"), strict=True))
    ranged = {name: value for name, value in settings.items() if name in {p.name for p in problem.system.parameters}}
    worst = 0.0
    for one in Form(problem).results:
        exact = problem.field(one.of, mesh, **ranged)
        exact = {"real": exact.real, "imag": exact.imag, "": exact}[one.part]
        got = found[one.name][0] if Form(problem).batched else found[one.name]
        assert got.shape == exact.shape
        worst = max(worst, float(np.abs(got - exact).max() / np.abs(exact).max()))
    return worst


def first(problem: Problem) -> CollocationChoices:
    """The coarsest variant's choices."""
    return Collocation().variants(Form(problem))[0].choices
