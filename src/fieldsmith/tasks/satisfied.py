"""Whether the reference of a task satisfies its equation: looked at more and more closely, until the balances hold or do not."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from fieldsmith.equations.equation import Axis, Equation
from fieldsmith.tasks.own.problem_task import ProblemTask
from fieldsmith.tasks.pde import PDETask, seeded
from fieldsmith.tasks.residual import Fields, Residual
from fieldsmith.tasks.task import Task

SMALL = 1e-2
"""Sides that are further apart than this, relative to their terms, are not apart by truncation."""
HOLDS = 1e-4
"""A balance holds where its sides are no further apart than this, relative to its terms ..."""
FALLS = 4.0
"""... or come closer by this factor as steps in time, and spacings, become shorter, as truncation does."""
EXPLAINED = 10.0
"""Factors of the terms say what is wrong only if the sides come closer by this with them; another term is missing otherwise."""
SHORTER = ((1.0, 1.0), (4.0, 1.0), (16.0, 2.0))
"""Times as many steps within the first output interval, and points along each axis, of the looks at a reference."""
DENSER = (0.25, 0.5, 1.0)
"""Points of these looks at a steady one, as shares."""


def satisfied(task: Task) -> Iterator[tuple[str, str]]:
    """A fault, or else what was seen, of each balance; on smooth data with ever shorter times, or on ever more points."""
    if not isinstance(task, PDETask):
        own = isinstance(task, ProblemTask) and task.problem.seen.exact_holds
        yield (
            "",
            "of the exact solution looked at when the problem was read"
            if own
            else "not looked at: there is no equation",
        )
        return
    known: list[list[Residual]] = []
    for look in range(len(SHORTER)):
        known.append(_residuals_of(task, look))
        if all(residual.size <= HOLDS for residual in known[-1]):
            break
    for k, balance in enumerate(task.equation.balances):
        sizes = [residuals[k].size for residuals in known]
        left = f"d({balance.quantity})/dt" if balance.quantity else "0"
        factors = known[-1][k].factors
        truncation = sizes[-1] < min(SMALL, max(sizes) / FALLS) and not _mend(factors, 0.5)
        if not (sizes[-1] <= HOLDS or truncation):
            explains = known[-1][k].closest < sizes[-1] / EXPLAINED
            mend = _mend(factors, 0.02) if explains else ""
            yield (
                f"The reference does not satisfy {left} = {balance.rhs}: the sides are {sizes[-1]:.1e} of their terms apart, "
                f"and shorter steps do not change that.{f' It would with {mend}.' if mend else ''}",
                "",
            )
        else:
            yield "", f"{left} holds within {sizes[-1]:.1e} of its terms"


def _mend(factors: Mapping[str, float], tolerance: float) -> str:
    """The terms whose factor in the reference is another than in the equation by more than this."""
    return " and ".join(
        f"{factor:.3g} times “{text}”" for text, factor in factors.items() if abs(factor - 1.0) > tolerance
    )


def _residuals_of(task: PDETask, look: int) -> list[Residual]:
    """The balances' residuals for a smooth sample at one of the looks."""
    early = copy.copy(task.refinement_task())
    if early.equation.steady:
        points = early.scored_points(DENSER[look])
    else:
        shorter, denser = SHORTER[look]
        times, points = early.times(), early.scored_points(denser)
        early.last_time = float(times[0] + (times[1] - times[0]) / shorter)
    fields = early.initial_fields(seeded(early, "refinement"), 1, smooth=True)
    inputs, solved = early.inputs(fields, points), early.reference(fields, points, 1)
    arrays: dict[str, Any] = {**early.argument_values(), **early.equation.constants}
    arrays |= {a.of: inputs[a.name] for a in early.signature.arguments if a.role == "coefficient"}
    arrays |= {r.of: solved[r.name] for r in early.signature.results}
    equation = in_space(early.equation)
    for name in (*equation.unknowns, *equation.coefficients):
        values = np.asarray(arrays[name]) if early.equation.axes else np.asarray(arrays[name])[..., None]
        arrays[name] = values if values.ndim == 2 + len(equation.axes) else values[:, None]
    times = None if equation.steady else early.times()
    return Fields(equation, arrays, times).residuals()


def in_space(equation: Equation) -> Equation:
    """The equation; one without an axis on an axis of one point, where nothing varies."""
    return equation if equation.axes else replace(equation, axes=(Axis("nowhere", 0.0, 1.0),))
