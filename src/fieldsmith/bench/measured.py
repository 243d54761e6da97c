"""Runs as they are compared: what was asked of each, what it came to on the test split and what it cost, read from wherever they lie."""

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from fieldsmith import tasks
from fieldsmith.bench import cells
from fieldsmith.bench.ended import figure_of
from fieldsmith.bench.suite import Cell, kept_suite, task_name
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.folders import expanded
from fieldsmith.orchestrator.episodes.asked import read_asked
from fieldsmith.orchestrator.index import EPISODES, SEARCH
from fieldsmith.orchestrator.listed import listed, of_episodes
from fieldsmith.orchestrator.record import is_held, load_run
from fieldsmith.orchestrator.result import run_fields, spend_fields
from fieldsmith.orchestrator.run import Asked

NO_TERMS = (
    "task", "param", "scale", "data", "seed", "environment", "run_dir", "key_file", "in_flight", "on_finish", "address", "model", "agent",
)  # fmt: skip
"""Of a question: what pairs are made by, what changes no figure, and who answers, which is told by its label."""
STATES: Mapping[str, str] = {
    "running": "it is still running",
    "interrupted": "it was interrupted",
    "failed": "it failed",
}
Figure = tuple[str, bool, float]
"""Metric, whether lower is better, value on the test split."""


@dataclass(frozen=True)
class Measured:
    """A run that is done.

    name: the cell's, or the folder's. task: as the leaderboard names it, with the parameters and the scale that are not as usual; identity: with all of them,
    by which runs belong together. figure: of the program that is best on dev, None where
    nothing ran. terms: what was asked of it, task and seed apart. fingerprint: what determines the data; digest: of the test split's
    own values, empty where unknown. reference_error: the reference's own on the test split.
    """

    name: str
    folder: Path
    task: str
    seed: int
    author: str
    strategy: str
    figure: Figure | None
    spend: Mapping[str, Any]
    terms: Mapping[str, Any]
    fingerprint: str = ""
    digest: str = ""
    reference_error: float | None = None
    identity: str = ""
    scored: bool = False
    """Whether it is one of episodes, whose figure is a score from 0."""


@dataclass(frozen=True)
class Left:
    """A run, or a pair of runs, that is not compared. side: A, B, or both."""

    side: str
    name: str
    why: str


@dataclass(frozen=True)
class Side:
    """One of the two that are compared. going: benchmarks whose cells are still being run."""

    place: str
    row: str
    runs: tuple[Measured, ...]
    left: tuple[Left, ...]
    going: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    """A run directory. why: it is not compared; empty where it may be. cell: whether it is one of a benchmark, called: what it is called there, where that is known."""

    name: str
    folder: Path
    why: str = ""
    cell: bool = False
    called: Cell | None = None


def read_side(side: str, place: str, row: str = "") -> Side:
    """The runs of a run directory, of a benchmark's folder, of a folder that holds runs, or of all that fit a pattern.

    row: only those whose names have these parts, such as `mine/refine` or `burgers*/mine`. Raises InputError for a place without
    such runs, and for a run outside of a benchmark that cannot be read.
    """
    folders = _folders(place)
    found = [one for folder in folders for one in _found(folder)]
    if not found:
        raise InputError(f"{place} holds no runs.", "Give a run directory, a benchmark's folder, or a folder of runs.")
    chosen = [one for one in found if not row or fnmatchcase(f"/{one.name}/", f"*/{row}/*")]
    if not chosen:
        words = f"No run of {place} is called {row!r}."
        raise InputError(
            words, f"There are {', '.join(one.name for one in found[:6])}{' …' if len(found) > 6 else ''}."
        )
    read = [_read(side, one) for one in chosen]
    return Side(
        place=place,
        row=row,
        runs=tuple(one for one in read if isinstance(one, Measured)),
        left=tuple(one for one in read if isinstance(one, Left)),
        going=tuple(str(folder) for folder in folders if _is_bench(folder) and is_held(folder)),
    )


def _folders(place: str) -> Sequence[Path]:
    path = expanded(place)
    if path.exists():
        return [path]
    matching = [Path(name) for name in sorted(glob.glob(str(path)))]  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not matching:
        words = f"{place} does not exist."
        raise InputError(words, "`fieldsmith runs` lists runs; a benchmark lies in runs/bench-NAME.")
    return matching


def _is_run(folder: Path) -> bool:
    return any((folder / name).exists() for name in (SEARCH, EPISODES))


def _is_bench(folder: Path) -> bool:
    return (folder / cells.FILE).exists()


def _found(folder: Path) -> Iterator[_Found]:
    if _is_run(folder):
        yield _Found(folder.resolve().name, folder)
    elif _is_bench(folder):
        called = _cells(folder)
        for name, outcome in cells.kept(folder).items():
            run = folder / "cells" / outcome.folder
            why = "" if outcome.done else cells.WORDS[outcome.state]
            yield _Found(name, run, why, cell=True, called=called.get(name))
    elif folder.is_dir():
        yield from (_Found(child.name, child) for child in sorted(folder.iterdir()) if _is_run(child))


def _cells(folder: Path) -> dict[str, Cell]:
    """The cells of a benchmark by their names, whose parts are what the leaderboard says."""
    try:
        suite = kept_suite(folder)
    except FieldsmithError:  # of a package that is not here any more
        suite = None
    return {cell.name: cell for cell in suite.cells} if suite else {}


def _name(asked: Asked) -> str:
    """A run's task as a suite would call it: the parameters that are not as usual; all where that is not known."""
    try:
        usual = tasks.defaults(asked.place or asked.task, asked.scale)
    except FieldsmithError:
        usual = {}
    given = {name: value for name, value in asked.parameters.items() if usual.get(name) != value}
    return task_name({"task": asked.task, "param": given, "scale": asked.scale})


def _read(side: str, found: _Found) -> Measured | Left:
    if found.why:
        return Left(side, found.name, found.why)
    try:
        return (_episodes if of_episodes(found.folder) else _search)(side, found)
    except FieldsmithError as error:
        if found.cell:
            return Left(side, found.name, f"it cannot be read: {error.message}")
        raise


def _search(side: str, found: _Found) -> Measured | Left:
    run = load_run(found.folder, pictures=False)
    if run.state != "done":
        return Left(side, found.name, STATES.get(run.state, run.state))
    asked, result = run.asked, run_fields(run)
    evaluation = run.best.candidate.evaluation if run.best else None
    test = evaluation.test if evaluation else None
    sittings = asked.sittings
    return Measured(
        name=found.name,
        folder=found.folder,
        task=found.called.task if found.called else _name(asked),
        identity=task_name({"task": asked.task, "param": asked.parameters, "scale": asked.scale}),
        seed=asked.question.seed,
        author=found.called.author if found.called else asked.author,
        strategy=found.called.strategy if found.called else str(asked.question.strategy),
        figure=figure_of(result),
        spend=spend_fields(run.spend),
        terms=_terms(asked.question, asked.author),
        fingerprint=asked.fingerprint,
        digest=str(sittings[-1]["data"]["test"]) if sittings else "",
        reference_error=test.reference_error if test else None,
    )


def _episodes(side: str, found: _Found) -> Measured | Left:
    run, asked = listed(found.folder), read_asked(found.folder)
    if run.state != "done":
        return Left(side, found.name, STATES.get(run.state, run.state))
    return Measured(
        name=found.name,
        folder=found.folder,
        task=found.called.task if found.called else f"{run.environment}:{run.task}",
        identity=f"{run.environment}:{run.task}",
        seed=asked.question.seed,
        author=run.author,
        strategy=asked.question.strategy,
        figure=None if run.best is None else ("score", False, run.best),
        spend=spend_fields(run.spend),
        terms=_terms(asked.question, run.author),
        fingerprint=asked.source,
        scored=True,
    )


def _terms(question: Any, author: str) -> dict[str, Any]:
    """What else was asked, by the options' names without their dashes."""
    told = {one.flag.lstrip("-"): value for name, one, value in question.told() if one.flag and name not in NO_TERMS}
    plain = {name: _plain(value) for name, value in told.items()}
    return {"author": author, **plain}


def _plain(value: Any) -> Any:
    """As JSON; None for what was not given."""
    return str(value) if isinstance(value, Path) else None if value in (None, "", {}) else value
