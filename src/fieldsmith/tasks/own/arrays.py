"""The arrays of a call: what the function is given, and the exact solution there."""

from typing import Any

import numpy as np

from fieldsmith.boxes.form import Form
from fieldsmith.boxes.samples import arguments, drawn, grid, mesh, part_of
from fieldsmith.tasks.own.draws import Draw

Inputs = dict[str, np.ndarray | float]


def inputs(form: Form, draw: Draw) -> Inputs:
    """The arguments of a call, by name."""
    fields = drawn(form.problem, draw.seeds, **draw.parameters)
    return arguments(form, fields, grid(form, draw.points), draw.times, draw.parameters)


def exact(form: Form, draw: Draw) -> dict[str, np.ndarray]:
    """The solution that the problem gives, by result."""
    places: dict[str, Any] = mesh(grid(form, draw.points))
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
