"""What a run's best program was ranked beside: learned operators, as `operators rank` measured them. It lies in the run's folder, and its report shows it."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fieldsmith.bench.beside import FILE, Learned
from fieldsmith.errors import MissingPart
from fieldsmith.files import write_whole
from fieldsmith.machine import processor
from fieldsmith.reports.plain import visible

MOST = 40
"""Rows that a report shows."""


@dataclass(frozen=True)
class Beside:
    """A table with its head, the day on which it was measured, and the processor."""

    rows: tuple[tuple[str, ...], ...]
    day: str
    machine: str


def keep(folder: Path, rows: Sequence[tuple[str, ...]], learned: Sequence[Learned]) -> None:
    """Leave a table in a run's folder, with its operators as leaderboards take them. Raises MissingPart where it cannot be written."""
    told = asdict(Beside(tuple(rows), time.strftime("%Y-%m-%d"), processor()))
    try:
        write_whole(folder / FILE, json.dumps({**told, "operators": [asdict(one) for one in learned]}, indent=1).encode())  # fmt: skip
    except OSError as error:
        words = f"{folder / FILE} cannot be written: {error.strerror or error}."
        raise MissingPart(words, "The run's report is to show the table: rank a copy of the run.") from None


def kept(folder: Path) -> Beside | None:
    """The table in a run's folder, fit to be shown; None where there is none, or no sound one."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        rows = tuple(tuple(visible(str(word), 60) for word in row) for row in told["rows"][: MOST + 1])
        return Beside(rows, visible(str(told["day"]), 20), visible(str(told["machine"]), 80)) if rows else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
