"""The folder of a run: what it is called, whose it is, and who works in it."""

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from fieldsmith.agents.prompts import DEFAULT_STYLE
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.orchestrator import record
from fieldsmith.orchestrator.index import remember
from fieldsmith.orchestrator.question import field_of
from fieldsmith.orchestrator.run import Asked
from fieldsmith.tasks.places import is_problem_file

SERVING = ("context", "threads", "parallel", "timeout", "folder")
"""Settings of a model that say how it is served, not what it answers: a run goes on with others of these."""
NAMED = ("task", "param", "scale", "fingerprint", "author", "strategy", "seed")
"""What stands in a run's name in words."""


def run_name(asked: Asked) -> str:
    """A name that the same question always gets, so that the same command finds its run again."""
    parameters = "".join(f"-{name}{value:g}" for name, value in asked.parameters.items())
    author = "".join(c if c.isalnum() else "-" for c in asked.author).strip("-")
    if len(author) > 40:  # two long names may begin alike
        author = f"{author[:33]}-{hashlib.sha256(asked.author.encode()).hexdigest()[:6]}"
    data = f"-{asked.fingerprint[:8]}" if asked.question.data else ""
    unusual = {name: value for name, value in _same(asked).items() if name not in NAMED and not _usual(name, value)}
    options = f"-{hashlib.sha256(json.dumps(unusual, sort_keys=True).encode()).hexdigest()[:6]}" if unusual else ""
    question = asked.question
    if is_problem_file(asked.place):  # an edited file, and other parameters, make another run
        return f"{asked.task}-{asked.fingerprint[:8]}-{author}-{question.strategy}-{question.seed}{options}"
    return f"{asked.task}{parameters}-{asked.scale}{data}-{author}-{question.strategy}-{question.seed}{options}"


def first_width(folder: Path, otherwise: int) -> int:
    """How many refinements make a generation stays as it was in earlier sittings, whatever is in flight now."""
    return record.read_asked(folder).width if (folder / "run.toml").exists() else otherwise


def make_folder(folder: Path) -> None:
    """Make it if need be. Raises InputError for a directory that cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:  # a kill leaves nothing of it
            probe.write(b"\n")
    except OSError as error:
        raise InputError(
            f"The run directory {folder} cannot be written: {error.strerror}.", "Choose another with --run-dir."
        ) from None


def open_folder(folder: Path, asked: Asked) -> None:
    """Make it if need be. Raises InputError for a directory that cannot be written or is another run's."""
    make_folder(folder)
    if (folder / "run.toml").exists():
        _refuse_another(folder, asked)
    elif any(folder.iterdir()):
        raise InputError(f"{folder} is not empty and not a run directory.", "Choose another with --run-dir.")


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """The run's lock. Raises InputError where another process has it, MissingPart on a disk that knows no locks."""
    try:
        lock = FileLock(folder / "run.lock").acquire(timeout=1.0)
    except Timeout:
        raise InputError(f"Another process is working on {folder}.", "Wait for it or choose --run-dir.") from None
    except (OSError, NotImplementedError) as error:
        words = getattr(error, "strerror", None) or error
        raise MissingPart(f"{folder} cannot be locked: {words}.", "Put --run-dir on a local disk.") from None
    with lock:
        yield


def begin(folder: Path, asked: Asked) -> Asked:
    """Write down what is asked, begun when the first sitting began, with earlier sittings, and note the run in the index.

    What a sitting that was killed has left half-written is removed.
    """
    record.clear_half_written(folder)
    if (folder / "run.toml").exists():
        before = record.read_asked(folder)
        asked = replace(asked, started=before.started, sittings=before.sittings)
    record.write_asked(folder, asked)
    remember(folder)
    return asked


DIFFERENT = {
    "prompts": "its prompts are other templates",
    "fingerprint": "its data is other data, as after an edit of the task",
}
"""Words for what is no value that a person has given."""


def _refuse_another(folder: Path, asked: Asked) -> None:
    before = record.read_asked(folder)
    old = _same(before)
    for name, new in _same(asked).items():
        if old[name] != new:
            how = DIFFERENT.get(name) or f"its {name} is {old[name]}, not {new}"
            raise InputError(f"{folder} is the directory of another run: {how}.", "Choose another with --run-dir.")


def _same(asked: Asked) -> dict[str, object]:
    """What makes two commands one run; budgets, places and speeds may change between sittings."""
    told = {name: value for name, option, value in asked.question.told() if option.same}
    values = {name: dict(value) if isinstance(value, Mapping) else value for name, value in told.items()}
    data = {"fingerprint": asked.fingerprint, "author": asked.author, "prompts": dict(asked.templates)}
    settings = {name: value for name, value in (values["model_options"] or {}).items() if name not in SERVING}
    every = {**values, **data, "model_options": settings}
    return {name: every[name] for name in dict.fromkeys([*NAMED, *every])}


def _usual(name: str, value: object) -> bool:
    return value in (None, "", {}, DEFAULT_STYLE) or value == field_of(name).default
