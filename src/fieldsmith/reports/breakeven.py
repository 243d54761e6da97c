"""Breakeven figures as a table, as CSV, and as a plot of what is spent against the number of solves."""

import csv
import importlib
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.bench.breakeven import Breakeven, as_row
from fieldsmith.bench.coarser import Level
from fieldsmith.reports.figures import COLOURS, FORMATS, STYLE, WIDTH, named, save, stylish

HEADS = (
    "",
    "nRMSE",
    "s of data (CPU)",
    "s of training",
    "s of tuning",
    "s a solve",
    "solver as good, s",
    "breakeven",
    "95 % interval",
)


def rows(found: Sequence[Breakeven]) -> list[tuple[str, ...]]:
    """The table with its head."""
    return [HEADS, *(_row(one) for one in found)]


def _row(one: Breakeven) -> tuple[str, ...]:
    sign = {"above": "<", "below": ">"}.get(one.beyond, "")
    costs = (
        f"{one.costs.data:.1f}",
        f"{one.costs.training:.1f}",
        f"{one.costs.tuning:.1f}",
        f"{one.costs.operator:.2g}",
    )
    span = f"{_count(one.low)} to {_count(one.high)}"
    return (one.name, f"{one.error:.3e}", *costs, f"{sign} {one.solver:.2g}".strip(), _count(one.solves), span)


def _count(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:,.0f}"


def curve_rows(curve: Sequence[Level]) -> list[tuple[str, ...]]:
    """The solver's own curve as a table."""
    told = [(_on(one), f"{one.error:.3e}", f"{one.seconds:.2g}") for one in curve]
    return [("solver on", "nRMSE", "s a sample"), *told]


def _on(one: Level) -> str:
    """How a level is cheaper."""
    if one.share == one.loosened == 1.0 and one.stride == one.pause == 1:
        return "every single point, every single time"
    if one.stride * one.pause > 1:
        return f"every {_nth(one.stride)} point, every {_nth(one.pause)} time"
    loosened = f", tolerance {one.loosened:g} times" if one.loosened != 1.0 else ""
    return f"{one.share:.4g} of its points along each axis{loosened}"


def _nth(number: int) -> str:
    return {1: "single", 2: "second", 32: "32nd"}.get(number, f"{number}th")


def span_rows(found: Sequence[Breakeven]) -> list[tuple[str, ...]]:
    """The breakeven figures by spans of time as a table."""
    told = [(one.name, one.span, f"{one.error:.3e}", f"{one.solver:.2g}", _count(one.solves)) for one in found]
    return [("", "part of the time", "nRMSE", "solver as good, s", "breakeven"), *told]


def notes(found: Sequence[Breakeven]) -> list[str]:
    """What the figures do not say by themselves."""
    told = []
    if any(one.beyond == "above" for one in found):
        told.append("<: the operator errs more than the solver on the fewest points; one that errs as much would be cheaper still, and the breakeven is later.")  # fmt: skip
    if any(one.beyond == "below" for one in found):
        told.append(">: the operator errs less than the solver on all points; one that errs as little would be dearer, and the breakeven is earlier.")  # fmt: skip
    if any(math.isinf(one.solves) for one in found):
        told.append("never: an answer of the operator is no cheaper than the solver's that errs as much.")
    return told


def as_csv(found: Sequence[Breakeven]) -> str:
    """One line each."""
    stream = io.StringIO()
    listed = [as_row(one) for one in found]
    writer = csv.DictWriter(stream, list(listed[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return stream.getvalue()


def write_breakeven(found: Sequence[Breakeven], solver: str, title: str, folder: Path) -> list[Path]:
    """`breakeven.pdf` and `breakeven.png`: seconds spent against solves, an operator's line and that of the solver that errs as much; the files.

    Raises MissingPart without matplotlib and InputError for a folder that cannot be written.
    """
    figure_module = stylish()
    matplotlib = importlib.import_module("matplotlib")
    with matplotlib.rc_context(STYLE):
        figure = figure_module.Figure(figsize=(WIDTH * 1.6, 3.2), layout="constrained")
        _draw(figure.subplots(), found, solver, title)
        return [save(figure, folder / f"breakeven.{kind}", kind) for kind in FORMATS]


def _draw(axes: Any, found: Sequence[Breakeven], solver: str, title: str) -> None:
    known = [one.solves for one in found if math.isfinite(one.solves)]
    count = np.geomspace(1, 10 * max(known, default=1e5), 200)
    for n, one in enumerate(found):
        colour = COLOURS[n % len(COLOURS)]
        axes.plot(
            count,
            one.costs.before + count * one.costs.operator,
            color=colour,
            label=named(f"{one.name}: {one.error:.1e}", 50),
        )
        axes.plot(count, count * one.solver, color=colour, linestyle=":", label=named(f"{solver}, as good", 50))
        if math.isfinite(one.solves):
            axes.plot([one.solves], [one.solves * one.solver], "o", color=colour, markersize=5)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("solves")
    axes.set_ylabel("seconds spent")
    axes.set_title(title)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
