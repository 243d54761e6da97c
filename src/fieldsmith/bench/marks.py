"""What figures of a task are held against: what the trusted method reaches on the test samples, and how far off their reference may itself be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldsmith.bench.cells import Outcome
from fieldsmith.bench.suite import Cell
from fieldsmith.tasks.task import NRMSE


@dataclass(frozen=True)
class Mark:
    """Means of nRMSE over the test samples of one task, None where unknown. reference: the reference's own error."""

    trusted: float | None = None
    reference: float | None = None

    def alike(self, one: float, other: float) -> bool:
        """Whether two errors differ by no more than the reference may be off, so that it cannot tell which is smaller."""
        return self.reference is not None and abs(one - other) <= self.reference


UNKNOWN = Mark()


def marks(cells: Iterable[Cell], outcomes: Mapping[str, Outcome]) -> dict[str, Mark]:
    """By task, of those that are judged by nRMSE and in which a program has run; of cells with other data of one task the larger figures."""
    found = dict[str, Mark]()
    for cell in cells:
        outcome = outcomes.get(cell.name)
        best = (outcome.result or {}).get("best") if outcome is not None and outcome.done else None
        test = (best or {}).get("test") or {}
        if test.get("metric") != NRMSE.name:
            continue
        before = found.get(cell.task, UNKNOWN)
        mark = Mark(
            _larger(before.trusted, test.get("trusted")), _larger(before.reference, test.get("reference_error"))
        )
        if mark != UNKNOWN:
            found[cell.task] = mark
    return found


def _larger(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)
