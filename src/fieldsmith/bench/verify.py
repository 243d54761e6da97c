"""Whether the figures of a run, of a run of episodes, or of a whole benchmark hold.

Each finding is one of three: it holds, it does not, or it was not checked, and why. Only what does not hold is a fault.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fieldsmith.bench import cells
from fieldsmith.bench.cells import Outcome
from fieldsmith.bench.differences import compared, differences, json_of, several
from fieldsmith.bench.places import Places
from fieldsmith.bench.suite import KEPT, Suite, kept_suite
from fieldsmith.bench.verify_board import Forms, verify_board
from fieldsmith.bench.verify_episodes import verify_episodes
from fieldsmith.bench.verify_run import verify_run, without_paths
from fieldsmith.errors import FieldsmithError
from fieldsmith.finding import Finding
from fieldsmith.orchestrator.listed import of_episodes
from fieldsmith.orchestrator.record import is_held, load_run


def verify(folder: Path, places: Places | None, forms: Forms) -> Iterator[Finding]:
    """What holds of a run, or of every cell of a benchmark and its table; without places no program is run.

    forms: how a table is written. Raises InputError for a folder that is neither.
    """
    if (folder / cells.FILE).exists():
        yield from _bench(folder, places, forms)
    else:
        yield from _one(folder, places)


def _one(run: Path, places: Places | None) -> Iterator[Finding]:
    if of_episodes(run):
        yield from verify_episodes(run, (places.sandbox or "auto") if places else None)
    else:
        yield from verify_run(load_run(run, pictures=False), places)


def _bench(folder: Path, places: Places | None, forms: Forms) -> Iterator[Finding]:
    known = cells.kept(folder)
    suite, why = _suite(folder)
    outcomes = cells.asked_so(suite, known) if suite else known
    if gone := len(known) - len(outcomes):
        yield Finding("suite", "", f"{gone} cell{'s' * (gone > 1)} that the suite no longer asks for left out")
    for name, outcome in outcomes.items():
        if outcome.done and outcome.result is not None:
            yield _cell(name, folder / "cells" / outcome.folder, outcome, places)
    if suite is None:
        yield Finding("leaderboard", unchecked=why)
    elif is_held(folder):
        yield Finding(
            "leaderboard", unchecked="the benchmark is still running, and its table is written anew meanwhile"
        )
    else:
        yield from verify_board(folder, suite, outcomes, forms)


def _suite(folder: Path) -> tuple[Suite | None, str]:
    """The suite that the benchmark was run with, or why there is none."""
    try:
        suite = kept_suite(folder)
    except FieldsmithError as error:
        return None, f"the suite that it is of cannot be read: {error.message}"
    return suite, f"{KEPT} is missing, so that its cells are not known; the benchmark's own command writes it anew"


def _cell(name: str, run: Path, outcome: Outcome, places: Places | None) -> Finding:
    """All that is found of a cell's run, in one finding."""
    found = [_outcome(run, outcome.result or {})]
    try:
        found += _one(run, places)
    except FieldsmithError as error:
        found.append(Finding("run", f"it cannot be read: {error.message}"))
    faults, open_ones = [f for f in found if f.fault], [f for f in found if f.state == "unchecked"]
    holds = ", ".join(one.check for one in found if one.state == "holds")
    return Finding(
        name,
        several([f"{one.check}: {one.fault}" for one in faults]),
        f"{holds} hold",
        "; ".join(f"{one.check}: {one.unchecked}" for one in open_ones) + f"; {holds} hold" if open_ones else "",
    )


def _outcome(run: Path, result: Mapping[str, Any]) -> Finding:
    """Whether the benchmark tells of a cell what its run does."""
    kept, told = json_of(run / "result.json"), without_paths(result)
    return compared("cell", list(differences(without_paths(kept), told, "result.json", cells.FILE)), "")
