"""The arguments of a call for a problem: points, times and samples of what is drawn, at what is asked for, at other places, at those of several calls."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fieldsmith.boxes.form import Form, Input, Part
from fieldsmith.problems.problem import Problem
from fieldsmith.problems.system import Interval

Draw = Callable[[str, Mapping[str, np.ndarray]], np.ndarray]
"""What an argument carries (`u`, `u_t`, a coefficient), by its name in the problem, at broadcast coordinates: [batch, *their shape]."""
ROUNDING = 1e-12
"""Places that are nearer to each other than this share of their axis are the same."""


def drawn(problem: Problem, seeds: Sequence[int], **parameters: float) -> Draw:
    """One sample of a batch for each seed; what is an expression is the same for all."""

    def draw(name: str, coordinates: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.stack([problem.field(name, coordinates, seed, **parameters) for seed in seeds])

    return draw


def grid(form: Form, counts: Mapping[str, int]) -> dict[str, np.ndarray]:
    """So many evenly spread points along each axis: both ends are among them, of a periodic axis without the upper one."""
    periodic = form.system.periodic
    return {
        axis.name: np.linspace(axis.low, axis.high, counts[axis.name], endpoint=axis.name not in periodic)
        for axis in form.system.axes
    }


def asked_points(form: Form) -> dict[str, np.ndarray]:
    """The points that the problem asks for."""
    return grid(form, form.system.output.points)


def asked_times(form: Form) -> tuple[float, ...]:
    """The output times, the lower end of the time first; none of a steady problem."""
    time = form.system.time
    return (time.low, *(t for t in form.system.output.times if t > time.low)) if time else ()


def mesh(lines: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Points along each axis, shaped so that they broadcast to the grid."""
    return dict(zip(lines, np.meshgrid(*lines.values(), indexing="ij", sparse=True), strict=True)) if lines else {}


def part_of(values: np.ndarray, part: Part) -> np.ndarray:
    """The values as they are, or the part of complex ones that is meant."""
    return np.ascontiguousarray(np.imag(values) if part == "imag" else np.real(values), dtype=float)


def arguments(
    form: Form,
    draw: Draw,
    points: Mapping[str, np.ndarray] | None = None,
    times: Sequence[float] | np.ndarray | None = None,
    parameters: Mapping[str, float] | None = None,
) -> dict[str, np.ndarray | float]:
    """The arguments of a call, by name: at the points and times that the problem asks for, or at others; parameters as they are, or others."""
    along = asked_points(form) if points is None else points
    numbers = {p.name: p.value for p in form.ranged} | dict(parameters or {})
    found: dict[str, np.ndarray | float] = {}
    for one in form.inputs:
        if one.role == "points":
            found[one.name] = along[one.of]
        elif one.role == "parameter":
            found[one.name] = float(numbers[one.of])
        elif one.role == "times":
            found[one.name] = np.asarray(asked_times(form) if times is None else times, float)
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
    """Results at chosen places of results at more: `picks` has the indices by the name of an axis, of `FRAMES` for output times."""
    found = dict(values)
    for one in form.results:
        for k, axis in enumerate(one.axes):
            if axis in picks:
                found[one.name] = np.take(found[one.name], picks[axis], axis=k)
    return found


def united(lines: Sequence[np.ndarray], length: float) -> tuple[np.ndarray, list[np.ndarray]]:
    """Ascending places of all of several lines, and where each line's are among them; what is nearer than rounding, as a share of `length`, is one place."""
    every = np.sort(np.concatenate(lines))
    places = every[np.append(True, np.diff(every) > ROUNDING * length)]
    return places, [np.abs(places[:, None] - line).argmin(axis=0) for line in lines]


def _sampled(form: Form, one: Input, draw: Draw, along: Mapping[str, np.ndarray]) -> np.ndarray:
    """Samples [batch, points of every axis] of what an argument carries."""
    return part_of(draw(one.of, mesh({name: along[name] for name in form.space})), one.part)


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
