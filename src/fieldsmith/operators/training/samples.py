"""Samples as arrays, from the blocks of a task's generator."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fieldsmith.errors import MissingPart
from fieldsmith.operators.layout import Inputs, Layout
from fieldsmith.operators.observed import WHOLE, Observed, norms_of
from fieldsmith.tasks.streams import BLOCK
from fieldsmith.tasks.task import Progress, SplitName, Task
from fieldsmith.tasks.training import block, held_out

LARGEST = 0.5
"""Share of the machine's memory that samples may take."""


@dataclass(frozen=True)
class Samples:
    """`given` [samples, channels, *space], `solved` [samples, frames, results, *space], single precision.

    `norms` [samples] are those of whole solutions, the first frame that is given included. `seconds` is the processor time that the solutions
    took when they were generated.
    """

    given: np.ndarray
    solved: np.ndarray
    norms: np.ndarray
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.given)


def generated(
    task: Task, layout: Layout, count: int, seen: Observed = WHOLE, progress: Progress | None = None
) -> Samples:
    """At the points that are seen, without noise, the first `count` samples of the generator. Raises InputError for a task without one, MissingPart where they do not fit into memory."""
    given, solved, norms, seconds = [], [], [], 0.0
    for number in range(-(-count // BLOCK)):
        part = block(task, number, progress)
        wanted = min(BLOCK, count - number * BLOCK)
        x, y, sizes = _seen(layout, seen, part.inputs, part.solutions)
        x, y = x[:wanted], y[:wanted]
        if number == 0:
            _check_room((x.nbytes + y.nbytes) / wanted * count)
        given.append(x)
        solved.append(y)
        norms.append(sizes[:wanted])
        seconds += part.seconds * wanted / BLOCK
    return Samples(np.concatenate(given), np.concatenate(solved), np.concatenate(norms), seconds)


def of_split(
    task: Task, layout: Layout, name: SplitName, seen: Observed = WHOLE, progress: Progress | None = None
) -> Samples:
    """The samples of a split that programs are judged on, at the points that are seen, without noise; of a problem file in place of dev those that are held out (`tasks/training.py`)."""
    held = held_out(task, progress) if name == "dev" else None
    calls = [(held.inputs, held.solutions)] if held else [(c.inputs, c.reference) for c in task.split(name, progress)]
    parts = [_seen(layout, seen, *call) for call in calls]
    given, solved, norms = (np.concatenate([part[n] for part in parts]) for n in range(3))
    return Samples(given, solved, norms)


def _seen(
    layout: Layout, seen: Observed, inputs: Inputs, solutions: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Inputs, solutions and norms at the points that are seen."""
    norms = norms_of({name: seen.thinned(one, layout) for name, one in solutions.items()})
    x, y = (seen.thinned(one, layout) for one in (layout.encoded(inputs), layout.solved(solutions)))
    return np.ascontiguousarray(x), np.ascontiguousarray(y), norms


def _check_room(size: float) -> None:
    import os

    try:
        room = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * LARGEST
    except (ValueError, OSError):  # not told by this system
        return
    if size > room:
        words = f"The samples take {size / 2**30:.1f} GB, more than half of this machine's memory."
        raise MissingPart(words, "Ask for fewer --samples, or for a smaller scale.")
