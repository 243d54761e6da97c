"""Test-time scaling as a table, as CSV and JSON, and what its figures are in words."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Any

from fieldsmith.bench.estimator import Expected, Figure
from fieldsmith.bench.scaling import AS_THEY_WENT, Curve, Group
from fieldsmith.bench.table import tokens_told

Scaled = Sequence[tuple[Group, Sequence[Curve]]]
HEADS = ("drafts", "test", "95 % interval", "none runs", "fails on test", "dev", "oracle", "tokens", "USD", "s")
FAILS = HEADS.index("fails on test")
COLUMNS = (
    "group",
    "kind",
    "seeds",
    "of",
    "metric",
    "k",
    "test",
    "low",
    "high",
    "none",
    "failed",
    "dev",
    "oracle",
    "oracle_gap",
    "dev_gap",
    "tokens",
    "usd",
    "seconds",
)


def rows(curve: Curve) -> Iterator[tuple[str, ...]]:
    """The table's cells, heads first; whether the chosen one fails on test is told where it ever does."""
    fails = any(row.failed > 0.0 for row in curve.rows)
    for cells in _rows(curve):
        yield cells if fails else (*cells[:FAILS], *cells[FAILS + 1 :])


def _rows(curve: Curve) -> Iterator[tuple[str, ...]]:
    yield ("candidates" if curve.kind == AS_THEY_WENT else "drafts", *HEADS[1:])
    for row in curve.rows:
        yield (
            str(row.k),
            _number(row.test.value),
            "" if math.isnan(row.test.low) else f"{row.test.low:.2e} to {row.test.high:.2e}",
            f"{100 * row.none:.1f} %",
            f"{100 * row.failed:.1f} %",
            _number(row.dev),
            _number(row.oracle),
            tokens_told(row.tokens, curve.estimated),
            "unknown" if row.usd is None else f"{row.usd:.4f}",
            f"{row.seconds:,.1f}",
        )


def heading(group: Group, curve: Curve) -> str:
    """What a table is of."""
    seeds = len(group.runs)
    if group.independent:
        return f"{group.name}: {curve.kind}, best of k out of {curve.of} ({seeds} run{'s' * (seeds > 1)})"
    return f"{group.name}: best so far after k candidates, over {seeds} seed{'s' * (seeds > 1)}"


def notes(scaled: Scaled) -> Iterator[str]:
    """What the figures are, in sentences."""
    for group, _ in scaled:
        yield from group.left
    if any(group.by_decades for group, _ in scaled):
        yield "Errors are nRMSE, as geometric means; test and dev are those of the program that a run would choose on dev, given that one ran. One that then fails on test counts with an error of 1."
    if any(not group.by_decades for group, _ in scaled):
        yield "A metric of a task's own is an arithmetic mean over the choices that came to one: where the chosen program fails on test, no other takes its place."
    if any(group.independent for group, _ in scaled):
        yield "Independent drafts: the exact expectation over every choice of k of them; intervals by the bootstrap over drafts, which are too narrow where k is near the number of drafts."
    if any(not group.independent for group, _ in scaled):
        yield "Candidates that depend on each other: the runs as they went, with Student's interval over seeds; where nothing had run yet the error is 1."
    yield "The oracle is the best on test, which nobody can select: what lies between is lost by selecting on dev."


def as_csv(scaled: Scaled) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for fields in as_rows(scaled):
        writer.writerow(["" if value is None else value for value in fields.values()])
    return stream.getvalue()


def as_rows(scaled: Scaled) -> list[dict[str, Any]]:
    """One mapping a row of every table; None where a figure is not known. Gaps are ratios of errors, differences of a metric of a task's own."""
    return [
        dict(zip(COLUMNS, (*_of(group, curve), row.k, *_figures(row, group.by_decades)), strict=True))
        for group, curves in scaled
        for curve in curves
        for row in curve.rows
    ]


def _of(group: Group, curve: Curve) -> tuple[object, ...]:
    return group.name, curve.kind, len(group.runs), curve.of, group.metric


def _figures(row: Expected, by_decades: bool) -> tuple[float | None, ...]:
    test: Figure = row.test
    gaps = [_gap(test.value, other, by_decades) for other in (row.oracle, row.dev)]
    figures = (
        test.value,
        test.low,
        test.high,
        row.none,
        row.failed,
        row.dev,
        row.oracle,
        *gaps,
        row.tokens,
        row.usd,
        row.seconds,
    )
    return tuple(None if one is None or math.isnan(one) else one for one in figures)


def _gap(value: float, other: float, by_decades: bool) -> float:
    if not by_decades:
        return value - other
    return value / other if other else math.nan


def known(table: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """A table without the columns that nothing is known of."""
    kept = [n for n, column in enumerate(zip(*table[1:], strict=True)) if any(column)]
    return [tuple(row[n] for n in kept) for row in table]


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3e}"
