"""A benchmark's table as Markdown, CSV, JSON and one HTML file that opens offline."""

import csv
import io
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from fieldsmith.files import write_whole
from fieldsmith.orchestrator.bench.cells import WORDS
from fieldsmith.orchestrator.bench.table import Interval, Leaderboard, Row, Standing
from fieldsmith.orchestrator.bench.verdicts import verdicts
from fieldsmith.reports.html import environment
from fieldsmith.reports.numbers import number
from fieldsmith.reports.plain import visible

NAME = "leaderboard"
LONGEST = 60
LEFT, RIGHT, STEP, TOP = 190.0, 20.0, 26.0, 8.0
WIDTH = 560.0
"""Of a plot, in its own units."""


def write_leaderboard(board: Leaderboard, folder: Path, command: str = "") -> Path:
    """Write `leaderboard.md`, `.csv`, `.json` and `.html`, each in one step; where the page lies."""
    texts = {"md": markdown(board), "csv": as_csv(board), "json": as_json(board), "html": page(board, command)}
    for ending, text in texts.items():
        write_whole(folder / f"{NAME}.{ending}", text.encode("utf-8", "replace"))
    return folder / f"{NAME}.html"


def markdown(board: Leaderboard) -> str:
    """The table, and below it what its figures mean and what is missing."""
    heads = ["author", "strategy", *board.tasks, "all tasks", "ran", "tokens", "USD", "seconds"]
    rows = [[_cell(word) for word in _texts(board, row)] for row in board.rows]
    lines = [f"# {visible(board.title)}", "", _line(map(_cell, heads)), _line("---" for _ in heads), *map(_line, rows)]
    return "\n".join([*lines, "", *(f"- {words}" for words in notes(board)), ""])


def notes(board: Leaderboard) -> list[str]:
    """What the figures are, in sentences."""
    told = [
        "Errors are nRMSE on test samples that no author sees: geometric means over seeds, with Student's 95 % interval of the logarithms where there are two seeds or more.",
        "Over all tasks each task counts once; the interval is that of the tasks' means.",
        "A run in which no program ran counts with an error of 1, that of an answer of zeros.",
    ]
    if any(not one.by_decades for row in board.rows for one in row.tasks.values()):
        told.append("Scores of environments and metrics of a task's own are arithmetic means; nothing counts as 0.")
    if any(row.published for row in board.rows):
        told.append("Rows marked as published were not measured here, and against other references.")
    if any(row.baseline for row in board.rows):
        told.append("Baselines reason by fixed rules (the built-in author), not at all (scan, in random order), or once (a single shot of a model); a row is held against those that took no more candidates, tokens and dollars.")  # fmt: skip
    told += verdicts(board)
    for state, count in board.missing.items():
        words = WORDS.get(state, state)  # type: ignore[call-overload]
        told.append(f"{count} of {board.cells} cells are not in the table: {words}.")
    return told


def as_csv(board: Leaderboard) -> str:
    """A line for each author, strategy and task."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["author", "strategy", "task", "metric", "mean", "low", "high", "ran", "of", "tokens", "usd", "seconds", "values", "published", "baseline"])  # fmt: skip
    for row in board.rows:
        for task, one in row.tasks.items():
            interval = one.interval or Interval(math.nan)
            figures = [interval.mean, interval.low, interval.high, one.ran, one.of, one.tokens, one.usd, one.seconds]
            values = " ".join(f"{value:.6e}" for value in one.values)
            writer.writerow([row.author, row.strategy, task, one.metric, *("" if f is None else f for f in figures), values, row.published, row.baseline])  # fmt: skip
    return stream.getvalue()


def as_json(board: Leaderboard) -> str:
    return json.dumps(fields(board), indent=1, allow_nan=False)


def fields(board: Leaderboard) -> dict[str, Any]:
    """Plain values for JSON."""
    return {
        "title": board.title,
        "tasks": list(board.tasks),
        "cells": board.cells,
        "missing": dict(board.missing),
        "not_beating": verdicts(board),
        "rows": [
            {
                "author": row.author,
                "strategy": row.strategy,
                "published": row.published or None,
                "baseline": row.baseline or None,
                "overall": asdict(row.overall) if row.overall else None,
                "ran": row.ran[0],
                "of": row.ran[1],
                "tokens": row.total("tokens"),
                "usd": row.total("usd"),
                "seconds": row.total("seconds"),
                "tasks": {task: _standing_fields(one) for task, one in row.tasks.items()},
            }
            for row in board.rows
        ],
    }


def _standing_fields(one: Standing) -> dict[str, Any]:
    return {**asdict(one), "schemes": dict(one.schemes), "interval": asdict(one.interval) if one.interval else None}


def page(board: Leaderboard, command: str = "") -> str:
    """The page as text; whatever programs and models wrote stands in it as text."""
    return environment.get_template("leaderboard.html.jinja").render(
        asked={"title": visible(board.title, 300)},
        board=board,
        rows=[_Shown(row, _texts(board, row)) for row in board.rows],
        plots=list(_plots(board)),
        notes=notes(board),
        schemes=list(_schemes(board)),
        command=visible(command, 8000),
        written=time.strftime("%Y-%m-%d %H:%M:%S"),
        data=Markup("{}"),
        sheets=("leaderboard.css",),
        scripts=["basics.js", "theme.js"],
        number=number,
        visible=visible,
        state_words=WORDS,
    )


@dataclass(frozen=True)
class _Shown:
    row: Row
    texts: Sequence[str]


def _texts(board: Leaderboard, row: Row) -> list[str]:
    """A row's cells as texts."""
    ran, of = row.ran
    tokens, usd = row.total("tokens"), row.total("usd")
    return [
        f"{row.author}{' (published)' if row.published else ' (baseline)' if row.baseline else ''}",
        row.strategy,
        *(_told(row.tasks[task].interval) if task in row.tasks else "-" for task in board.tasks),
        _told(row.overall),
        f"{ran}/{of}" if of else "-",
        "-" if row.published else "unknown" if tokens is None else f"{tokens:,.0f}",
        "-" if row.published else "unknown" if usd is None else f"{usd:.2f}",
        "-" if row.published else f"{row.total('seconds') or 0.0:,.0f}",
    ]


def _told(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    if interval.low is None or interval.high is None:
        return f"{interval.mean:.2e}"
    return f"{interval.mean:.2e} ({interval.low:.1e} to {interval.high:.1e})"


def _cell(text: str) -> str:
    return visible(text, 200).replace("|", "\\|")


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


@dataclass(frozen=True)
class _Dot:
    """In the plot's units."""

    name: str
    y: float
    x: float
    low: float
    high: float
    told: str
    published: bool


@dataclass(frozen=True)
class _Plot:
    """One task: who came to what, on an axis by decades where figures are errors."""

    task: str
    metric: str
    height: float
    dots: Sequence[_Dot]
    ticks: Sequence[tuple[float, str]]


def _plots(board: Leaderboard) -> Iterator[_Plot]:
    for task in board.tasks:
        rows = [(row, row.tasks[task]) for row in board.rows if task in row.tasks and row.tasks[task].interval]
        if rows:
            yield _plot(task, rows)


def _plot(task: str, rows: Sequence[tuple[Row, Standing]]) -> _Plot:
    decades = rows[0][1].by_decades
    ends = [e for _, one in rows for i in [one.interval] if i for e in (i.mean, i.low, i.high) if e is not None]
    scale = (lambda v: math.log10(max(v, 1e-17))) if decades else float
    low, high = min(map(scale, ends)), max(map(scale, ends))
    low, high = (math.floor(low), math.ceil(high)) if decades else (min(low, 0.0), high)
    span = (high - low) or 1.0

    def place(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (scale(value) - low) / span

    dots = []
    for n, (row, one) in enumerate(rows):
        interval = one.interval
        assert interval is not None
        name = visible(f"{row.author} {row.strategy}", LONGEST)
        edges = interval.low if interval.low is not None else interval.mean, interval.high if interval.high is not None else interval.mean  # fmt: skip
        dots.append(_Dot(name, TOP + STEP * (n + 0.5), place(interval.mean), place(edges[0]), place(edges[1]), _told(interval), bool(row.published)))  # fmt: skip
    marks = range(int(low), int(high) + 1, max(1, int(span) // 6)) if decades else [low, (low + high) / 2, high]
    ticks = [(place(10.0**m if decades else m), f"1e{m}" if decades else f"{m:.2g}") for m in marks]
    return _Plot(task, rows[0][1].metric, TOP + STEP * len(rows) + 30.0, dots, ticks)


def _schemes(board: Leaderboard) -> Iterator[tuple[str, str, str]]:
    """Author and strategy, task, what was chosen how often."""
    for row in board.rows:
        for task, one in row.tasks.items():
            if one.schemes:
                told = "; ".join(f"{scheme} ({count})" for scheme, count in one.schemes.most_common(3))
                yield f"{row.author} {row.strategy}", task, visible(told, 400)
