"""What the commands that train operators have in common: settings, folders and progress in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fieldsmith.cli.output import current

if TYPE_CHECKING:
    from fieldsmith.operators.training.state import Course
    from fieldsmith.tasks.task import Task


def settings_of(pairs: Sequence[str]) -> dict[str, object]:
    """What `--set` gives, numbers as numbers. Raises InputError for a pair without a name."""
    from fieldsmith.cli.options import parse_settings

    return {name: _number(value) for name, value in parse_settings(list(pairs), "--set", "--set modes=16").items()}


def digest(problem: "Task", asked: str) -> str:
    """Eight hexadecimal digits over a task's data and what is asked."""
    import hashlib

    return hashlib.sha256(f"{problem.fingerprint}{asked}".encode()).hexdigest()[:8]


def tell(course: "Course", left: float, told: list[str], score: str = "nRMSE", head: str = "") -> None:
    """After an epoch: into `told`, as an event, and now and then as a line."""
    row = course.history[-1]
    told[0] = (
        f"{head}epoch {row['epoch']} of {course.epochs}: loss {row['loss']:.2e}, dev {score} {row['dev']:.2e}, {seconds_told(left)} left"
    )
    current.event("epoch", {**row, "epochs": course.epochs, "best": course.best, "seconds_left": round(left, 1)})
    if not head and (row["epoch"] == 1 or row["epoch"] % max(1, course.epochs // 10) == 0):
        current.progress(told[0])


def seconds_told(seconds: float) -> str:
    """In the largest unit that leaves more than one of it."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def _number(value: object) -> object:
    """A setting's text as the number that it is, if it is one."""
    for kind in (int, float):
        try:
            return kind(str(value))
        except ValueError:
            continue
    return value
