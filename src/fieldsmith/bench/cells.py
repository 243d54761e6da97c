"""What has come of each cell: told apart whether it was run to its end, and if not why; kept as lines of a file beside the runs."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from fieldsmith.bench.suite import Cell, Suite
from fieldsmith.errors import FieldsmithError, MissingPart
from fieldsmith.orchestrator.command import typed
from fieldsmith.orchestrator.listed import listed
from fieldsmith.orchestrator.record import is_held
from fieldsmith.orchestrator.versions import Newer

FILE = "cells.jsonl"
State = Literal["done", "provider", "machine", "budget", "interrupted", "refused", "fault"]
WORDS: Mapping[str, str] = {
    "done": "done",
    "provider": "the provider gave up",
    "machine": "the machine lacks something, such as the sandbox",
    "budget": "the benchmark's money or time is spent",
    "interrupted": "interrupted",
    "refused": "cannot be asked",
    "fault": "a fault",
}
AGAIN: tuple[State, ...] = ("provider", "machine", "fault")
"""What is worth a second try at once."""
BY_EXIT: Mapping[int, State] = {0: "done", 1: "done", 2: "refused", 3: "machine", 4: "provider", 130: "interrupted"}


@dataclass(frozen=True)
class Outcome:
    """Of one cell. `result` is the last line of its command, only where the cell is done: nothing else is ever a score.

    words: the command that it came of; another one is another question. usd: dollars that were spent on it, whatever came of it, None where that is unknown. folder: of its run, below `cells/`.
    """

    cell: str
    state: State
    words: list[str]
    message: str = ""
    result: Mapping[str, Any] | None = None
    seconds: float = 0.0
    usd: float | None = 0.0
    folder: str = ""
    ended: str = field(default_factory=lambda: time.strftime("%Y-%m-%d %H:%M:%S"))

    @property
    def done(self) -> bool:
        return self.state == "done"


def words_of(cell: Cell) -> list[str]:
    """The command that runs a cell, without the name of the program and where it is run."""
    return [*(["env", "run"] if cell.acts else ["solve"]), *typed(cell.question)]


def run_of(cell: Cell, folder: Path) -> Path:
    """Where a cell's run lies."""
    return folder.absolute() / "cells" / cell.folder


def keep(folder: Path, outcome: Outcome) -> None:
    with (folder / FILE).open("a+b") as stream:
        whole = stream.tell() == 0 or (stream.seek(-1, os.SEEK_END), stream.read(1))[1] == b"\n"
        line = json.dumps(asdict(outcome), allow_nan=False, default=str)
        # What a kill has left of a line must not swallow the next one.
        stream.write(f"{'' if whole else chr(10)}{line}\n".encode())


def kept(folder: Path, first: int | None = None) -> dict[str, Outcome]:
    """The latest outcome of each cell, of all lines or of the first so many. A line that a kill has left half-written is none."""
    found: dict[str, Outcome] = {}
    for line in _lines(folder / FILE)[:first]:
        try:
            outcome = Outcome(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found[outcome.cell] = outcome
    return found


def asked_so(suite: Suite, known: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Of these, what came of the suite's cells as it asks them now."""
    named = {cell.name: known[cell.name] for cell in suite.cells if cell.name in known}
    return {
        cell.name: named[cell.name]
        for cell in suite.cells
        if cell.name in named and named[cell.name].words == words_of(cell)
    }


def count(folder: Path) -> int:
    """How many lines of outcomes there are."""
    return len(_lines(folder / FILE))


def _lines(file: Path) -> Sequence[str]:
    return file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []


def last(cell: Cell, folder: Path, known: Mapping[str, Outcome]) -> Outcome | None:
    """What came of a cell when it was asked for last; None for one that was never asked, was asked otherwise, or was done and is damaged."""
    outcome = known.get(cell.name)
    if outcome is None or outcome.words != words_of(cell):
        return None
    return outcome if not outcome.done or intact(run_of(cell, folder)) else None


def intact(run: Path) -> bool:
    """Whether a run that was done can be read."""
    try:
        result = json.loads((run / "result.json").read_text(encoding="utf-8"))
        whole = isinstance(result, dict) and listed(run).state == "done"
        return whole and (not result.get("solver") or (run / "best" / "solver.py").is_file())
    except (FieldsmithError, OSError, ValueError):
        return False


def damaged(run: Path) -> bool:
    """Whether a run can neither be shown nor taken up: it cannot be read, or says that it is done and lacks its files.

    One that was taken up and killed is whole, whatever an earlier sitting has left in its result; so is one of a newer version, and one on a disk that fails.
    """
    if not run.exists() or is_held(run):
        return False
    try:
        return listed(run).state == "done" and not intact(run)
    except (Newer, MissingPart):
        return False
    except (FieldsmithError, OSError, ValueError):
        return any(run.iterdir())


def set_aside(run: Path) -> None:
    """Make room for a run whose folder cannot be taken up; what is there stays, under another name."""
    for n in range(1, 1000):
        aside = run.with_name(f"{run.name}.damaged-{n}")
        if not aside.exists():
            run.rename(aside)
            return
