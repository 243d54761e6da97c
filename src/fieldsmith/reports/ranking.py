"""A ranking of operators and programs as a table, as CSV, and as a plot of error against time."""

import csv
import importlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fieldsmith.bench.ranking import Entry
from fieldsmith.reports.figures import COLOURS, FORMATS, STYLE, WIDTH, named, save, stylish

COLUMNS = (
    "", "test nRMSE", "geometric mean", "s alone", "s in a batch", "parameters", "s of training", "s of data", "place",
)  # fmt: skip


def rows(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """The table with its head, what is not known left empty."""
    return [COLUMNS, *(_row(one) for one in entries)]


BEYOND = ("", "nRMSE on half the points", "energy", "two steps for one", "drift")


def beyond_rows(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """What the error does not say, as a table with its head; empty where nothing of it is known."""
    told = [
        (one.name, *(_figure(value, ".1e") or "-" for value in (one.coarser, one.energy, one.semigroup, one.drift)))
        for one in entries
        if one.nrmse is not None
    ]
    return [BEYOND, *told] if any(set(row[1:]) != {"-"} for row in told) else []


def _row(one: Entry) -> tuple[str, ...]:
    error = _figure(one.nrmse, ".3e") if one.nrmse is not None else one.reason[:60]
    count = f"{one.parameters:,}" if one.parameters else ""
    training, data = _figure(one.training, ".0f"), _figure(one.data, ".1f")
    figures = (_figure(one.geometric, ".1e"), _figure(one.alone, ".2g"), _figure(one.together, ".2g"))
    return (one.name, error, *figures, count, training, data, one.place)


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def as_csv(entries: Sequence[Entry]) -> str:
    """One line each, fields as they are called in `Entry`."""
    stream = io.StringIO()
    bins = max((len(one.bins) for one in entries), default=0)
    listed = [_line(one, bins) for one in entries]
    writer = csv.DictWriter(stream, list(listed[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return stream.getvalue()


def _line(one: Entry, bins: int) -> dict[str, object]:
    plain = {name: value for name, value in asdict(one).items() if name not in ("samples", "bins", "first")}
    known = [*one.bins, *[None] * (bins - len(one.bins))]
    return plain | {f"nrmse_{n + 1}_of_{bins}": value for n, value in enumerate(known)}


def write_ranking(entries: Sequence[Entry], title: str, folder: Path) -> list[Path]:
    """`ranking.pdf` and `ranking.png`: error against the time of an answer alone, operators and programs told apart, and where there is a time how errors grow with it; the files.

    Raises MissingPart without matplotlib and InputError for a folder that cannot be written.
    """
    figure_module = stylish()
    matplotlib = importlib.import_module("matplotlib")
    with matplotlib.rc_context(STYLE):
        shown = [one for one in entries if one.nrmse and one.alone]
        timed = any(one.bins for one in shown)
        figure = figure_module.Figure(figsize=(WIDTH * (2.2 if timed else 1.4), 3.2), layout="constrained")
        panels = figure.subplots(1, 1 + timed, squeeze=False)[0]
        _draw(panels[0], shown, title, legend=not timed)
        if timed:
            _draw_bins(panels[1], shown)
        return [save(figure, folder / f"ranking.{kind}", kind) for kind in FORMATS]


MARKS: Mapping[str, str] = {"operator": "o", "solver": "s"}


def _draw_bins(axes: Any, entries: Sequence[Entry]) -> None:
    """Error by spans of time, in the colours of the other panel."""
    for n, one in enumerate(entries):
        values = [float("nan") if value is None else value for value in one.bins]
        marks = f"{MARKS[one.kind]}-"
        axes.plot([k + 1 for k in range(len(values))], values, marks, color=COLOURS[n % len(COLOURS)], label=named(one.name, 40))  # fmt: skip
    bins = max(len(one.bins) for one in entries)
    axes.set_xticks(range(1, bins + 1), [f"{n + 1}/{bins}" for n in range(bins)])
    axes.set_yscale("log")
    axes.set_xlabel("part of the time")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def _draw(axes: Any, entries: Sequence[Entry], title: str, legend: bool) -> None:
    for n, one in enumerate(entries):
        label = named(one.name, 40)
        axes.plot([one.alone], [one.nrmse], MARKS[one.kind], color=COLOURS[n % len(COLOURS)], markersize=7, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("seconds for one sample")
    axes.set_ylabel("nRMSE on test")
    axes.set_title(title)
    axes.grid(visible=True, which="major", alpha=0.3)
    if legend:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
