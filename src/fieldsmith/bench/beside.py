"""Learned operators that a run's best program was ranked beside, in the run's folder: its report shows them, and leaderboards have them as rows of their own."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldsmith.bench.cells import Outcome
from fieldsmith.bench.suite import Suite
from fieldsmith.bench.table import Interval, Row, Standing, over
from fieldsmith.tasks.task import NRMSE

FILE = "beside.json"


@dataclass(frozen=True)
class Learned:
    """An operator on one task: its test error, what it took to have (seconds of training by the clock, of processor time for its samples), and the device that it was trained on."""

    name: str
    nrmse: float
    training: float
    data: float
    device: str


def learned_beside(folder: Path) -> list[Learned]:
    """Operators that a ranking has left in a run's folder; none where there is no file, or no sound one."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))["operators"]
        found = [
            Learned(str(o["name"]), float(o["nrmse"]), float(o["training"]), float(o["data"]), str(o["device"]))
            for o in told
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [one for one in found if math.isfinite(one.nrmse) and one.nrmse >= 0]


def learned_rows(folder: Path, suite: Suite, outcomes: Mapping[str, Outcome]) -> list[Row]:
    """A row for each operator that a cell's program was ranked beside, over the tasks on which it was; a figure is of one training, and no seed of any author's.

    Of several operators that are called alike on one task the better ones come first; the others are numbered.
    """
    by_task: dict[str, set[Learned]] = {}
    for cell in suite.cells:
        outcome = outcomes.get(cell.name)
        if outcome is not None and outcome.done:
            by_task.setdefault(cell.task, set()).update(learned_beside(folder / "cells" / outcome.folder))
    rows: dict[str, dict[str, Learned]] = {}
    for task, found in by_task.items():
        for name, one in _numbered(found):
            rows.setdefault(name, {})[task] = one
    return [_row(name, of) for name, of in rows.items()]


def _numbered(found: set[Learned]) -> Iterator[tuple[str, Learned]]:
    known: dict[str, int] = {}
    for one in sorted(found, key=lambda one: (one.name, one.nrmse, one.training)):
        known[one.name] = count = known.get(one.name, 0) + 1
        yield one.name if count == 1 else f"{one.name} ({count})", one


def _row(name: str, of: Mapping[str, Learned]) -> Row:
    tasks = {task: Standing(task, NRMSE.name, True, (one.nrmse,), 0, 0, None, None, 0.0) for task, one in of.items()}
    overall = Interval(over([one.nrmse for one in of.values()], by_decades=True).mean)
    training, data = (math.fsum(getattr(one, what) for one in of.values()) for what in ("training", "data"))
    where = ", ".join(sorted({one.device for one in of.values()}))
    learned = f"{training:.3g} s of training on {where}, {data:.3g} s of processor time for its samples"
    return Row(name, "", tasks, overall, learned=learned)
