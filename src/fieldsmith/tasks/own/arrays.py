"""The arrays of a call: where its points lie, what the function is given, and the exact solution there."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fieldsmith.boxes.form import Form, Part
from fieldsmith.tasks.own.draws import Draw

Inputs = dict[str, np.ndarray | float]


def grid(form: Form, points: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Even points along each axis: both ends included, or without the upper one where the axis is periodic."""
    return {
        axis.name: axis.low + axis.length * np.arange(n) / (n if axis.name in form.system.periodic else n - 1)
        for axis, n in ((axis, points[axis.name]) for axis in form.system.axes)
    }


def mesh(form: Form, lines: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same, shaped so that they broadcast to the grid."""
    return dict(zip(lines, np.meshgrid(*lines.values(), indexing="ij", sparse=True), strict=True)) if form.space else {}


def inputs(form: Form, draw: Draw) -> Inputs:
    """The arguments of a call, by name."""
    lines = grid(form, draw.points)
    places = mesh(form, lines)
    found: Inputs = {}
    for one in form.inputs:
        if one.role == "points":
            found[one.name] = lines[one.of]
        elif one.role == "times":
            found[one.name] = np.asarray(draw.times, float)
        elif one.role == "parameter":
            found[one.name] = float(draw.parameters[one.of])
        else:
            fields = (form.problem.field(one.of, places, seed, **draw.parameters) for seed in draw.seeds)
            found[one.name] = np.stack([part_of(field, one.part) for field in fields])
    return found


def exact(form: Form, draw: Draw) -> dict[str, np.ndarray]:
    """The solution that the problem gives, by result."""
    places: dict[str, Any] = mesh(form, grid(form, draw.points))
    if form.system.time:
        clock = np.asarray(draw.times, float).reshape(-1, *(1 for _ in form.space))
        places = {form.system.time.name: clock, **places}
    found = {}
    for one in form.results:
        samples = [
            part_of(form.problem.field(one.of, places, seed, **draw.parameters), one.part) for seed in draw.seeds
        ]
        found[one.name] = np.stack(samples) if form.batched else samples[0]
    return found


def part_of(values: np.ndarray, part: Part) -> np.ndarray:
    """The values as they are, or the part of complex ones that is meant."""
    return np.asarray(np.imag(values) if part == "imag" else np.real(values), float)
