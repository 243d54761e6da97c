"""Whether a program keeps what is conserved, as far as samples can tell.

Totals are taken over the output points. Where a front is thinner than their spacing such a sum is not the integral: it moves with the
front although nothing is lost (aliasing). How far it may be off is seen by the sums over every other point: those over the even
and over the odd points differ by twice the amplitude of the shortest wave that the points can hold, and those that they cannot hold, which
make the error, are smaller.
"""

from collections.abc import Mapping

import numpy as np

from fieldsmith.evaluation.metrics import drift as departure
from fieldsmith.tasks.task import Signature, Task

Arrays = Mapping[str, np.ndarray]
SAFETY = 2.0
"""Fine-grid schemes that conserve to rounding come to 0.8 times the estimate on Burgers' equation, those that do not conserve to 8 times and more."""


def drift(task: Task, signature: Signature, outputs: Arrays, reference: Arrays) -> float | None:
    """Largest departure of a conserved total; 0 where sampling alone explains it, None where nothing is conserved."""
    expected = task.conserved(reference) if reference else {}
    if not expected:
        return None
    unseen = {
        name: np.maximum(own, aliasing(task, signature, reference)[name])
        for name, own in aliasing(task, signature, outputs).items()
    }
    return departure(task.conserved(outputs), expected, {name: SAFETY * size for name, size in unseen.items()})


def aliasing(task: Task, signature: Signature, arrays: Arrays) -> dict[str, np.ndarray]:
    """How far sums over the points may be from integrals, [batch], by total: the largest over the output times."""
    found: dict[str, np.ndarray] = {}
    for axis in sorted({axis for result in signature.results for axis in result.axes} - {"batch", "time"}):
        try:
            even, odd = (task.conserved(_every_other(signature, arrays, axis, first)) for first in (0, 1))
        except (ValueError, IndexError, TypeError):  # totals that can be taken over all points alone
            continue
        for name in even:
            size = 0.5 * np.max(np.abs(even[name] - odd[name]), axis=1)
            found[name] = np.maximum(found.get(name, 0.0), size)
    return found


def _every_other(signature: Signature, arrays: Arrays, axis: str, first: int) -> Arrays:
    """Every other point along an axis, as many whichever is the first."""

    def cut(name: str, axes: tuple[str, ...]) -> np.ndarray:
        if axis not in axes:
            return arrays[name]
        place = axes.index(axis)
        whole = arrays[name].shape[place] // 2 * 2
        return arrays[name][(slice(None),) * place + (slice(first, whole, 2),)]

    return {result.name: cut(result.name, result.axes) for result in signature.results if result.name in arrays}
