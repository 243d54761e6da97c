"""The command line that asks for the same as a call from Python does."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from fieldsmith import tasks
from fieldsmith.errors import FieldsmithError
from fieldsmith.orchestrator.question import Question
from fieldsmith.tasks import places
from fieldsmith.tasks.own.problem_task import ProblemTask
from fieldsmith.tasks.task import Task


def command_of(question: Question, task: Task, name: str) -> str:
    """What to type for the same, options of their usual values left out; empty where no command can name an object.

    `name` is what loads the task again, by `loading_name`.
    """
    if not name or set(question.ready_made()) - {"task"}:
        return ""
    named = replace(question, task=name, param=task.parameters, scale=task.scale, data=_data(task))
    return shlex.join(["fieldsmith", "solve", *typed(named)])


def typed(question: Any) -> list[str]:
    """A question of names as the words of a command line, options of their usual values left out."""
    usual = {one.name: one.default for one in fields(question)}
    given = [(told, value) for name, told, value in question.told() if value is not None and value != usual[name]]
    place = [str(value) for told, value in given if not told.flag.startswith("-")]
    options = [(told.flag, one) for told, value in given if told.flag.startswith("-") for one in _words(value)]
    return [*place, *(word for pair in options for word in pair)]


def loading_name(question: Question, task: Task) -> str:
    """The name that was asked for, or the task's own, or else its place, if that loads a task of the same data.

    Empty if nothing does.
    """
    if isinstance(task, ProblemTask) and not isinstance(question.task, str):
        return ""
    if isinstance(question.task, str) and not places.is_place(question.task):
        return question.task
    known = (task.name, places.place_of(type(task)))
    return next((name for name in known if name and _loads_again(name, task)), "")


def _data(task: Task) -> str | None:
    file = getattr(task, "data", None)
    return str(file) if file else None


def _loads_again(name: str, task: Task) -> bool:
    try:
        again = tasks.load(name, task.parameters, task.scale, getattr(task, "data", None))
    except FieldsmithError:
        return False
    return again.fingerprint == task.fingerprint


def _words(value: object) -> Iterator[str]:
    """A value as it is typed; a mapping, and a list within it, as one word for each of its values."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            for one in item if isinstance(item, list | tuple) else [item]:
                yield f"{name}={one}"
    else:
        yield f"{value!r}".removesuffix(".0") if isinstance(value, float) else str(value)
