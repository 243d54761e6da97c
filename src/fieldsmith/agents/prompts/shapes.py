"""A tiny worked example of the shapes that a function takes and returns."""

from dataclasses import dataclass

import numpy as np

from fieldsmith.equations.equation import Axis
from fieldsmith.tasks.task import Brief

BATCH, TIMES, POINTS = 2, 3, 4


@dataclass(frozen=True)
class Shapes:
    """The example in words: its sizes, each argument and result with its shape, what holds, where the points lie."""

    sizes: str
    arguments: tuple[tuple[str, str], ...]
    results: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    """Parts of the result, and what they are."""
    grids: tuple[str, ...]


def worked_example(brief: Brief) -> Shapes:
    """2 samples, 4 points along each axis and, where there is time, 3 output times."""
    axes = {"batch": BATCH, "time": TIMES}

    def size(name: str) -> int:
        return int(name) if name.isdecimal() else axes.get(name, POINTS)

    shapes = {item: tuple(map(size, item.axes)) for item in brief.signature.arguments}
    results = {item: tuple(map(size, item.axes)) for item in brief.signature.results}
    times = np.linspace(*(brief.span or (0.0, 1.0)), TIMES)
    listed = ", ".join(f"{t:g}" for t in times)
    timed = any("time" in item.axes for item in brief.signature.arguments)
    space = brief.equation.axes if brief.equation is not None else ()
    axes_of_form = brief.form.space if brief.form is not None else ()
    batch = f"{BATCH} samples and " if brief.signature.batched else ""
    sizes = f"{batch}{POINTS} points" + (" along each axis" if len(space or axes_of_form) > 1 else "")
    if not brief.stated:
        sizes = _sizes_without_equation(brief)
    return Shapes(
        sizes=f"{sizes}, and the output times [{listed}]" if timed and brief.span else sizes,
        arguments=tuple((a.name, f"shape {shape}" if shape else "a float") for a, shape in shapes.items()),
        results=tuple((r.name, f"shape {shape}" if shape else "a float") for r, shape in results.items()),
        facts=tuple(_facts(brief, times)),
        grids=tuple(_grid(axis) for axis in space),
    )


def _sizes_without_equation(brief: Brief) -> str:
    """The sizes of the named axes; none are named where all lengths are fixed."""
    known = {"batch": f"{BATCH} samples", "time": f"{TIMES} times"}
    axes = dict.fromkeys(name for a in brief.signature.arguments for name in a.axes if not name.isdecimal())
    return ", ".join(known.get(name, f"{name} = {POINTS}") for name in axes) or "the lengths that are asked for"


def _facts(brief: Brief, times: np.ndarray) -> list[tuple[str, str]]:
    starts = {a.of: a.name for a in brief.signature.arguments if a.role == "initial"}
    facts = []
    for result in brief.signature.results:
        if result.axes[:2] != ("batch", "time") or not brief.stated:
            continue
        if result.of in starts:
            facts.append((f"{result.name}[:, 0]", f"equals `{starts[result.of]}`"))
        facts.append((f"{result.name}[1, 2]", f"is the second sample at t = {times[-1]:g}"))
    return facts


def _grid(axis: Axis) -> str:
    """Spacing and points of an axis with 4 samples, as code and as numbers."""
    name, low, length = axis.name, axis.low, axis.length
    n = f"n_{name}"
    start = f"{low!r} + " if low else ""
    spacing, place = {
        "cell_centres": (f"{length!r} / {n}", f"{start}(np.arange({n}) + 0.5) * d{name}"),
        "left_edges": (f"{length!r} / {n}", f"{start}np.arange({n}) * d{name}"),
        "endpoints": (f"{length!r} / ({n} - 1)", f"{start}np.arange({n}) * d{name}"),
    }[axis.nodes]
    first, h = axis.grid(POINTS)
    points = ", ".join(f"{first + j * h:.4g}" for j in range(POINTS))
    return (
        f"`d{name} = {spacing}`, `{name} = {place}`: with {n} = {POINTS} the spacing is {h:.4g} and {name} = [{points}]"
    )
