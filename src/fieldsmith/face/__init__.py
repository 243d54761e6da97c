"""The Python face: the same things that the command line does, as functions and objects."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldsmith import evaluation, problems, sandboxes, tasks
from fieldsmith.agents.author import Author
from fieldsmith.cli.output import Output
from fieldsmith.cli.progress import Progress
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.face.run import Run
from fieldsmith.folders import expanded
from fieldsmith.models.chat_model import ChatModel
from fieldsmith.orchestrator.index import SEARCH, known_runs
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.question import Question, in_keywords
from fieldsmith.orchestrator.record import load_run
from fieldsmith.reports.html import write_report
from fieldsmith.strategies.strategy import Strategy
from fieldsmith.tasks.task import SplitName, Task

__all__ = ["Problem", "evaluate", "list_runs", "list_tasks", "open_run", "solve", "task"]


def task(name: str, scale: str = "demo", data: str | Path | None = None, **parameters: float) -> Task:
    """A task by name, or by the path of a problem file. Raises InputError for an unknown name, parameter, value, scale or data file."""
    if not isinstance(name, str):
        raise InputError(f"{name!r} is not the name of a task.", "Give one of fs.list_tasks(), or a file's path.")
    return tasks.load(name, parameters, scale, expanded(data) if data else None)


def list_tasks() -> dict[str, str]:
    """The titles of all tasks by name."""
    return {name: kind.title for name, kind in tasks.kinds().items()}


def solve(
    task: str | Task | problems.Problem,
    run_dir: str | Path | None = None,
    *,
    param: Mapping[str, str | float] | None = None,
    scale: str = "demo",
    data: str | Path | None = None,
    model: str | ChatModel | None = None,
    author: str | Author | None = None,
    base_url: str | None = None,
    key_file: str | Path | None = None,
    prompt_style: str | None = None,
    prompts: str | Path | None = None,
    strategy: str | Strategy = "refine",
    strategy_options: Mapping[str, object] | None = None,
    debug_rounds: int = 4,
    pilots: int = 0,
    in_flight: int = 0,
    seed: int = 0,
    temperature: float | None = None,
    model_options: Mapping[str, object] | None = None,
    candidates: int = 0,
    max_tokens: float | None = None,
    max_cost: float | None = None,
    max_hours: float | None = None,
    until: str = "accuracy",
    sandbox: str = "auto",
    image: str = "base",
    docker_runtime: str = "",
    gpus: str = "",
    engine: str = "local",
    address: str | None = None,
    cpus: float | None = None,
    on_finish: str | None = None,
    quiet: bool = False,
) -> Run:
    """Forge a solver; the options are those of `fieldsmith solve`, dashes as underscores.

    A task, a model, an author and a strategy may be names or objects; a task may be a problem file's path, or a `Problem`. `param`, `scale` and `data` go with a
    task's name, `strategy_options` with a strategy's, `model_options`, `temperature`, `base_url` and `key_file` with a model's:
    an object has its own. The same call takes up a run that was interrupted. Progress goes to standard error, in a notebook
    to the cell, unless `quiet`. Raises InputError, MissingPart or ProviderError; KeyboardInterrupt
    leaves a run that resumes.
    """
    task = _stated(task)
    question = _asked(**{name: value for name, value in locals().items() if name != "quiet"})
    with _in_keywords():
        ready = open_solve(question)
        ready.prepare()
    ready.write_report = write_report
    progress = Progress(Output(quiet=quiet), ready.budget.candidates)
    progress.begin(ready.asked, ready.folder, ready.sandbox.reason)
    ready.listener = progress.event
    with progress:
        return Run(ready.run(), ready.task)


class Problem(problems.Problem):
    """A problem of one's own: equations, domain, conditions, as a problem file has them. It shows itself in a notebook, `solve` forges a solver for it.

    Raises `fieldsmith.problems.ProblemError`, an InputError, with all that is wrong in it.
    """

    solve = solve


def open_run(folder: str | Path, task: Task | None = None) -> Run:
    """An earlier run, or one that goes on, as it stands. Raises InputError if `folder` is not a run directory.

    `task` is needed to call the solver of a run whose task was an object that neither its name nor its file loads again.
    """
    return Run(load_run(expanded(folder)), task)


def list_runs() -> list[Run]:
    """The runs of `solve` of this machine, those begun last at the end; warns of folders that cannot be read."""
    found = []
    for folder in known_runs([SEARCH]):
        try:
            found.append(open_run(folder))
        except FieldsmithError as error:
            warnings.warn(str(error), stacklevel=2)
    return sorted(found, key=lambda run: run.record.asked.started)


def evaluate(
    task: str | Task | problems.Problem,
    program: str | Path,
    splits: Sequence[SplitName] = ("test",),
    sandbox: str = "auto",
) -> Evaluation:
    """Score a solver on a task: a source text, or the path of a file that holds one.

    Raises InputError for what is neither, for a file that cannot be read, for what is no task and for an unknown split.
    """
    task = _stated(task)
    _asked(task=task)
    known = ("dev", "test")
    if isinstance(splits, str) or any(name not in known for name in splits) or not splits:
        raise InputError(f"splits = {splits!r} is not known.", 'Give ("test",), ("dev",) or both.')
    ready = tasks.load(task) if isinstance(task, str) else task
    with sandboxes.choose(sandbox) as place:
        return evaluation.evaluate(ready, _source(program), place, splits=splits)


def _asked(**given: Any) -> Question:
    """What is asked by keyword arguments. Raises InputError that names them."""
    question = Question(**given)
    with _in_keywords():
        question.check()
    return question


@contextlib.contextmanager
def _in_keywords() -> Iterator[None]:
    """What is said of options of the command line is said of keyword arguments."""
    try:
        yield
    except FieldsmithError as error:
        error.message, error.hint = in_keywords(error.message), in_keywords(error.hint)
        raise


def _stated(task: str | Task | problems.Problem) -> str | Task:
    """A problem of one's own as a task; what is one already as it is."""
    if not isinstance(task, problems.Problem):
        return task
    from fieldsmith.tasks.own.problem_task import ProblemTask

    return ProblemTask(task)


def _source(program: str | Path) -> str:
    """A text with a line break or a definition in it is a program, anything else names a file."""
    if not isinstance(program, str | Path):
        raise InputError(f"{program!r} is no program.", "Give the source text of one, or the path of a Python file.")
    if isinstance(program, str) and ("\n" in program or "def " in program):
        return program
    try:
        return expanded(program).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{program!r} cannot be read: {error}.", "Give a Python file or a source text.") from None
