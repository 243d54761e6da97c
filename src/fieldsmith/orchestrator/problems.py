"""Runs of problem files: each keeps a copy of its problem, and goes on with it whatever becomes of the file."""

from pathlib import Path

from fieldsmith import tasks
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.solution import How
from fieldsmith.tasks.own import files
from fieldsmith.tasks.own.problem_task import ProblemTask, name_of_file
from fieldsmith.tasks.task import Task

FOLDER = "problem"
"""Where a run keeps its problem, below its own folder and below `best/`."""


def place_in_run(task: ProblemTask) -> str:
    """The copy's path within the run's folder."""
    return f"{FOLDER}/{task.name}{files.ENDING}"


def keep(task: Task, folder: Path) -> None:
    """Leave a copy of the problem in a folder, if it is one and there is none yet. Raises InputError where it cannot be written."""
    if isinstance(task, ProblemTask) and not (folder / place_in_run(task)).exists():
        try:
            files.keep(task.problem, task.text, task.name, folder / FOLDER)
        except OSError as error:
            words = f"The problem cannot be copied into {folder}: {error.strerror}."
            raise InputError(words, "Choose another place with --run-dir.") from None


def compared_with(task: Task) -> How:
    """What the solution that is asked for is compared with; of a task that is no problem file's the solution that it gives."""
    return task.compared_with if isinstance(task, ProblemTask) else "exact"


def open_problem(question: Question) -> tuple[Task, tuple[str, ...]]:
    """The task of a problem file, and what is to be told: where the run that it belongs to was begun with another version, that run's copy is gone on with.

    Raises InputError, and ProblemError for a file with faults.
    """
    name = str(question.task)
    data = Path(question.data) if question.data else None
    copy = _copy(question)
    if copy is None:
        return tasks.load(name, question.param, question.scale, data), ()
    kept = tasks.load(str(copy), question.param, question.scale, data)
    try:
        fresh = tasks.load(name, question.param, question.scale, data)
    except FieldsmithError as error:
        return kept, (f"{name} cannot be used any more: {error.message} {_going_on(copy)}",)
    if isinstance(fresh, ProblemTask) and isinstance(kept, ProblemTask) and fresh.content != kept.content:
        return kept, (f"{name} has changed since the run began. {_going_on(copy)}",)
    return fresh, ()


def _going_on(copy: Path) -> str:
    return f"The run goes on with its copy, {copy}; another --run-dir begins anew."


def _copy(question: Question) -> Path | None:
    """The copy of the problem in the run directory that was named, if a run of that problem was begun there."""
    if question.run_dir is None:
        return None
    folder = Path(question.run_dir)
    name = files.name_of(name_of_file(str(question.task)))
    copy = folder / FOLDER / f"{name}{files.ENDING}"
    return copy if (folder / "run.toml").is_file() and copy.is_file() else None
