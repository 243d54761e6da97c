"""What is drawn of a problem of one's own: pictures of its answers to a call, and the film of its solution.

Of a complex unknown its modulus and its real part are drawn; of three dimensions the three planes through the middle, over time at the last time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from fieldsmith.boxes.asked import described_coordinates
from fieldsmith.boxes.form import Form
from fieldsmith.orchestrator.film import MOST_PANELS, Film, Panel
from fieldsmith.orchestrator.pictures import pictures_of
from fieldsmith.orchestrator.solution import Solution
from fieldsmith.tasks.task import Brief, Case, Picture, Result, SplitName

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class _Look:
    """A real field that is drawn: what it is called, its unit, and along which axes it lies once `of` has made it of the results."""

    name: str
    unit: str
    parts: tuple[str, ...]
    """The results that it is made of: one, or real and imaginary part."""
    modulus: bool
    axes: tuple[str, ...]
    cut: tuple[tuple[int, int], ...] = ()
    """Dimensions, the last first, that are taken at one index."""

    def of(self, arrays: Arrays) -> np.ndarray:
        values = np.asarray(arrays[self.parts[0]])
        values = np.hypot(values, arrays[self.parts[1]]) if self.modulus else values
        for dimension, index in self.cut:
            values = values.take(index, dimension)
        return values


def problem_pictures(brief: Brief, split: SplitName, case: Case, outputs: Arrays) -> dict[str, Picture]:
    """As `pictures_of`, with the names, units and ends of the problem's own coordinates."""
    form = brief.form
    assert form is not None
    sizes = {name: np.shape(outputs[form.results[0].name])[k] for k, name in enumerate(form.results[0].axes)}
    looks = [look for whole in _looks(form) for look in _planes(form, whole, case, sizes)]
    whole = all(part in outputs for look in looks for part in look.parts)
    if not whole:
        return {}
    known = {look.name: look.of(case.reference) for look in looks} if case.reference else {}
    results = tuple(Result(look.name, "", look.axes, "") for look in looks)
    brief = replace(brief, signature=replace(brief.signature, results=results))
    seen = {look.name: look.of(outputs) for look in looks}
    units = {look.name: look.unit for look in looks}
    found = pictures_of(brief, split, replace(case, reference=known), seen)
    return {key: _named(form, picture, units) for key, picture in found.items()}


def film_of(form: Form, solution: Solution) -> Film | None:
    """The film of a plane that changes in time; None of all else."""
    if not solution.time or len(solution.space) != 2 or len(solution.coordinates[solution.time]) < 2:
        return None
    axes = {axis.name: axis for axis in form.system.axes}
    x, y = solution.space
    labels = _labels(form)
    panels = [
        Panel(
            _with_unit(look.name, look.unit),
            look.of(solution.fields),
            (solution.coordinates[x], solution.coordinates[y]),
            (axes[x].low, axes[x].high, axes[y].low, axes[y].high),
            (labels[x], labels[y]),
            (x in form.system.periodic, y in form.system.periodic),
        )
        for look in list(_looks(form))[:MOST_PANELS]
    ]
    unit = solution.about[solution.time].unit
    return Film(panels, solution.coordinates[solution.time], solution.time, "" if unit == "1" else unit)


def _looks(form: Form) -> Iterator[_Look]:
    """The fields of every unknown."""
    for unknown in form.system.unknowns:
        results = [one for one in form.results if one.of == unknown.name]
        parts = tuple(one.name for one in results)
        if unknown.complex:
            yield _Look(f"|{unknown.name}|", unknown.unit, parts, True, results[0].axes)
            yield _Look(f"Re {unknown.name}", unknown.unit, parts[:1], False, results[0].axes)
        else:
            yield _Look(unknown.name, unknown.unit, parts, False, results[0].axes)


def _planes(form: Form, look: _Look, case: Case, sizes: Mapping[str, int]) -> Iterator[_Look]:
    """The field as it is; of three dimensions the planes through the middle."""
    if len(form.space) < 3:
        yield look
        return
    last = [(look.axes.index("time"), -1)] if form.timed else []
    for name in form.space[::-1]:
        middle, places = sizes[name] // 2, np.asarray(case.inputs[name], float)
        cut = sorted([*last, (look.axes.index(name), middle)], reverse=True)
        axes = tuple(one for k, one in enumerate(look.axes) if k not in dict(cut))
        yield replace(look, name=f"{look.name} at {name} = {places[middle]:.3g}", axes=axes, cut=tuple(cut))


def _named(form: Form, picture: Picture, units: Mapping[str, str]) -> Picture:
    """The picture with units at its axes."""
    labels, time = _labels(form), form.system.time.name if form.system.time else ""
    unit = units.get(picture.field, "")
    last = form.timed and len(form.space) == 3
    said = [f"values in {unit}" if unit else "", "at the last time" if last else "", picture.note]
    return replace(
        picture,
        labels=tuple(labels.get(name, name) for name in picture.axes),
        time=time,
        note=", ".join(filter(None, said)),
    )


def _labels(form: Form) -> dict[str, str]:
    """Coordinates with their units."""
    return {one.name: _with_unit(one.name, "" if one.unit == "1" else one.unit) for one in described_coordinates(form)}


def _with_unit(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name
