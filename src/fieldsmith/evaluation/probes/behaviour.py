"""How a computed solution behaves beside the reference: ratios and their direction only, never a value of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fieldsmith.equations.equation import Equation

NOTABLE = 0.05
"""Departure of energy, steepness or mean from the reference's that is told."""
LASTING = 0.8
"""Share of the later frames that must depart in the same direction."""
MOST_FRAMES = 8

SLIGHT, CLEAR = 1e-6, 1e-3
"""Changes from frame to frame, in units of the largest value, that are next to nothing, and that are plain."""
NOTHING, MISSED = 1e-13, 0.05
"""Squared size of waves, in units of the largest, that are not there; share of the squared error in such waves that is told."""
RANK, GAP = 1e-11, 1e3
"""Singular values in units of the largest that are rounding, and how far the last one that is there stands above the next."""
MOST_POINTS = 1024

Arrays = Mapping[str, np.ndarray]


def left_out(outputs: Arrays, reference: Arrays, in_time: bool) -> list[dict[str, Any]]:
    """Results [batch, ...] that are 0 everywhere, or from which frame on, though the solution is not."""
    told = []
    for name, true in reference.items():
        zero = np.all(outputs[name].reshape(*true.shape[: 1 + in_time], -1) == 0.0, axis=(0, -1)).reshape(-1)
        first = 0 if zero.all() else len(zero) - int(np.argmin(zero[::-1]))
        lost = true[:, first:] if in_time else true
        if zero[-1] and np.max(np.abs(lost)) > 1e-6 * np.max(np.abs(true)):
            told.append({"field": name, "frame": first})
    return told


def narrow(outputs: Arrays, reference: Arrays, equation: Equation) -> dict[str, Any] | None:
    """Waves that the answer lacks and the solution has, along periodic axes; arrays [batch, time, *points].

    waves: the most a period that the answer holds, in the upper half of which the grid has none; share: of the squared error in those it lacks.
    """
    for name, true in reference.items():
        for n, axis in enumerate(equation.axes):
            own, points = outputs[name][:, 1:], true.shape[2 + n]
            if not axis.periodic or not own.size:
                continue
            sizes, errors = _by_wave(own, 2 + n), _by_wave(own - true[:, 1:], 2 + n)
            waves = int(np.flatnonzero(sizes > NOTHING * sizes.max())[-1]) if sizes.max() > 0.0 else 0
            share = float(errors[waves + 1 :].sum() / (errors.sum() or 1.0))
            if 0 < waves < points // 4 and share > MISSED:
                return {"field": name, "axis": axis.name, "waves": waves, "points": 2 * (waves + 1), "share": share}
    return None


def interpolated(outputs: Arrays, reference: Arrays, equation: Equation) -> dict[str, Any] | None:
    """The space of few dimensions that all frames of an answer lie in, and the solution's do not; arrays [batch, time, *points].

    Values between the points of a coarser grid follow from those on it, whatever interpolates, so that the frames, as
    vectors along an axis, have as many singular values as it has points, and then none.
    share: of the squared error in what no such frame can hold.
    """
    for name, true in reference.items():
        for n, axis in enumerate(equation.axes):
            points = true.shape[2 + n]
            own, due = (np.moveaxis(a[:, 1:], 2 + n, -1).reshape(-1, points) for a in (outputs[name], true))
            if len(own) < points or points > MOST_POINTS:
                continue
            _, sizes, along = np.linalg.svd(np.linalg.qr(own, mode="r"))
            held = int(np.count_nonzero(sizes > RANK * sizes[0]))
            if not 0 < held < points or sizes[held] * GAP > sizes[held - 1]:
                continue
            lost = due - due @ along[:held].T @ along[:held]
            share = float(np.sum(lost**2) / (np.sum((own - due) ** 2) or 1.0))
            return {"field": name, "axis": axis.name, "waves": 0, "points": held, "share": share}
    return None


def _by_wave(values: np.ndarray, axis: int) -> np.ndarray:
    squares = np.abs(np.fft.rfft(values, axis=axis)) ** 2
    return squares.sum(axis=tuple(n for n in range(values.ndim) if n != axis))


def copied_frames(outputs: Arrays, reference: Arrays) -> list[int]:
    """Frames that are the frame before over again though the solution changes; arrays [batch, time, ...].

    From some frame on a coarse program may have come to rest before the solution does: those are told where it goes on clearly.
    """
    same = repeated(outputs)
    frames = min(array.shape[1] for array in reference.values())
    last = max(set(range(1, frames)) - set(same), default=frames)
    return [n for n in same if not _nearly(reference, n, SLIGHT if n < last else CLEAR)]


def repeated(arrays: Arrays) -> list[int]:
    """Frames of [batch, time, ...] that are the frame before over again, in all fields."""
    frames = min(array.shape[1] for array in arrays.values())
    return [n for n in range(1, frames) if all(np.array_equal(a[:, n], a[:, n - 1]) for a in arrays.values())]


def _nearly(arrays: Arrays, n: int, part: float) -> bool:
    return all(
        np.max(np.abs(array[:, n] - array[:, n - 1])) <= part * np.max(np.abs(array[:, n])) for array in arrays.values()
    )


def course(outputs: Arrays, reference: Arrays, dimensions: int) -> list[dict[str, Any]]:
    """Of every field: from which frame on its energy, its steepest place and its mean depart, and in which direction."""
    return [told for name in reference for told in _courses(name, outputs[name], reference[name], dimensions)]


def _courses(name: str, own: np.ndarray, true: np.ndarray, dimensions: int) -> Iterator[dict[str, Any]]:
    space = tuple(range(2, 2 + dimensions))
    energies = [np.mean((array - array.mean(axis=space, keepdims=True)) ** 2, axis=space) for array in (own, true)]
    alive = energies[1] > 1e-6 * np.maximum(energies[1][:, :1], 1e-300)
    steep = [_steepest(array, dimensions) for array in (own, true)]
    for what, (one, other) in {"energy": energies, "fronts": steep}.items():
        ratios = np.where(alive, one / np.where(other > 0.0, other, 1.0), 1.0)
        yield from _departure(name, what, np.exp(np.mean(np.log(np.maximum(ratios, 1e-12)), axis=0)))
    means = [np.mean(array.mean(axis=space), axis=0) for array in (own, true)]
    change = means[1] - means[1][0]
    if np.max(np.abs(change)) > NOTABLE * np.max(np.abs(true[:, 0])):
        told = np.where(
            np.abs(change) > 0.01 * np.max(np.abs(change)),
            (means[0] - means[0][0]) / np.where(change, change, 1.0),
            1.0,
        )
        yield from _departure(name, "mean", told)


def _steepest(array: np.ndarray, dimensions: int) -> np.ndarray:
    steps = [np.abs(np.diff(array, axis=2 + n)) for n in range(dimensions)]
    return np.max([np.max(step, axis=tuple(range(2, 2 + dimensions))) for step in steps], axis=0)


def _departure(name: str, what: str, ratios: np.ndarray) -> Iterator[dict[str, Any]]:
    for sign in (1.0, -1.0):
        beyond = sign * (ratios - 1.0) > NOTABLE
        if beyond.any() and np.mean(beyond[(first := int(np.argmax(beyond))) :]) > LASTING:
            yield {"field": name, "what": what, "frame": first, "more": sign > 0.0}
