"""A benchmark's table as Markdown, CSV and JSON, and what its figures are in words."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import zip_longest
from typing import Any

from fieldsmith import __version__
from fieldsmith.bench.cells import WORDS
from fieldsmith.bench.marks import UNKNOWN
from fieldsmith.bench.table import Interval, Leaderboard, Row, Standing
from fieldsmith.bench.verdicts import verdicts
from fieldsmith.reports.plain import visible

TRUSTED, REFERENCE = "trusted method", "reference's own error"


def markdown(board: Leaderboard) -> str:
    """The table, and below it what its figures mean and what is missing."""
    heads = [
        "author",
        "strategy",
        *board.tasks,
        f"all tasks ({board.so_far})" if board.so_far else "all tasks",
        "ran",
        "tokens",
        "USD",
        "seconds",
        "claims unconfirmed",
    ]
    told = [_texts(board, row) for row in board.rows]
    told += [
        [f"*{name}*", "", *(f"{f:.2e}" if f is not None else "-" for f in figures), *["-"] * 6]
        for name, figures in held_against(board)
    ]
    if any(row.cache_told for row in board.rows):
        heads.append("from caches")
        caches = [row.cache_told or "-" for row in board.rows]
        told = [[*texts, cached] for texts, cached in zip_longest(told, caches, fillvalue="-")]
    rows = [[_cell(word) for word in texts] for texts in told]
    lines = [f"# {visible(board.title)}", "", _line(map(_cell, heads)), _line("---" for _ in heads), *map(_line, rows)]
    return "\n".join([*lines, "", *(f"- {words}" for words in notes(board)), ""])


def held_against(board: Leaderboard) -> list[tuple[str, list[float | None]]]:
    """What figures are held against, by name: one figure a task, as far as any is known."""
    held = [board.marks.get(task, UNKNOWN) for task in board.tasks]
    rows = [(TRUSTED, [one.trusted for one in held]), (REFERENCE, [one.reference for one in held])]
    return [(name, figures) for name, figures in rows if any(figure is not None for figure in figures)]


def notes(board: Leaderboard) -> list[str]:
    """What the figures are, in sentences."""
    told = []
    standings = [one for row in board.rows for one in row.tasks.values()]
    if not standings or any(one.by_decades for one in standings):
        told += [
            "Errors are nRMSE on test samples that no author sees: geometric means over seeds, with Student's 95 % interval of the logarithms where there are two seeds or more and these change anything.",
            "Over all tasks each task counts once, and a row has a figure only where it has one on each; the interval is that of other seeds of these tasks, not of other tasks.",
            "A run in which no program ran counts with an error of 1, that of an answer of zeros.",
        ]
    if held_against(board):
        told.append(
            "The trusted method, from the same inputs, is a mark and no bound. Figures that differ by no more than the reference's own error cannot be told apart."
        )
    if any(not one.by_decades for one in standings):
        told.append(
            "Scores of environments and metrics of a task's own are arithmetic means; an episode that came to nothing has a score of 0, and for a metric of a task's own a run that came to nothing has no figure."
        )
        told += list(_far_apart(board))
    if any(row.published for row in board.rows):
        told.append("Rows marked as published were not measured here, and against other references.")
        told += [f"{visible(row.author)}: {visible(row.published, 300)}." for row in board.rows if row.published]
    if any(row.learned for row in board.rows):
        told.append("Rows marked as operators are networks that were trained on samples of the task, judged on the same test samples: one training each, so that there is no interval, and no baselines are held against them.")  # fmt: skip
        told += [f"{visible(row.author)}: {visible(row.learned, 300)}." for row in board.rows if row.learned]
    if any(row.baseline for row in board.rows):
        told.append("Baselines reason by fixed rules (the built-in author), not at all (scan, in random order), or once (a single shot of a model); a row is held against those that took no more candidates, tokens and dollars.")  # fmt: skip
    if any(row.claims_told for row in board.rows):
        told.append("Claims unconfirmed: of the orders and errors that plans state and that could be measured, how many measurement did not confirm. No claim enters a figure.")  # fmt: skip
    if any(row.cache_told for row in board.rows):
        told.append("From caches: of the tokens, those that providers read from their caches of prompts, and the dollars that this saved (what writing to them cost taken off); they are in the tokens and dollars beside.")  # fmt: skip
    told += verdicts(board)
    for state, count in board.missing.items():
        words = WORDS.get(state, state)
        told.append(f"{count} of {board.cells} cells are not in the table: {words}.")
    return told


def _far_apart(board: Leaderboard) -> Iterator[str]:
    """Arithmetic means whose interval lies far beyond what was seen: what the few seeds came to."""
    for row in board.rows:
        for task, one in row.tasks.items():
            interval = None if one.by_decades else one.interval
            if interval is None or interval.low is None or interval.high is None:
                continue
            spread = max(one.values) - min(one.values)
            if interval.low < min(one.values) - spread or interval.high > max(one.values) + spread:
                values = ", ".join(f"{value:.4g}" for value in one.values)
                yield f"{visible(row.author)} on {visible(task)}: the {len(one.values)} seeds came to {values}; so few, and so far apart, hardly say where the mean lies."


def as_csv(board: Leaderboard) -> str:
    """A line for each author, strategy and task."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["author", "strategy", "task", "metric", "mean", "low", "high", "ran", "of", "tokens", "usd", "seconds", "values", "published", "baseline", "claims_unconfirmed", "claims_measured", "cached_tokens", "saved_usd", "trusted", "reference_error", "learned"])  # fmt: skip
    for row in board.rows:
        for task, one in row.tasks.items():
            interval = one.interval or Interval(math.nan)
            figures = [interval.mean, interval.low, interval.high, one.ran, one.of, one.tokens, one.usd, one.seconds]
            values = " ".join(f"{value:.6e}" for value in one.values)
            saved = ["" if row.apart or figure is None else figure for figure in (one.cached_tokens, one.saved_usd)]
            writer.writerow([row.author, row.strategy, task, one.metric, *("" if f is None else f for f in figures), values, row.published, row.baseline, *_claims(one), *saved, *_marked(board, task), row.learned])  # fmt: skip
    return stream.getvalue()


def as_json(board: Leaderboard, scaling: Sequence[Mapping[str, Any]] = ()) -> str:
    """scaling: test-time scaling of its rows, as far as it is known."""
    return json.dumps({**fields(board), "scaling": list(scaling)}, indent=1, allow_nan=False)


def fields(board: Leaderboard) -> dict[str, Any]:
    """Plain values for JSON."""
    return {
        "title": board.title,
        "fieldsmith": __version__,
        "outcomes": board.outcomes,
        "tasks": list(board.tasks),
        "cells": board.cells,
        "missing": dict(board.missing),
        "not_beating": verdicts(board),
        "marks": {task: asdict(one) for task, one in board.marks.items()},
        "rows": [
            {
                "author": row.author,
                "strategy": row.strategy,
                "published": row.published or None,
                "learned": row.learned or None,
                "baseline": row.baseline or None,
                "overall": asdict(row.overall) if row.overall else None,
                "ran": row.ran[0],
                "of": row.ran[1],
                "tokens": row.total("tokens"),
                "usd": row.total("usd"),
                "seconds": row.total("seconds"),
                "cached_tokens": row.total("cached_tokens"),
                "saved_usd": row.total("saved_usd"),
                "claims": row.claims,
                "tasks": {task: _standing_fields(one) for task, one in row.tasks.items()},
            }
            for row in board.rows
        ],
    }


def _standing_fields(one: Standing) -> dict[str, Any]:
    return {**asdict(one), "schemes": dict(one.schemes), "interval": asdict(one.interval) if one.interval else None}


def _marked(board: Leaderboard, task: str) -> list[object]:
    one = board.marks.get(task, UNKNOWN)
    return ["" if figure is None else figure for figure in (one.trusted, one.reference)]


def _claims(one: Standing) -> tuple[object, object]:
    """How many claims of plans were not confirmed, and how many could be measured."""
    if one.claims is None:
        return "", ""
    return one.claims["unconfirmed"], one.claims["unconfirmed"] + one.claims["confirmed"]


def _texts(board: Leaderboard, row: Row) -> list[str]:
    """A row's cells as texts."""
    ran, of = row.ran
    usd = row.total("usd")
    return [
        f"{row.author}{f' ({row.apart})' if row.apart else ' (baseline)' if row.baseline else ''}",
        row.strategy,
        *(_standing_told(row.tasks[task]) if task in row.tasks else "-" for task in board.tasks),
        told(row.overall),
        f"{ran}/{of}" if of else "-",
        "-" if row.apart else row.tokens_told,
        "-" if row.apart else "unknown" if usd is None else f"{usd:.2f}",
        "-" if row.apart else f"{row.total('seconds') or 0.0:,.0f}",
        row.claims_told or "-",
    ]


def _standing_told(one: Standing) -> str:
    return told(one.interval, one.by_decades)


def told(interval: Interval | None, by_decades: bool = True) -> str:
    """A mean and its interval in a line."""
    if interval is None:
        return "-"
    ends = told_ends(interval, by_decades)
    return told_mean(interval, by_decades) + (f" ({ends})" if ends else "")


def told_mean(interval: Interval, by_decades: bool = True) -> str:
    return f"{interval.mean:.2e}" if by_decades else f"{interval.mean:.4g}"


def told_ends(interval: Interval, by_decades: bool = True) -> str:
    """Empty where there is no interval."""
    if interval.low is None or interval.high is None:
        return ""
    return f"{interval.low:.1e} to {interval.high:.1e}" if by_decades else f"{interval.low:.3g} to {interval.high:.3g}"


def _cell(text: str) -> str:
    return visible(text, 200).replace("|", "\\|")


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"
