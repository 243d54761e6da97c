"""Test-time scaling drawn: the expected test error against tries, tokens, dollars and seconds, by matplotlib."""

from __future__ import annotations

import importlib
import itertools
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fieldsmith.bench.estimator import Expected
from fieldsmith.bench.scaling import Curve
from fieldsmith.reports.figures import COLOURS, FORMATS, STYLE, WIDTH, named, save, stylish
from fieldsmith.reports.scaling import Scaled

AGAINST = {
    "k": "tries",
    "tokens": "tokens, in and out",
    "usd": "US dollars",
    "seconds": "seconds of writing and judging",
}


def write_scaling(scaled: Scaled, folder: Path) -> list[Path]:
    """`scaling-tries.pdf` and so on, as PDF and PNG, and where there are several metrics a file of each; the files. What no row knows, or is 0, is not drawn against.

    Raises MissingPart without matplotlib and InputError for a folder that cannot be written.
    """
    figure_module = stylish()
    matplotlib = importlib.import_module("matplotlib")
    written = []
    metrics = list(dict.fromkeys((group.metric, group.lower_is_better) for group, _ in scaled))
    with matplotlib.rc_context(STYLE):
        for by, metric in itertools.product(AGAINST, metrics):
            own = [(group, curves) for group, curves in scaled if (group.metric, group.lower_is_better) == metric]
            lines = [(group, curve) for group, curves in own for curve in curves if _drawable(curve, by)]
            if not lines:
                continue
            figure = figure_module.Figure(figsize=(WIDTH * 1.4, 3.0), layout="constrained")
            _draw(figure, lines, by, AGAINST[by])
            which = f"-{re.sub(r'[^A-Za-z0-9]+', '-', metric[0])}" if len(metrics) > 1 else ""
            name = f"scaling-{by if by != 'k' else 'tries'}{which}"
            written += [save(figure, folder / f"{name}.{kind}", kind) for kind in FORMATS]
    return written


def _drawable(curve: Curve, by: str) -> bool:
    return len(_known(curve, by)) > 1


def _known(curve: Curve, by: str) -> list[Expected]:
    return [row for row in curve.rows if (getattr(row, by) or 0) > 0 and not math.isnan(row.test.value)]


def _draw(figure: Any, lines: Sequence[tuple[Any, Curve]], by: str, words: str) -> None:
    axes = figure.subplots()
    for n, (group, curve) in enumerate(lines):
        rows = _known(curve, by)
        places, colour = [getattr(row, by) for row in rows], COLOURS[n % len(COLOURS)]
        axes.plot(
            places,
            [row.test.value for row in rows],
            color=colour,
            marker="o",
            markersize=3,
            label=named(f"{group.name}: {curve.kind}", 70),
        )
        banded = [row for row in rows if not math.isnan(row.test.low)]
        if banded:
            at = [getattr(row, by) for row in banded]
            axes.fill_between(
                at, [r.test.low for r in banded], [r.test.high for r in banded], color=colour, alpha=0.15, linewidth=0
            )
        if not math.isnan(rows[0].oracle):
            axes.plot(places, [row.oracle for row in rows], color=colour, linestyle=":", linewidth=1)
    axes.set_xscale("log")
    ticker = importlib.import_module("matplotlib.ticker")
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    metric = lines[0][0].metric
    if lines[0][0].by_decades:
        axes.set_yscale("log")
    axes.set_xlabel(words)
    better = "" if lines[0][0].lower_is_better else ", higher is better"
    axes.set_ylabel(named(f"{metric} on the test split, best on dev{better}", 60))
    axes.grid(color="#dddddd", linewidth=0.5)
    figure.legend(loc="outside lower center", fontsize=6)
