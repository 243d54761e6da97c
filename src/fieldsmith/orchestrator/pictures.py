"""What is drawn of a program's results: which samples, along which axes, thinned to what a screen can show.

Numbers make a table, one axis a line, two a map, time and a plane a map that moves. What has more axes is cut through the
middle. Axes that only count a few things (components of a vector, species) are taken apart, so that each is drawn by itself.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.evaluation.metrics import sample_nrmse
from fieldsmith.tasks.task import Brief, Case, Picture, Result, SplitName

PICTURE_SAMPLES = 3
PICTURE_SIDE = 256
"""Rows and columns of a map."""
LINE_POINTS = 1024
FRAMES = 16
MOVING_VALUES = 2**19
"""What the solutions of all moving pictures hold together, so that a folder and a page stay small."""
COMPONENTS = 9
"""A counted axis with at most so many entries holds components; with more it is something to draw along."""
MOST_PICTURES = 36


@dataclass(frozen=True)
class _Coordinate:
    """A dimension of a result: where its values lie and where it ends.

    `counted` where nothing is known but their number, `shared` where an argument of the task has this axis too.
    """

    name: str
    places: np.ndarray
    ends: tuple[float, float]
    counted: bool = False
    shared: bool = False
    time: bool = False

    def at(self, index: int) -> str:
        return f"{self.name} = {self.places[index]:.4g}"


@dataclass(frozen=True)
class _View:
    """How the array of a sample is looked at; its dimensions by number.

    `fixed` are taken at one index each, `components` are taken apart, `along` is what is drawn along, time first.
    """

    coordinates: Sequence[_Coordinate]
    fixed: Mapping[int, int]
    components: Sequence[int]
    along: Sequence[int]
    note: str

    def of(self, array: np.ndarray) -> np.ndarray:
        """The array as [component, *along]."""
        ordered = array.transpose(*self.fixed, *self.components, *self.along)[tuple(self.fixed.values())]
        return ordered.reshape(-1, *ordered.shape[len(self.components) :])

    def names(self, field: str) -> tuple[str, ...]:
        """A name for each component."""
        sizes = [len(self.coordinates[n].places) for n in self.components]
        return tuple(f"{field}[{', '.join(map(str, index))}]" if index else field for index in np.ndindex(*sizes))


def pictures_of(brief: Brief, split: SplitName, case: Case, outputs: Mapping[str, np.ndarray]) -> dict[str, Picture]:
    """A few samples of every result, the worst among them, by key. A result that cannot be drawn has a note in place of values."""
    worst = _worst(brief, case, outputs)
    whole = [p for r in brief.signature.results for p in _of_result(r, brief, case, outputs.get(r.name), worst)]
    shown, left_out = whole[:MOST_PICTURES], whole[MOST_PICTURES:]
    if left_out:
        shown.append(_undrawn(left_out[0].field, f"Only the first {MOST_PICTURES} pictures are drawn."))
    moving = sum(len(picture.axes) == 3 for picture in shown)
    values = MOVING_VALUES // max(1, moving)
    return {str(n): replace(_thinned(picture, values), split=split) for n, picture in enumerate(shown)}


def _worst(brief: Brief, case: Case, outputs: Mapping[str, np.ndarray]) -> int | None:
    """The sample with the largest error; None where there is nothing to compare with, and where all are alike."""
    results = [result for result in brief.signature.results if result.name in case.reference]
    if any(_why_not(result, outputs.get(result.name), case.reference[result.name]) for result in results):
        return None
    errors = sample_nrmse(as_samples(brief.signature, outputs), as_samples(brief.signature, case.reference))
    return int(np.argmax(errors)) if len(errors) and errors.max() > errors.min() else None


def _of_result(
    result: Result, brief: Brief, case: Case, solution: np.ndarray | None, worst: int | None
) -> Iterator[Picture]:
    """Every picture of a result at its full size."""
    field, reference = result.of or result.name, case.reference.get(result.name)
    why = _why_not(result, solution, reference)
    if why or solution is None:
        yield _undrawn(field, f"{field} is not drawn: {why}.")
        return
    if result.axes[:1] != ("batch",):
        solution, reference = solution[None], None if reference is None else reference[None]
    axes = [axis for n, axis in enumerate(result.axes) if n or axis != "batch"]
    view = _view([_coordinate(axis, n, brief, case) for axis, n in zip(axes, solution.shape[1:], strict=True)])
    name, given = _given(result, brief, case)
    for sample in _chosen(len(solution), worst):
        computed = view.of(solution[sample])
        for picture in _drawn(view, field, sample, computed, None if reference is None else view.of(reference[sample])):
            if len(picture.axes) == 2 and given is not None:
                picture = replace(picture, given=view.of(given[sample])[0], given_name=name)
            yield replace(picture, note=", ".join(filter(None, (_which(case, sample, worst), picture.note))))


def _chosen(count: int, worst: int | None) -> list[int]:
    """The first samples, with the worst in place of the last of them where it comes later."""
    first = list(range(min(PICTURE_SAMPLES, count)))
    return first if worst is None or worst in first else [*first[:-1], worst]


def _which(case: Case, sample: int, worst: int | None) -> str:
    """The kind of a sample, and whether it is the worst of all."""
    kind = case.kinds[sample] if sample < len(case.kinds) else ""
    return ", ".join(filter(None, (kind, "the largest error of all samples" if sample == worst else "")))


def _given(result: Result, brief: Brief, case: Case) -> tuple[str, np.ndarray | None]:
    """The coefficient, or else other data, that lies at the places of a result; none where there is no such argument."""
    alike = [one for one in brief.signature.arguments if one.axes == result.axes and one.axes[:1] == ("batch",)]
    for role in ("coefficient", "data"):
        for one in alike:
            values = np.asarray(case.inputs.get(one.name))
            if one.role == role and values.dtype.kind in "fiub":
                return f"coefficient {one.name}" if role == "coefficient" else one.name, values.astype(float)
    return "", None


def _why_not(result: Result, solution: np.ndarray | None, reference: np.ndarray | None) -> str:
    """Why a result cannot be drawn; empty where it can."""
    if solution is None:
        return "it was not returned"
    if any(array is not None and array.dtype.kind not in "fiub" for array in (solution, reference)):
        return "its values are not real numbers"
    if solution.ndim != len(result.axes):
        return f"it has {solution.ndim} dimensions and {len(result.axes)} names for them"
    if reference is not None and reference.shape != solution.shape:
        return f"its shape {solution.shape} is not the reference's, {reference.shape}"
    return "" if solution.size else "it holds no values"


def _undrawn(field: str, note: str) -> Picture:
    return Picture(field, 0, np.empty(0), None, (), note=note)


def _coordinate(axis: str, n: int, brief: Brief, case: Case) -> _Coordinate:
    """Where the values along an axis lie: at output times, on an axis of the equation, at rising values of an argument.

    An argument that bears the axis' name goes before others; the axis is named after what its values are.
    """
    own = [argument for argument in brief.signature.arguments if argument.axes == (axis,)]
    rising = [argument for argument in own if _rises(np.asarray(case.inputs[argument.name]), n)]
    for argument in rising:
        places = np.asarray(case.inputs[argument.name], float)
        if argument.role == "times":
            return _Coordinate(argument.of or "t", places, (float(places[0]), float(places[-1])), time=True)
        if argument.role == "points" and brief.form is not None:
            whole = brief.form.system.axis(argument.of)
            return _Coordinate(axis, places, (whole.low, whole.high))
    for known in brief.equation.axes if brief.equation is not None else ():
        if known.name == axis:
            first, step = known.grid(n)
            return _Coordinate(axis, first + step * np.arange(n), (known.low, known.high))
    for argument in sorted(rising, key=lambda argument: argument.name != axis):
        places = np.asarray(case.inputs[argument.name], float)
        time = argument.name == "t" or axis in ("t", "time")
        return _Coordinate("t" if time else argument.name, places, (float(places[0]), float(places[-1])), time=time)
    shared = not axis.isdecimal() and any(axis in argument.axes for argument in brief.signature.arguments)
    name, ends = "index" if axis.isdecimal() else axis, (-0.5, n - 0.5)
    return _Coordinate(name, np.arange(float(n)), ends, counted=True, shared=shared)


def _rises(values: np.ndarray, n: int) -> bool:
    """Whether these can be the places of n values."""
    real = values.dtype.kind in "fiu" and values.shape == (n,)
    return real and bool(np.isfinite(values).all() and (np.diff(values) > 0).all())


def _view(coordinates: Sequence[_Coordinate]) -> _View:
    """What is drawn along which dimension: where none has places, along those that the task's arguments have, however short."""
    bare = all(coordinate.counted for coordinate in coordinates)
    sizes = [len(coordinate.places) for coordinate in coordinates]
    fixed = {n: 0 for n, size in enumerate(sizes) if size == 1}
    components: list[int] = []
    for n, coordinate in enumerate(coordinates):
        count = math.prod(sizes[m] for m in components)
        drawn_along = not coordinate.counted or (bare and coordinate.shared)
        if not drawn_along and n not in fixed and count * sizes[n] <= COMPONENTS:
            components.append(n)
    along = [n for n in range(len(sizes)) if n not in fixed and n not in components]
    along.sort(key=lambda n: not coordinates[n].time)
    planes = bool(along) and (coordinates[along[0]].time or coordinates[along[0]].counted)
    while len(along) > 2 + planes:
        cut = along.pop()
        fixed[cut] = sizes[cut] // 2
    told = [coordinates[n].at(index) for n, index in fixed.items() if not coordinates[n].counted or sizes[n] > 1]
    return _View(coordinates, fixed, components, along, f"cut at {', '.join(told)}" if told else "")


def _drawn(
    view: _View, field: str, sample: int, solution: np.ndarray, reference: np.ndarray | None
) -> Iterator[Picture]:
    """A table or lines of all components [component, ...], or a map of each."""
    along = [view.coordinates[n] for n in view.along]
    names = view.names(field)
    whole = Picture(
        field=field,
        sample=sample,
        solution=solution,
        reference=reference,
        axes=tuple(coordinate.name for coordinate in along),
        extent=tuple(end for coordinate in along for end in coordinate.ends),
        places=tuple(coordinate.places for coordinate in along),
        components=names,
        note=view.note,
    )
    if len(along) < 2:
        yield whole
        return
    for n, name in enumerate(names):
        expected = None if reference is None else reference[n]
        yield replace(whole, field=name, solution=solution[n], reference=expected, components=())


def _thinned(picture: Picture, values: int) -> Picture:
    """What a screen can show of a picture; a moving one keeps its last frame and at most `values` values."""
    kept = _kept([len(places) for places in picture.places], values)
    lead = picture.solution.ndim - len(kept)

    def thin(array: np.ndarray) -> np.ndarray:
        for axis, indices in enumerate(kept, lead):
            array = array.take(indices, axis)
        return array.astype(float)

    return replace(
        picture,
        solution=thin(picture.solution),
        reference=None if picture.reference is None else thin(picture.reference),
        given=None if picture.given is None else thin(picture.given),
        places=tuple(places[indices] for places, indices in zip(picture.places, kept, strict=True)),
    )


def _kept(sizes: Sequence[int], values: int) -> list[np.ndarray]:
    """Which places of each axis are kept."""
    if len(sizes) < 2:
        return [_evenly(size, LINE_POINTS) for size in sizes]
    *lead, rows, columns = sizes
    frames = [_evenly(size, FRAMES) for size in lead]
    strides = [-(-size // PICTURE_SIDE) for size in (rows, columns)]
    while frames and len(frames[0]) * -(-rows // strides[0]) * -(-columns // strides[1]) > values:
        strides[int(columns / strides[1] > rows / strides[0])] += 1
    return [*frames, np.arange(0, rows, strides[0]), np.arange(0, columns, strides[1])]


def _evenly(size: int, most: int) -> np.ndarray:
    """At most so many of the indices, the first and the last among them."""
    return np.linspace(0, size - 1, min(size, most)).round().astype(int)
