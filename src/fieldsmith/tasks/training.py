"""Samples to train on: blocks from a task's own generator, drawn apart from the splits that programs are judged on."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from fieldsmith.errors import InputError
from fieldsmith.tasks import cache
from fieldsmith.tasks.published import join
from fieldsmith.tasks.streams import BLOCK, STREAM
from fieldsmith.tasks.task import Progress, Signature, Task

if TYPE_CHECKING:
    from fieldsmith.tasks.own.problem_task import ProblemTask
    from fieldsmith.tasks.pde import Arrays, PDETask

HELD_OUT = 16
"""Samples of a problem file by which the best weights are chosen."""


@dataclass(frozen=True)
class Block:
    """Samples with their solutions: arguments by name, [batch, ...] or numbers (of a problem file one for each sample, [batch]), and results by name, [batch, ...].

    `seconds` is the processor time that the solutions took when they were made.
    """

    inputs: Mapping[str, np.ndarray | float]
    solutions: Mapping[str, np.ndarray]
    seconds: float


def block(task: Task, number: int, progress: Progress | None = None, called: str = "") -> Block:
    """The samples of block `number`, 0 and up, made on first use and cached; `called` is what progress calls them in place of their numbers.

    Solutions are those of the trusted method at its coarser level, whose error the task's references state; of a problem file those of `solved_by`. Raises
    InputError for a task that has no generator, or whose samples come from a published file, and for a problem in which nothing varies.
    """
    from fieldsmith.tasks.own.problem_task import ProblemTask
    from fieldsmith.tasks.pde import PDETask

    if isinstance(task, ProblemTask):
        return _of_problem(task, number, BLOCK, progress)
    if not isinstance(task, PDETask):
        raise InputError(
            f"{task.name} has no generator of samples to learn from.",
            "Tasks that are stated as an equation have one (PDETask), and problem files.",
        )
    if task.data is not None:
        raise InputError(
            f"{task.name} is read from {task.data}, which is what programs are judged on.", "Leave --data out."
        )
    key = f"{task.name}-train{number}-{task.fingerprint[:20]}"
    what = called or f"{task.name} samples {number * BLOCK + 1} to {(number + 1) * BLOCK}"
    stored = cache.load_or_make(key, lambda: _generated(task, number, progress, what, key), progress, what)
    return _read(task.signature, stored)


def held_out(task: Task, progress: Progress | None = None) -> Block | None:
    """Samples of a problem file, at the points and times of those that are learned from, by which the best weights are chosen; its dev split has few, on other points. None of other tasks, whose dev split serves."""
    from fieldsmith.tasks.own.problem_task import ProblemTask

    return _of_problem(task, -1, HELD_OUT, progress) if isinstance(task, ProblemTask) else None


def solved_by(task: Task, progress: Progress | None = None) -> Mapping[str, Any] | None:
    """What the samples of a problem file are solved by, with its error on dev beside that of dev's references; None of other tasks."""
    from fieldsmith.tasks.own import learning
    from fieldsmith.tasks.own.problem_task import ProblemTask

    if not isinstance(task, ProblemTask):
        return None
    found = learning.method(task, progress)
    return {"method": found.name, "dev_error": found.error, "reference_error": found.reference}


def _of_problem(task: "ProblemTask", number: int, count: int, progress: Progress | None) -> Block:
    from fieldsmith.tasks.own import learning

    key = f"problem-{learning.VERSION}-{'held' if number < 0 else f'train{number}'}-{task.fingerprint[:20]}"
    what = (
        f"{task.name} samples to choose weights by"
        if number < 0
        else f"{task.name} samples {number * BLOCK + 1} to {(number + 1) * BLOCK}"
    )
    learning.method(task, progress)
    made = partial(learning.generated, task, number, count, progress, what, key)
    return _read(task.signature, cache.load_or_make(key, made, progress, what))


def _read(signature: Signature, stored: Mapping[str, np.ndarray]) -> Block:
    found = {one.name: stored[f"input/{one.name}"] for one in signature.arguments}
    inputs = {name: value if value.ndim else float(value) for name, value in found.items()}
    solutions = {result.name: stored[f"solution/{result.name}"] for result in signature.results}
    return Block(inputs, solutions, float(stored["seconds"]))


def _generated(task: "PDETask", number: int, progress: Progress | None, what: str, key: str) -> "Arrays":
    fields = task.initial_fields(np.random.default_rng([STREAM, number, *task.name.encode()]), BLOCK, smooth=False)
    points = task.scored_points()
    work = [(fields.take(part), points) for part in cache.parts(BLOCK, task.samples_a_process)]
    parts = cache.in_processes(partial(_solved, task), work, progress, what, key)
    inputs = {f"input/{name}": np.asarray(value, float) for name, value in task.inputs(fields, points).items()}
    solutions = {f"solution/{name}": values for name, values in join([part[0] for part in parts]).items()}
    return {**inputs, **solutions, "seconds": np.asarray(sum(float(part[1]) for part in parts))}


def _solved(task: "PDETask", fields: Any, points: int) -> tuple["Arrays", np.ndarray]:
    """Solutions of a part and the processor seconds that they took; runs in a process of its own."""
    threadpool_limits(1)  # threads that wait for each other in loops count as processor time
    start = time.process_time()
    solved = task.reference(fields, points, 0)
    return solved, np.asarray(time.process_time() - start)
