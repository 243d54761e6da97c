"""A suite, task by task and environment by environment."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec

from fieldsmith.bench.audit.environments import audit_environment
from fieldsmith.bench.audit.exploit import Audit, Tried
from fieldsmith.bench.audit.tasks import audit_task
from fieldsmith.bench.places import Places
from fieldsmith.bench.suite import Cell, Suite
from fieldsmith.environments import Host
from fieldsmith.environments.check import MOST_SECONDS
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.open import open_task
from fieldsmith.tasks.task import Progress

Heard = Callable[[str, Tried], None]
P = ParamSpec("P")


def subjects(suite: Suite) -> list[Cell]:
    """A cell for each task, as its parameters, scale and data make it, and for each environment."""
    found = {}
    for cell in suite.cells:
        asked = cell.question
        if isinstance(asked, EpisodeQuestion):
            found.setdefault(("environment", asked.environment), cell)
        else:
            found.setdefault((asked.task, repr(asked.param), asked.scale, str(asked.data)), cell)
    return list(found.values())


def name_of(cell: Cell) -> str:
    """What a subject is called."""
    return cell.question.environment if isinstance(cell.question, EpisodeQuestion) else cell.task


def audited(
    suite: Suite,
    sandbox: str | None = None,
    heard: Heard = lambda _task, _tried: None,
    seconds: float = MOST_SECONDS,
    progress: Progress | None = None,
) -> Iterator[Audit]:
    """The audit of each subject of a suite, one after the other.

    sandbox: where exploits run; what the suite says if None. heard: told of each exploit as it was tried. seconds: how
    long what is tried in an environment may take. progress: told of references that are made. Paths in a suite go by where it
    lies; whoever is told, or takes what this yields, is in the folder where it was called. Raises InputError, MissingPart.
    """
    here, there = Path.cwd(), suite.file.absolute().parent
    with contextlib.ExitStack() as stack:
        places = stack.enter_context(Places(sandbox))
        for cell in subjects(suite):
            name, asked = name_of(cell), cell.question

            told = _at(here, functools.partial(heard, name))
            if isinstance(asked, EpisodeQuestion):
                with contextlib.chdir(there), Host(sandbox or asked.sandbox) as host:
                    one = audit_environment(asked.environment, host, seconds, told)
                yield one
                continue
            with contextlib.chdir(there):  # for all of it: a task may read its files when they are first needed
                one = audit_task(name, open_task(asked), places.of(asked), told, progress and _at(here, progress))
            yield one


def _at(folder: Path, call: Callable[P, object]) -> Callable[P, None]:
    """The same, called in that folder."""

    def called(*given: P.args, **named: P.kwargs) -> None:
        with contextlib.chdir(folder):
            call(*given, **named)

    return called
