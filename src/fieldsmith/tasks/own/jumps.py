"""Points beside jumps of a solution, where a figure of its error is one of where the jump lies, and the error away from them.

A shock that is placed a fraction of the spacing wrong changes the few values beside it by its whole height, however small the error is elsewhere, so that L2 norms tell of these values alone
(R. J. LeVeque, Finite Volume Methods for Hyperbolic Problems, 2002, section 8.3). A jump is told from a steep front by the neighbouring intervals: there the solution is
level, and a front that the points resolve rises over several.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fieldsmith.boxes.climbing import Climb
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.samples import picked
from fieldsmith.tasks.own.draws import smooth

HIGH = 0.1
"""Share of a field's range that a jump rises by between two points, or over two intervals side by side where a value is caught on its way."""
STEEPER = 3.0
"""How many times as steep it is as the solution a few points away."""
AWAY = 4
"""Points away at which that is looked at."""
BESIDE = 3
"""Points on either side that count as beside a jump."""
FEW = 0.2
"""Share of all points from which on so many lie beside jumps that nothing is told apart."""
Fields = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Away:
    """Relative errors away from jumps, a sample, and the share of the points that lie beside one."""

    errors: np.ndarray
    share: float


def away(form: Form, values: Fields, others: Fields) -> Away | None:
    """How far `others` are from a solution `values` away from its jumps, norms over all points that lie beside none; None where there are no jumps to be told apart, or none can be there."""
    beside = None if smooth(form) else beside_jumps(form, values)
    if beside is None:
        return None

    def squares(arrays: Fields) -> np.ndarray:
        rows = [np.where(beside, 0.0, arrays[one.name]).reshape(len(beside), -1) for one in form.results]
        return np.array(sum(np.einsum("bi,bi->b", row, row) for row in rows))

    whole = squares(values)
    apart = squares({name: values[name] - others[name] for name in values})
    return Away(np.sqrt(apart / np.where(whole > 0, whole, 1.0)), float(beside.mean()))


def away_of_reference(form: Form, climbs: Sequence[Climb], methods: Sequence[str], view: Mapping[str, np.ndarray]) -> Away | None:  # fmt: skip
    """The same of what a reference itself may be off by, in one view of its points: the larger of what its two finest levels are apart there, and of its two methods' distance."""
    chosen = [one for name in methods for one in climbs if one.name == name and one.values is not None]
    if not chosen or chosen[0].before is None or len(chosen) < len(methods):
        return None
    finest, *others = (picked(form, one, view) for one in (chosen[0].values, chosen[0].before, *(c.values for c in chosen[1:])) if one is not None)  # fmt: skip
    found = [away(form, finest, one) for one in others]
    known = [one for one in found if one is not None]
    return Away(np.max([one.errors for one in known], axis=0), known[0].share) if known else None


def beside_jumps(form: Form, values: Fields) -> np.ndarray | None:
    """Which points of a solution lie beside a jump of any of its fields, [batch, (time,) *points]; None where none do or too many."""
    found: np.ndarray | None = None
    for one in form.results:
        field = values[one.name] if form.batched else values[one.name][None]
        first = 1 + int(form.timed)
        height = np.ptp(field, axis=tuple(range(1, field.ndim)), keepdims=True)
        here = np.zeros(field.shape, bool)
        for k, name in enumerate(form.space, first):
            if field.shape[k] > 4 * AWAY:
                here |= _along(field, height, k, periodic=name in form.system.periodic)
        found = here if found is None else found | here
    if found is None or not found.any() or found.mean() > FEW:
        return None
    return found


def _along(field: np.ndarray, height: np.ndarray, axis: int, *, periodic: bool) -> np.ndarray:
    """Points beside jumps along one axis, of the shape of the field."""
    moved = np.moveaxis(field, axis, -1)
    line = np.concatenate([moved, moved[..., :1]], axis=-1) if periodic else moved
    steps = np.abs(np.diff(line, axis=-1))
    pairs = np.maximum(
        steps, np.abs(_shifted(steps, 1, periodic=periodic))
    )  # a value caught on its way parts a jump in two
    around = np.maximum(_shifted(steps, AWAY, periodic=periodic), _shifted(steps, -AWAY, periodic=periodic))
    tall = np.moveaxis(np.broadcast_to(height, field.shape), axis, -1)[..., :1]
    jumps = (steps > HIGH * tall) & (pairs > STEEPER * around)
    points = np.zeros(moved.shape, bool)
    count = moved.shape[-1]
    for side in range(-BESIDE + 1, BESIDE + 1):
        index = np.arange(steps.shape[-1]) + side
        inside = np.ones(index.shape, bool) if periodic else (index >= 0) & (index < count)
        points[..., index[inside] % count] |= jumps[..., inside]
    return np.moveaxis(points, -1, axis)


def _shifted(steps: np.ndarray, by: int, *, periodic: bool) -> np.ndarray:
    """The values so many intervals on; the outermost ones beyond an end."""
    index = np.arange(steps.shape[-1]) + by
    index = index % steps.shape[-1] if periodic else np.clip(index, 0, steps.shape[-1] - 1)
    return steps[..., index]
