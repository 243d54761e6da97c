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
    "", "test nRMSE", "geometric mean", "s alone", "s in a batch", "parameters", "s of training", "s of data", "drift", "place",
)  # fmt: skip


def rows(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """The table with its head, what is not known left empty."""
    return [COLUMNS, *(_row(one) for one in entries)]


def _row(one: Entry) -> tuple[str, ...]:
    error = _figure(one.nrmse, ".3e") if one.nrmse is not None else one.reason[:60]
    count = f"{one.parameters:,}" if one.parameters else ""
    training, data = _figure(one.training, ".0f"), _figure(one.data, ".1f")
    figures = (_figure(one.geometric, ".1e"), _figure(one.alone, ".2g"), _figure(one.together, ".2g"))
    return (one.name, error, *figures, count, training, data, _figure(one.drift, ".1e"), one.place)


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def as_csv(entries: Sequence[Entry]) -> str:
    """One line each, fields as they are called in `Entry`."""
    stream = io.StringIO()
    listed = [{name: value for name, value in asdict(one).items() if name != "samples"} for one in entries]
    writer = csv.DictWriter(stream, list(listed[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return stream.getvalue()


def write_ranking(entries: Sequence[Entry], title: str, folder: Path) -> list[Path]:
    """`ranking.pdf` and `ranking.png`: error against the time of an answer alone, operators and programs told apart; the files.

    Raises MissingPart without matplotlib and InputError for a folder that cannot be written.
    """
    figure_module = stylish()
    matplotlib = importlib.import_module("matplotlib")
    with matplotlib.rc_context(STYLE):
        figure = figure_module.Figure(figsize=(WIDTH * 1.4, 3.2), layout="constrained")
        _draw(figure.subplots(), [one for one in entries if one.nrmse and one.alone], title)
        return [save(figure, folder / f"ranking.{kind}", kind) for kind in FORMATS]


MARKS: Mapping[str, str] = {"operator": "o", "solver": "s"}


def _draw(axes: Any, entries: Sequence[Entry], title: str) -> None:
    for n, one in enumerate(entries):
        label = named(one.name, 40)
        axes.plot([one.alone], [one.nrmse], MARKS[one.kind], color=COLOURS[n % len(COLOURS)], markersize=7, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("seconds for one sample")
    axes.set_ylabel("nRMSE on test")
    axes.set_title(title)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
