"""Runs and benchmarks that are not wanted any more: which they are, and their removal; never one that goes on, nor a single cell of a benchmark."""

import shlex
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.orchestrator.budget import spent
from fieldsmith.orchestrator.folder import held
from fieldsmith.orchestrator.index import forget, known_runs
from fieldsmith.orchestrator.listed import Listed, listed
from fieldsmith.orchestrator.record import is_benchmark, is_held

DAY = 86_400.0
CELLS = "cells"
"""The folder in a benchmark's that holds its runs: without one of them its table could not be made anew."""


@dataclass(frozen=True)
class Wanted:
    """Which runs are meant: all that is given holds of each. days: nothing was written for so long."""

    state: str | None = None
    task: str | None = None
    days: float | None = None

    def check(self) -> None:
        """Raises InputError where nothing is said: that would be all runs."""
        if self.state is None and self.task is None and self.days is None:
            words = "Which runs are to be removed is not said."
            raise InputError(words, "Give --state, --task or --older-than DAYS, or name them.")
        if self.days is not None and not self.days >= 0.0:
            raise InputError(f"--older-than {self.days:g} is no time.", "Give a number of days.")


@dataclass(frozen=True)
class Prunable:
    """A run that may be removed. size: bytes of its folder; days: since something was last written."""

    run: Listed
    size: int
    days: float


def prunable(wanted: Wanted) -> Iterator[Prunable]:
    """The runs of this machine that are meant; one that cannot be read is never among them."""
    for folder in known_runs():
        try:
            one = named(folder)
        except FieldsmithError:
            continue
        asked = wanted.state in (None, one.run.state) and wanted.task in (None, one.run.task)
        if asked and (wanted.days is None or one.days >= wanted.days):
            yield one


def named(folder: Path) -> Prunable:
    """One run, or a whole benchmark, by its folder or by a link to it. Raises InputError for what is no run, one that goes on, and a cell of a benchmark."""
    folder = folder.resolve()  # `.` has no parent that could be looked at
    if folder.parent.name == CELLS and (folder.parent.parent / "cells.jsonl").exists():
        words = f"{folder} is a cell of a benchmark, whose table is made of it."
        raise InputError(
            words, f"Remove the whole benchmark: `fieldsmith runs prune {shlex.quote(str(folder.parent.parent))}`."
        )
    run = _benchmark(folder) if is_benchmark(folder) else listed(folder)
    if any(map(is_held, (folder, *folder.glob(f"{CELLS}/*")))):
        raise InputError(f"{folder} is still running.", "End it first, or wait for it.")
    files = [file.stat() for file in folder.rglob("*") if file.is_file()]
    last = max((file.st_mtime for file in files), default=0.0)
    return Prunable(run, sum(file.st_size for file in files), (time.time() - last) / DAY)


def _benchmark(folder: Path) -> Listed:
    """A benchmark as its own table of runs has it: of its cells."""
    cells = [cell for cell in sorted(folder.glob(f"{CELLS}/*")) if cell.is_dir()]
    began = time.strftime(
        "%Y-%m-%d %H:%M", time.localtime(min((cell.stat().st_mtime for cell in cells), default=folder.stat().st_mtime))
    )
    return Listed(folder, "bench", began, "ended", "benchmark", f"{len(cells)} cells", len(cells), None, spent([], 0.0))


def remove(folder: Path) -> None:
    """Remove the folder of a run or of a benchmark, and what the index has of it. Raises InputError for one that goes on, or that cannot be removed."""
    within = [folder, *folder.glob(f"{CELLS}/*")]
    with held(folder):
        try:
            shutil.rmtree(folder)
        except OSError as error:
            words = f"{folder} cannot be removed: {error.strerror}."
            raise InputError(words, "Remove what is left of it by hand.") from None
    for one in within:
        forget(one)
