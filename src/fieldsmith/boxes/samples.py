"""The arguments of a call for a problem: points, times and samples of what is drawn, also on points that lie closer."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fieldsmith.boxes.form import TIMES, Form, Input
from fieldsmith.problems.problem import Problem
from fieldsmith.problems.system import Interval

Draw = Callable[[str, Mapping[str, np.ndarray]], np.ndarray]
"""What an argument carries (`u`, `u_t`, a coefficient), by its name in the problem, at broadcast coordinates: [batch, *their shape]."""


def drawn(problem: Problem, seeds: Sequence[int], **parameters: float) -> Draw:
    """One sample of a batch for each seed; what is an expression is the same for all."""

    def draw(name: str, coordinates: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.stack([problem.field(name, coordinates, seed, **parameters) for seed in seeds])

    return draw


def even(axis: Interval, points: int, periodic: bool) -> np.ndarray:
    """Evenly spread points with both ends, on a periodic axis without the upper one."""
    return np.linspace(axis.low, axis.high, points, endpoint=not periodic)


def arguments(
    form: Form,
    draw: Draw,
    points: Mapping[str, np.ndarray] | None = None,
    parameters: Mapping[str, float] | None = None,
) -> dict[str, np.ndarray | float]:
    """The arguments of a call, by name: at the points and times that the problem asks for, or at others; parameters as they are, or others."""
    system = form.system
    along = points or {
        axis.name: even(axis, system.output.points[axis.name], axis.name in system.periodic) for axis in system.axes
    }
    numbers = {p.name: p.value for p in form.ranged} | dict(parameters or {})
    found: dict[str, np.ndarray | float] = {}
    for one in form.inputs:
        if one.role == "points":
            found[one.name] = along[one.of]
        elif one.role == "parameter":
            found[one.name] = numbers[one.of]
        elif one.name == TIMES:
            found[one.name] = np.asarray(system.output.times, float)
        else:
            found[one.name] = _sampled(form, one, draw, along)
    return found


def read_off(form: Form) -> bool:
    """Whether programs must read anything off samples: initial values and coefficients that are no expressions."""
    if form.sampled:
        return True
    given = [form.system.initial.get(form.initial_key(name, order)) for name, order in form.state]
    return any(one is not None and one.expression is None for one in given)


def closer(
    form: Form, inputs: Mapping[str, np.ndarray | float], draw: Draw, factor: int
) -> tuple[dict[str, np.ndarray | float], dict[str, np.ndarray]]:
    """The call with every gap between points divided by `factor` and the samples drawn there, and by axis the indices of the asked points."""
    system = form.system
    along, picks = {}, {}
    for axis in system.axes:
        asked = np.asarray(inputs[axis.name], float)
        along[axis.name], picks[axis.name] = _divided(asked, axis, axis.name in system.periodic, factor)
    found = dict(inputs)
    for one in form.inputs:
        if one.role == "points":
            found[one.name] = along[one.of]
        elif one.role in ("initial", "coefficient"):
            found[one.name] = _sampled(form, one, draw, along)
    return found, picks


def picked(form: Form, values: Mapping[str, np.ndarray], picks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Results at the asked points of results at closer ones."""
    found = dict(values)
    for one in form.results:
        for k, axis in enumerate(one.axes):
            if axis in picks:
                found[one.name] = np.take(found[one.name], picks[axis], axis=k)
    return found


def _sampled(form: Form, one: Input, draw: Draw, along: Mapping[str, np.ndarray]) -> np.ndarray:
    """Samples [batch, points of every axis] of what an argument carries."""
    lines = [along[axis.name] for axis in form.system.axes]
    mesh = np.meshgrid(*lines, indexing="ij")
    values = draw(one.of, {axis.name: place for axis, place in zip(form.system.axes, mesh, strict=True)})
    return np.ascontiguousarray(np.imag(values) if one.part == "imag" else np.real(values), dtype=float)


def _divided(asked: np.ndarray, axis: Interval, periodic: bool, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Points that hold the asked ones, and where; ends are among them, too, where the axis is not periodic."""
    if periodic:
        edges = np.append(asked, asked[0] + axis.length)
    else:
        ends = [axis.low] * bool(asked[0] > axis.low), [axis.high] * bool(asked[-1] < axis.high)
        edges = np.concatenate([ends[0], asked, ends[1]])
    shares = np.arange(factor) / factor
    inner = (edges[:-1, None] + np.diff(edges)[:, None] * shares).ravel()
    points = inner if periodic else np.append(inner, edges[-1])
    points = np.sort(np.where(points >= axis.high, points - axis.length, points)) if periodic else points
    return points, np.abs(points[:, None] - asked).argmin(axis=0)
