"""Whether an answer is the solution in another arrangement: axes in another order, frames at other places, unknowns exchanged."""

from collections.abc import Iterator, Mapping
from itertools import combinations, permutations
from typing import Any

import numpy as np

from fieldsmith.evaluation.probes import clock
from fieldsmith.tasks.task import Signature

Arrays = Mapping[str, np.ndarray]
Kept = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""By result: values in another arrangement, and which of them are known, as the initial frame may have been written over."""
EXPLAINED = 0.2
"""Part of the error that may be left where an arrangement explains it."""


def arranged(signature: Signature, outputs: Arrays, reference: Arrays) -> dict[str, Any] | None:
    """The arrangement of arrays [batch, (time,) *points] that explains the error, the simplest first; None where none does.

    kind: axes (`order` is that in which the values really lie), reversed (`order` has the axis), exchanged (`order` has two results), or
    frames (`order` has the frames, [own, true], that hold another time's state).
    """
    for kind, order, kept in _arrangements(signature, outputs):
        before = after = 0.0
        for name, (values, known) in kept.items():
            true = reference[name]
            before += float(np.sum(((outputs[name] - true) ** 2)[known])) + 1e-300
            after += float(np.sum(((values - true) ** 2)[known]))
        if np.isfinite(after) and after < EXPLAINED**2 * before:
            return {"kind": kind, "order": order}
    return _frames(outputs, reference) if _timed(signature) else None


def _timed(signature: Signature) -> bool:
    return all("time" in result.axes for result in signature.results)


def _arrangements(signature: Signature, outputs: Arrays) -> Iterator[tuple[str, list[str], Kept]]:
    axes = tuple(axis for axis in signature.results[0].axes if axis != "batch")
    timed = _timed(signature)
    for n, axis in enumerate(axes, 1):
        yield "reversed", [axis], {name: (np.flip(a, n), _known(a, timed, n)) for name, a in outputs.items()}
    for one, other in combinations(outputs, 2):
        swapped = {one: outputs[other], other: outputs[one]}
        yield "exchanged", [one, other], {name: (a, _known(a, timed)) for name, a in swapped.items()}
    for order in permutations(range(len(axes))):
        if order != tuple(range(len(axes))):
            kept = {}
            for name, array in outputs.items():
                known = _moved(np.broadcast_to(_known(array, timed), array.shape), order) & _known(array, timed)
                kept[name] = _moved(array, order), known
            yield "axes", [axes[n] for n in order], kept


def _known(array: np.ndarray, timed: bool, flipped: int = 0) -> np.ndarray:
    """All values but those of the first frame; where time is flipped, those of the last too."""
    known = np.ones(array.shape, bool)
    if timed:
        known[:, 0] = False
        if flipped == 1:
            known[:, -1] = False
    return known


def _moved(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """The values in the order in which they lie, read as an array whose axes are in that other order."""
    sizes = [array.shape[1 + n] for n in order]
    return np.moveaxis(array.reshape(array.shape[0], *sizes), range(1, 1 + len(order)), [1 + n for n in order])


def _frames(outputs: Arrays, reference: Arrays) -> dict[str, Any] | None:
    """Frames that hold the states of other times, neither all some intervals late or early nor slower or faster."""
    if clock.offset(outputs, reference):
        return None
    squares = sum(
        np.stack([np.sum((a - true[:, [n]]) ** 2, axis=(0, *range(2, a.ndim))) for n in range(true.shape[1])], axis=1)
        for a, true in ((outputs[name], reference[name]) for name in outputs)
    )
    distances = np.asarray(squares)[1:]
    nearest = np.argmin(distances, axis=1)
    own = np.arange(1, len(nearest) + 1)
    error, left = float(np.sum(distances[own - 1, own])), float(np.sum(np.min(distances, axis=1)))
    if not left < EXPLAINED**2 * error or (np.diff(nearest) >= 0).all():
        return None
    return {"kind": "frames", "order": [[int(a), int(b)] for a, b in zip(own, nearest, strict=True) if a != b][:6]}
