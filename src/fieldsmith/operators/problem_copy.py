"""The copy of a problem file that an operator keeps, so that its folder stands alone."""

from pathlib import Path

from fieldsmith.tasks.own import files
from fieldsmith.tasks.own.problem_task import ProblemTask
from fieldsmith.tasks.task import Task

FOLDER = "problem"


def copied(task: Task) -> str:
    """The copy's path within the operator's folder; empty for a task that is no problem file's."""
    return f"{FOLDER}/{task.name}{files.ENDING}" if isinstance(task, ProblemTask) else ""


def keep_problem(task: Task, folder: Path) -> None:
    """Leave a copy of the problem in a folder, if it is one and there is none yet. Raises OSError."""
    if isinstance(task, ProblemTask) and not (folder / copied(task)).exists():
        files.keep(task.problem, task.text, task.name, folder / FOLDER)
