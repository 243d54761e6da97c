"""A suite, task by task and environment by environment."""

import contextlib
from collections.abc import Callable, Iterator

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
    long what is tried in an environment may take. progress: told of references that are made. Raises InputError, MissingPart.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(suite.file.absolute().parent))  # paths in a suite go by where it lies
        places = stack.enter_context(Places(sandbox))
        for cell in subjects(suite):
            name, asked = name_of(cell), cell.question

            def told(tried: Tried, name: str = name) -> None:
                heard(name, tried)

            if isinstance(asked, EpisodeQuestion):
                with Host(sandbox or asked.sandbox) as host:
                    yield audit_environment(asked.environment, host, seconds, told)
                continue
            place = places.of(asked)
            yield audit_task(name, open_task(asked), place, told, progress)
