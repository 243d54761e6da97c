"""Small trainings of one operator on all combinations of so many samples and so many epochs, which a law of training is fitted to. Each lies in a folder of its own, so that what was broken off goes on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fieldsmith.bench.training_law import Trial
from fieldsmith.errors import FieldsmithError, InputError, MissingPart
from fieldsmith.operators.trained import TrainedOperator
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from fieldsmith.operators.training.state import Course
from fieldsmith.tasks.task import Progress, Task

Told = Callable[[Asked, Course, float], None]
"""What a training is, how far it is, and how many seconds it has left."""


def combinations(asked: Asked, samples: Sequence[int], epochs: Sequence[int]) -> list[Asked]:
    """What is asked of each training, the cheapest first. The learning rate falls to 0 at the end of each, so that a shorter one is not part of a longer one."""
    pairs = sorted({(n, m) for n in samples for m in epochs}, key=lambda pair: (pair[0] * pair[1], pair))
    return [replace(asked, samples=n, epochs=m, minutes=0.0) for n, m in pairs]


def trained(
    task: Task, asked: Asked, folder: Path, device: str, progress: Progress | None, tell: Told
) -> TrainedOperator:  # fmt: skip
    """One of them. Raises as `fit` does, and says which training's loss is not finite."""
    try:
        return fit(task, asked, place(folder, asked), device, progress, lambda course, left: tell(asked, course, left))
    except FieldsmithError as error:
        if isinstance(error, (InputError, MissingPart)):  # what is wrong is not of this training alone
            raise
        error.message = f"{asked.samples} samples, {asked.epochs} epochs: {error.message}"
        raise


def place(folder: Path, asked: Asked) -> Path:
    """Where it lies."""
    return folder / f"samples-{asked.samples}-epochs-{asked.epochs}"


def trial_of(operator: TrainedOperator) -> Trial:
    """What it came to on dev, and what it took."""
    card = operator.card
    course = card["course"]
    return Trial(card["samples"], course["epochs"], course["best"], card["sample_seconds"], device_seconds(card))


def device_seconds(card: Any) -> float:
    """Of a training: processor time, of all threads together, on a CPU, by the clock on a GPU."""
    return card["course"]["cpu_seconds" if card["device_type"] == "cpu" else "seconds"]
