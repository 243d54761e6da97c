"""What each cell of a table came to, one by one: its figure, what it took, and where its report lies; of one that is not done, why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fieldsmith.bench.cells import Outcome
from fieldsmith.bench.suite import Cell

SCORE = "score"
"""What episodes of environments come to."""


@dataclass(frozen=True)
class Ended:
    """One cell that has ended. value: on test, None where nothing ran or it is not done. ran, of: programs, or episodes, that ran, and how many there were.

    folder: of its run, below `cells/`; empty where it is not told. message: why it is not done.
    """

    cell: Cell
    state: str
    metric: str
    value: float | None
    ran: int
    of: int
    seconds: float
    folder: str
    message: str


def ended(cells: Iterable[Cell], outcomes: Mapping[str, Outcome]) -> tuple[Ended, ...]:
    """Those of which an outcome is known, in the order of the suite."""
    return tuple(_ended(cell, outcomes[cell.name]) for cell in cells if cell.name in outcomes)


def _ended(cell: Cell, outcome: Outcome) -> Ended:
    result = (outcome.result or {}) if outcome.done else {}
    metric, _, value = figure_of(result) or ("", False, None)
    spend, statuses = result.get("spend") or {}, result.get("statuses") or {}
    seconds = float(spend.get("seconds", outcome.seconds))
    played = len(result.get("episodes") or ())
    ran, of = played or int(statuses.get("ok", 0)), played or int(result.get("candidates") or sum(statuses.values()))
    message = "" if outcome.done else outcome.message
    return Ended(cell, outcome.state, metric, value, ran, of, seconds, outcome.folder, message)


def figure_of(result: Mapping[str, Any]) -> tuple[str, bool, float] | None:
    """Metric, whether lower is better, and its value on the test split; None where nothing ran."""
    best = result.get("best")
    if not best:
        return None
    if "episodes" in result:
        return SCORE, False, float(best["score"])
    test = best.get("test")
    if best.get("status") != "ok" or not test or test.get("value") is None:
        return None
    return str(test["metric"]), bool(test["lower_is_better"]), float(test["value"])
