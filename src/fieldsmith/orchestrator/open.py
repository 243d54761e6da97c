"""From a question to a run that is ready to start."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from fieldsmith import sandboxes, tasks
from fieldsmith.agents.author import BUILT_IN
from fieldsmith.agents.authors import AUTHORS
from fieldsmith.agents.prompts import Prompts
from fieldsmith.orchestrator.budget import Budget
from fieldsmith.orchestrator.command import command_of, loading_name
from fieldsmith.orchestrator.folder import first_width, run_name
from fieldsmith.orchestrator.problems import open_problem, place_in_run
from fieldsmith.orchestrator.question import ACCURACY, Question
from fieldsmith.orchestrator.run import Asked
from fieldsmith.orchestrator.solve import Solve
from fieldsmith.orchestrator.writer import Writer, open_writer
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.strategies import STRATEGIES, leaves_open, open_strategy, strategy_settings
from fieldsmith.strategies.strategy import Strategy
from fieldsmith.tasks.own.problem_task import ProblemTask
from fieldsmith.tasks.places import is_problem_file
from fieldsmith.tasks.task import Task

DEFAULT_CANDIDATES = 12


def open_solve(question: Question, command: str = "", opened: Callable[[Task], None] = lambda _task: None) -> Solve:
    """Everything checked that can be checked before anything is spent. Raises InputError, MissingPart.

    `command` is what was typed; for a question from Python one is made. `opened` hears of the task before anything is made of it.
    """
    question.check()
    if isinstance(question.author, str):
        AUTHORS.get(question.author)  # before data is made
    task, notes = _opened(question)
    opened(task)
    if isinstance(question.strategy, str):  # a plug-in's moves become known, and --prompts may hold templates for them
        STRATEGIES.get(question.strategy)
    writer = open_writer(question)
    place = _place(question, writer)
    brief = task.brief(place.libraries())
    prompts = writer.prompts(brief)
    settled = _settled(question, task, writer, place, prompts)
    name = loading_name(question, task)
    accuracy = task.accuracy if isinstance(task, ProblemTask) else None
    to_the_end = (
        accuracy is None or question.until != ACCURACY
    )  # a search that ends with its first success is no sample
    independent = to_the_end and writer.independent and bool(getattr(_strategy_kind(question), "independent", False))
    asked = Asked(
        question=settled,
        title=task.title,
        statement=brief.statement,
        fingerprint=task.fingerprint,
        author=writer.label,
        author_note=writer.note,
        command=command or command_of(question, task, name),
        started=time.strftime("%Y-%m-%d %H:%M:%S"),
        templates=dict(prompts.templates) if prompts else {},
        place=place_in_run(task) if isinstance(task, ProblemTask) else name if name != task.name else "",
        independent=independent,
        accuracy=accuracy,
        judged_by=task.judged_by if isinstance(task, ProblemTask) else "",
    )
    folder = Path(question.run_dir or Path("runs") / run_name(asked))
    asked = replace(asked, width=first_width(folder, settled.in_flight))
    budget = _budget(settled)
    solving = Solve(
        task=task,
        make_author=lambda store: writer.author(store, prompts, budget),
        strategy=_strategy(question, asked, with_model=writer.model is not None),
        sandbox=place,
        budget=budget,
        asked=asked,
        folder=folder,
        in_flight=settled.in_flight,
        workers=settled.in_flight if question.engine == "ray" else min(os.cpu_count() or 1, settled.in_flight),
        cpus=question.cpus or (1.0 if question.engine == "ray" else None),
        stop_author=writer.stop,
        close_author=writer.close,
        on_finish=question.on_finish,
        notes=notes,
    )
    writer.listen(lambda kind, fields: solving.heard(kind, fields))
    return solving


def _place(question: Question, writer: Writer) -> Sandbox:
    """Where programs run: on this machine, or on the nodes of a cluster."""
    asked = question.sandbox, writer.trusted, question.image, question.docker_runtime, question.gpus
    if question.engine == "local":
        return sandboxes.choose(*asked)
    from fieldsmith.sandboxes.cluster.place import Wanted
    from fieldsmith.sandboxes.cluster.ray_sandbox import connect

    return connect(question.address or "", Wanted(*asked), question.cpus or 1.0, writer.in_flight)


def open_task(question: Question) -> Task:
    """Raises InputError for a name, a parameter, a scale or a file that there is not."""
    return _opened(question)[0]


def _opened(question: Question) -> tuple[Task, tuple[str, ...]]:
    """The task, and what is to be told of it."""
    if not isinstance(question.task, str):
        return question.task, ()
    if is_problem_file(question.task):
        return open_problem(question)
    data = Path(question.data) if question.data else None
    return tasks.load(question.task, question.param, question.scale, data), ()


def task_of(asked: Asked) -> Task:
    """The task of a run that there is. Raises InputError where it cannot be loaded by its name or place."""
    data = Path(asked.question.data) if asked.question.data else None
    return tasks.load(asked.place or asked.task, asked.parameters, asked.scale, data)


def _settled(question: Question, task: Task, writer: Writer, place: Sandbox, prompts: Prompts | None) -> Question:
    """The question with names in place of objects and with values in place of what was left to choose."""
    strategy, settings = question.strategy, dict(question.strategy_options or {})
    return replace(
        question,
        task=task.name,
        param=dict(task.parameters),
        scale=task.scale,
        data=getattr(task, "data", None),
        model=writer.label if writer.model else None,
        author=question.author if isinstance(question.author, str) and question.author != BUILT_IN else None,
        prompt_style=prompts.style if prompts else None,
        strategy=strategy if isinstance(strategy, str) else strategy.name,
        strategy_options=strategy_settings(strategy, settings) if isinstance(strategy, str) else {},
        in_flight=writer.in_flight,
        temperature=None,
        model_options={name: _text(value) for name, value in question.settings().items()},
        candidates=question.candidates or DEFAULT_CANDIDATES,
        sandbox=place.name,
    )


def _text(value: object) -> object:
    """A setting of a model as it would be typed, so that a number from Python and its word are the same."""
    return [str(item) for item in value] if isinstance(value, list | tuple) else str(value)


def _strategy(question: Question, asked: Asked, with_model: bool) -> Strategy:
    if not isinstance(question.strategy, str):
        return question.strategy
    drafts = min(4, max(1, asked.question.candidates // 3)) if with_model else 2
    chosen = {"drafts": drafts, "width": asked.width}
    settings: dict[str, Any] = {name: value for name, value in chosen.items() if leaves_open(question.strategy, name)}
    settings |= asked.question.strategy_options or {}
    return open_strategy(question.strategy, question.debug_rounds, question.seed, **settings)


def _strategy_kind(question: Question) -> object:
    """The strategy's class, the function that makes it, or the object that was given."""
    return STRATEGIES.get(question.strategy) if isinstance(question.strategy, str) else question.strategy


def _budget(settled: Question) -> Budget:
    return Budget(
        settled.candidates,
        settled.max_tokens or math.inf,
        settled.max_cost or math.inf,
        settled.max_hours or math.inf,
    )
