"""Samples as arrays, from the blocks of a task's generator."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fieldsmith.errors import MissingPart
from fieldsmith.operators.layout import Layout
from fieldsmith.tasks.task import Progress, SplitName, Task
from fieldsmith.tasks.training import BLOCK, block, held_out

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


def generated(task: Task, layout: Layout, count: int, progress: Progress | None = None) -> Samples:
    """The first `count` samples of the generator. Raises InputError for a task without one, MissingPart where they do not fit into memory."""
    given, solved, norms, seconds = [], [], [], 0.0
    for number in range(-(-count // BLOCK)):
        part = block(task, number, progress)
        wanted = min(BLOCK, count - number * BLOCK)
        x, y = layout.encoded(part.inputs)[:wanted], layout.solved(part.solutions)[:wanted]
        if number == 0:
            _check_room((x.nbytes + y.nbytes) / wanted * count)
        given.append(x)
        solved.append(y)
        norms.append(_norms(part.solutions)[:wanted])
        seconds += part.seconds * wanted / BLOCK
    return Samples(np.concatenate(given), np.concatenate(solved), np.concatenate(norms), seconds)


def of_split(task: Task, layout: Layout, name: SplitName, progress: Progress | None = None) -> Samples:
    """The samples of a split that programs are judged on; of a problem file in place of dev those that are held out (`tasks/training.py`)."""
    if name == "dev" and (part := held_out(task, progress)) is not None:
        return Samples(layout.encoded(part.inputs), layout.solved(part.solutions), _norms(part.solutions))
    cases = task.split(name, progress)
    return Samples(
        np.concatenate([layout.encoded(case.inputs) for case in cases]),
        np.concatenate([layout.solved(case.reference) for case in cases]),
        np.concatenate([_norms(case.reference) for case in cases]),
    )


def _norms(solutions: Mapping[str, np.ndarray]) -> np.ndarray:
    """Of each sample over all results, frames and points, single precision."""
    squares = [np.einsum("bi,bi->b", rows, rows) for rows in (one.reshape(len(one), -1) for one in solutions.values())]
    return np.sqrt(np.sum(squares, axis=0)).astype(np.float32)


def _check_room(size: float) -> None:
    import os

    try:
        room = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * LARGEST
    except (ValueError, OSError):  # not told by this system
        return
    if size > room:
        words = f"The samples take {size / 2**30:.1f} GB, more than half of this machine's memory."
        raise MissingPart(words, "Ask for fewer --samples, or for a smaller scale.")
