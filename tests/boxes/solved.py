"""Programs of a family for a problem, run as a sandbox would."""

import numpy as np

from fieldsmith.boxes.form import Form


def program(family, problem, choices=None):
    """The asked function of the text that a family writes for a problem, usually by its first variant."""
    form = Form(problem)
    text = family.text(form, choices or family.variants(form)[0].choices)
    scope = {"__name__": "solver"}
    exec(compile(text, "solver.py", "exec"), scope)
    return scope["solver"]


def places(problem, points=None):
    """Even points of each axis: with both ends, or without the upper one of a periodic axis."""
    system = problem.system
    return [
        np.linspace(a.low, a.high, points or system.output.points[a.name], endpoint=a.name not in system.periodic)
        for a in system.axes
    ]


def solved(family, problem, choices=None, points=None, times=None, seeds=(0,), **ranged):
    """Points and the returned arrays by unknown, [batch, time, ...], for draws of the problem's fields by seeds."""
    form, lines = Form(problem), places(problem, points)
    mesh = dict(zip(form.space, np.meshgrid(*lines, indexing="ij"), strict=True))
    given = []
    for one in form.inputs:
        if one.role in ("initial", "coefficient"):
            given.append(np.stack([problem.field(one.of, mesh, seed, **ranged) for seed in seeds]))
        elif one.role == "parameter":
            value = next(p.value for p in form.ranged if p.name == one.of)
            given.append(ranged.get(one.of, value))
    first = next(k for k, one in enumerate(form.inputs) if one.role == "points")
    moments = np.asarray(times if times is not None else problem.system.output.times, float)
    found = program(family, problem, choices)(*given[:first], *lines, moments, *given[first:])
    found = found if isinstance(found, tuple) else (found,)
    return lines, dict(zip((r.name for r in form.results), found, strict=True))
