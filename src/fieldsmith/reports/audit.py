"""Audits of a suite's tasks as a table, as Markdown and as JSON values."""

from collections.abc import Iterator, Sequence
from typing import Any

from fieldsmith.bench.audit.exploit import Audit
from fieldsmith.bench.suite import Suite
from fieldsmith.reports.plain import visible

HEADS = ("task", "metric", "trusted", "simple program", "rewarded from", "best exploit", "gets", "verdict")
NOT_LOOKED_AT = """Not audited: whether a task is worth solving; exploits that take more than a line of thought about one task, such as
invariants that a metric without references leaves open; what a sandbox lets out (`fieldsmith doctor`); whether models have seen
the task in training."""


def fields(suite: Suite, audits: Sequence[Audit], complete: bool = True) -> dict[str, Any]:
    """As JSON values. complete: whether these are all that were to be audited."""
    return {
        "suite": suite.title,
        "file": str(suite.file),
        "tasks": [audit.fields() for audit in audits],
        "sound": all(audit.sound for audit in audits),
        "complete": complete,
    }


def rows(audits: Sequence[Audit]) -> Iterator[tuple[str, ...]]:
    """The table's cells, heads first."""
    yield HEADS
    for audit in audits:
        best = audit.best
        yield (
            visible(audit.task),
            visible(audit.metric),
            _figure(audit.trusted),
            _figure(audit.honest),
            _figure(audit.limit),
            visible(best.words, 48) if best else "none let through" if audit.tried else "-",
            _figure(best.value if best else None),
            "sound" if audit.sound else ", ".join(dict.fromkeys(hole.kind for hole in audit.holes)),
        )


def told(audits: Sequence[Audit]) -> Iterator[str]:
    """A line a task: what is wrong, with what would be right, or that no hole was found; and what could not be looked at."""
    for audit in audits:
        yield f"{'ok  ' if audit.sound else 'HOLE'}  {visible(audit.task)}: {visible(audit.verdict)}"
        yield from (f"      {visible(note)}" for note in audit.notes)


def markdown(suite: Suite, audits: Sequence[Audit], command: str, left: int = 0) -> str:
    """A page with the table, the verdicts, and every exploit with what it earned. left: how many subjects are not audited yet."""
    table = [[cell.replace("|", "\\|") for cell in row] for row in rows(audits)]
    lines = [f"# Audit of {suite.title}", "", f"`{command}`", ""]
    if left:
        lines += [f"**Incomplete**: {left} of {left + len(audits)} are not audited yet.", ""]
    lines += [_line(table[0]), _line(["---"] * len(HEADS))]
    lines += [*map(_line, table[1:]), "", *(f"- {line.strip()}" for line in told(audits)), "", NOT_LOOKED_AT]
    for audit in audits:
        if audit.tried:
            simple = f" The simple program is {audit.simple}." if audit.simple else ""
            lines += ["", f"## {visible(audit.task)}", "", f"{audit.seconds:.0f} s.{simple}", ""]
            lines += [_line(["kind", "answered", "status", audit.metric, "rewarded"]), _line(["---"] * 5)]
            for one in audit.tried:
                words = visible(f"{one.words} ({one.way})" if one.way else one.words).replace("|", "\\|")
                lines.append(_line([one.kind, words, one.status, _figure(one.value), "yes" if one.rewarded else ""]))
    return "\n".join([*lines, ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2e}" if value and not 1e-2 <= abs(value) < 1e4 else f"{value:.3g}"
