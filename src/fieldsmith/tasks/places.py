"""Tasks named by where they are written: `path/to/file.py:Class` or `package.module:Class`, the class left out if alone."""

import sys
import sysconfig
import traceback
from pathlib import Path

from fieldsmith.errors import InputError
from fieldsmith.modules import Sought, class_at, is_place
from fieldsmith.tasks.kinds import fault_of
from fieldsmith.tasks.task import Task

__all__ = ["check_scale", "is_place", "is_problem_file", "kind_at", "line_of", "place_of", "raised_at"]
SOUGHT = Sought(Task, "task", ("name", "title"), "SimpleTask or PDETask")


def is_problem_file(name: str) -> bool:
    """Whether a task is named by a problem file."""
    return name.endswith(".toml")


def kind_at(place: str) -> type[Task]:
    """The task class at a place.

    Raises InputError for a file or module that is not there or cannot be imported, and for a class that is no whole task.
    """
    kind = class_at(place, SOUGHT)
    if fault := fault_of(kind):
        raise InputError(f"The task {kind.__name__} in {place} cannot be used: {fault}.", "Mend the class.")
    return kind


def place_of(kind: type[Task]) -> str:
    """What names the task's class from anywhere on this machine: its file, or its module where a distribution brings it."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file and any(Path(file).is_relative_to(sysconfig.get_path(name)) for name in ("purelib", "platlib")):
        return f"{kind.__module__}:{kind.__qualname__}"
    return f"{Path(file).resolve()}:{kind.__qualname__}" if file else ""


def raised_at(error: BaseException, kind: type[Task]) -> tuple[Path, int] | None:
    """The class's file and the line of it at or below which an error was raised, if it was raised there."""
    own = getattr(sys.modules.get(kind.__module__), "__file__", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    return (Path(own), lines[-1]) if own and lines and lines[-1] else None


def line_of(error: BaseException, kind: type[Task]) -> str:
    """The same in words: ` (file, line 3)`, or nothing."""
    found = raised_at(error, kind)
    return f" ({found[0]}, line {found[1]})" if found else ""


def check_scale(kind: type[Task], scale: str) -> None:
    """Raises InputError for a scale that the task has no data of."""
    known = kind.scales()
    if scale not in known:
        choice = " or ".join(filter(None, (", ".join(known[:-1]), known[-1])))
        raise InputError(f"{kind.name} has no scale {scale!r}.", f"Use {choice}.")
