"""A leaderboard on a terminal: means alone, aligned; files and page hold the intervals."""

import re
from collections.abc import Iterator, Sequence

from fieldsmith.bench.cells import WORDS
from fieldsmith.bench.table import Interval, Leaderboard, Row
from fieldsmith.reports.leaderboard import told_mean
from fieldsmith.reports.plain import visible

LONGEST = 28
GAP = "  "


def table(board: Leaderboard, width: int) -> Iterator[str]:
    """Lines for a terminal of so many columns; where the tasks do not fit, what they come to together. Then what is missing."""
    lines = _aligned(board, board.tasks)
    if max(map(len, lines)) > width and len(board.tasks) > 1:
        lines = _aligned(board, ())
    yield from lines
    for state, count in board.missing.items():
        yield f"{count} of {board.cells} cells are not in the table: {WORDS.get(state, state)}."


def _aligned(board: Leaderboard, tasks: Sequence[str]) -> list[str]:
    together = len(board.tasks) > 1
    heads = [
        "author",
        "strategy",
        *(_brief(task) for task in tasks),
        *[board.so_far or "all tasks"][:together],
        "ran",
        "tokens",
        "USD",
        "s",
    ]
    rows = [heads, *(_texts(row, tasks, together) for row in board.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [GAP.join(t.ljust(w) if n < 2 else t.rjust(w) for n, (t, w) in enumerate(zip(row, widths, strict=True))).rstrip() for row in rows]  # fmt: skip


def _brief(task: str) -> str:
    """A task without its parameters."""
    return visible(re.split("[,@]", task)[0], 14)


def _texts(row: Row, tasks: Sequence[str], together: bool) -> list[str]:
    means = [
        _mean(row.tasks[task].interval, row.tasks[task].by_decades) if task in row.tasks else "-" for task in tasks
    ]
    ran, of = row.ran
    figures = [f"{ran}/{of}", row.tokens_told, _total(row.total("usd"), ".2f"), _total(row.total("seconds"), ",.0f")]  # fmt: skip
    strategy = row.apart or visible(row.strategy, LONGEST) + (" (baseline)" if row.baseline else "")
    ends = ["-"] * 4 if row.apart else figures
    return [visible(row.author, LONGEST), strategy, *means, *[_mean(row.overall, True)][:together], *ends]


def _mean(interval: Interval | None, by_decades: bool) -> str:
    return "-" if interval is None else told_mean(interval, by_decades)


def _total(value: float | None, form: str) -> str:
    return "unknown" if value is None else f"{value:{form}}"
