"""The plots of a run as PDF and PNG for papers, by matplotlib; what they show is what the page shows."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.orchestrator.record import write_bytes
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.reports import charts
from fieldsmith.reports.plain import visible
from fieldsmith.tasks.task import Picture

FORMATS = ("pdf", "png")
WIDTH = 3.4
"""Inches: a column of a two-column paper."""
STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # fonts that journals accept
}
TEAL, ORANGE, GREY = "#0b6b72", "#c65a1e", "#707a82"
COLOURS = (TEAL, ORANGE, "#6a4fb3", "#3f7d20", "#b0306a", "#1f62b5", "#8a6d00", "#57626c", "#7d2a20")
FEW_POINTS = 32
"""So few values of a line are marked: what lies between them is not known."""
MARKERS = {"draft": "o", "debug": "s", "refine": "^"}
OTHER_MARKER = "D"
AGAINST = {
    "candidates": "candidates",
    "tokens": "tokens, in and out",
    "seconds": "time of writing and running, s",
}
Draw = Callable[[Any], None]


def write_figures(run: RunRecord, folder: Path) -> list[Path]:
    """Write every plot that the run has figures for; the files, in order.

    Raises MissingPart without matplotlib and InputError for a folder that cannot be written.
    """
    figure_module = stylish()
    matplotlib = importlib.import_module("matplotlib")
    written = []
    with matplotlib.rc_context(STYLE):
        for name, size, draw in _plots(run):
            figure = figure_module.Figure(figsize=size, layout="constrained")
            draw(figure)
            written += [save(figure, folder / f"{name}.{kind}", kind) for kind in FORMATS]
    return written


def stylish() -> Any:
    """The module of figures. Raises MissingPart without matplotlib."""
    try:
        return importlib.import_module("matplotlib.figure")
    except ImportError:
        raise MissingPart("Figures need matplotlib.", 'Install it: pip install "fieldsmith[plots]".') from None


def named(text: str, longest: int = 40) -> str:
    """Names from a run as text: matplotlib reads dollar signs as formulas."""
    return visible(text, longest).replace("$", r"\$")


def save(figure: Any, file: Path, kind: str) -> Path:
    """A figure as a file. Raises InputError where it cannot be written."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, metadata={"CreationDate": None} if kind == "pdf" else None)
    try:
        write_bytes(file, buffer.getvalue())
    except OSError as error:
        raise InputError(
            f"{file} cannot be written: {error.strerror}.", "Choose another folder with --figures."
        ) from None
    return file


def _plots(run: RunRecord) -> Iterator[tuple[str, tuple[float, float], Draw]]:
    """Names, sizes in inches, and how each is drawn."""
    for picture in run.best.pictures if run.best else ():
        if picture.axes:
            field = "".join(c if c.isalnum() else "_" for c in picture.field)
            yield f"fields-{field}-{picture.sample}", picture_size(picture), lambda f, p=picture: draw_picture(f, p)
    over_time = charts.over_time(run.best)
    if over_time is not None:
        yield "error-over-time", (WIDTH, 2.5), lambda f: _error_over_time(f, over_time)
    found, trusted = charts.points(run.candidates), charts.trusted(run.candidates)
    ordinate = charts.ordinate(run.candidates)
    if found:
        yield "error-against-time", (WIDTH, 2.5), lambda f: _error_against_time(f, found, trusted, ordinate)
        steps = charts.progress(run.candidates)
        for by in AGAINST:
            if any(getattr(step, by) for step in steps):
                yield f"best-against-{by}", (WIDTH, 2.5), lambda f, by=by: _progress(f, steps, by, trusted, ordinate)
    study = charts.convergence(run.best.candidate.evaluation if run.best else None)
    if study is not None:
        yield "convergence", (WIDTH, 2.5), lambda f: _convergence(f, study)


def picture_size(picture: Picture) -> tuple[float, float]:
    """Width and height in inches."""
    return (2 * WIDTH if picture.reference is not None else WIDTH, 2.1 if len(picture.axes) > 1 else 2.4)


def draw_picture(figure: Any, picture: Picture) -> None:
    """A picture with axes on an empty figure: maps, of a moving picture the last, or lines."""
    note = picture.note
    if len(picture.axes) == 3:
        note = ", ".join(filter(None, (f"{picture.axes[0]} = {picture.places[0][-1]:.4g}", note)))
        reference = None if picture.reference is None else picture.reference[-1]
        picture = replace(
            picture,
            solution=picture.solution[-1],
            reference=reference,
            axes=picture.axes[1:],
            labels=picture.labels[1:],
            extent=picture.extent[2:],
            places=picture.places[1:],
        )
    if note:
        figure.suptitle(named(note), fontsize=7)
    (_lines if len(picture.axes) == 1 else _maps)(figure, picture)


def _maps(figure: Any, picture: Picture) -> None:
    """Solution and reference in one scale, the error in one that is symmetric about zero."""
    solution, reference = _compared(picture)
    scaled = solution if reference is None else reference
    shown = {"vmin": float(scaled.min()), "vmax": float(scaled.max()), "cmap": "viridis"}
    field = named(picture.field)
    panels = [(f"solution of {field}", solution, shown)]
    if picture.given is not None:
        panels.insert(0, (named(picture.given_name), np.nan_to_num(picture.given), {"cmap": "Greys_r"}))
    if reference is not None:
        error = solution - reference
        size = float(np.abs(error).max()) or 1.0
        around = {"vmin": -size, "vmax": size, "cmap": "RdBu_r"}
        panels += [(f"reference of {field}", reference, shown), (f"error of {field}", error, around)]
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    in_time, labels = picture.axes[0] == picture.time, picture.labels or picture.axes
    for place, (name, values, style) in zip(axes, panels, strict=True):
        image = _map(place, picture, values, style)
        place.set_aspect("auto" if in_time else "equal")
        place.set_title(name)
        place.set_xlabel(named(labels[0]))
        bar = figure.colorbar(image, cax=place.inset_axes((1.04, 0.0, 0.05, 1.0)))
        bar.formatter.set_powerlimits((-2, 3))
        bar.outline.set_linewidth(0.4)
    axes[0].set_ylabel(named(labels[1]))


def _map(place: Any, picture: Picture, values: np.ndarray, style: Mapping[str, Any]) -> Any:
    if all(np.allclose(np.diff(places), np.diff(places)[0], rtol=0.01) for places in picture.places):
        image = place.imshow(values.T, origin="lower", extent=picture.extent, interpolation="nearest", **style)
    else:
        image = place.pcolormesh(*picture.places, values.T, shading="nearest", **style)
        place.set_xlim(*picture.extent[:2])
        place.set_ylim(*picture.extent[2:])
    image.set_rasterized(True)
    return image


def _lines(figure: Any, picture: Picture) -> None:
    """Solution over reference, a colour for each component; the error beside them."""
    solution, reference = _compared(picture)
    panels = figure.subplots(1, 1 if reference is None else 2, squeeze=False)[0]
    places = picture.places[0]
    few = len(places) <= FEW_POINTS
    for n, (name, values) in enumerate(zip(picture.components, solution, strict=True)):
        colour = COLOURS[n % len(COLOURS)]
        if reference is not None:
            panels[0].plot(places, reference[n], color=colour, alpha=0.4, linewidth=2.6)
            panels[1].plot(places, values - reference[n], color=colour, marker="o" if few else "", markersize=2.5)
        style = {"color": colour, "linestyle": "-" if reference is None else "--"}
        panels[0].plot(places, values, label=named(name), marker="o" if few else "", markersize=2.5, **style)
    for panel in panels:
        panel.set_xlabel(named((picture.labels or picture.axes)[0]))
        panel.grid(axis="y", color="#dddddd", linewidth=0.5)
        panel.ticklabel_format(axis="y", scilimits=(-2, 3))
        panel.set_axisbelow(True)
    if reference is not None:
        panels[0].set_title(f"{named(picture.field)}: solution dashed, reference solid")
        panels[1].set_title(f"error of {named(picture.field)}")
    if len(picture.components) > 1:
        figure.legend(loc="outside lower center", ncols=9, handlelength=1.6, columnspacing=1.0, handletextpad=0.5)


def _compared(picture: Picture) -> tuple[np.ndarray, np.ndarray | None]:
    """Solution and reference without what cannot be drawn."""
    known = picture.reference
    return np.nan_to_num(picture.solution), None if known is None else np.nan_to_num(known)


def _error_against_time(
    figure: Any, found: Sequence[charts.Point], trusted: float | None, ordinate: charts.Ordinate
) -> None:
    axes = figure.subplots()
    for move in dict.fromkeys(point.move for point in found):
        own = [point for point in found if point.move == move]
        style = MARKERS.get(move, OTHER_MARKER)
        seconds, errors = [p.seconds for p in own], [p.error for p in own]
        axes.plot(seconds, errors, style, color=TEAL, markersize=4, label=named(move), linestyle="none")
    front = charts.front(found)
    if len(front) > 1:
        seconds, errors = [p.seconds for p in front], [p.error for p in front]
        axes.step(
            seconds, errors, where="post", color=GREY, linestyle="--", linewidth=1, label="Pareto front", zorder=1
        )
    _finish(axes, "processor time of the call, s", _name_of(ordinate), trusted, ordinate.log)
    axes.set_xscale("log")
    ticker = importlib.import_module("matplotlib.ticker")
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())


def _progress(
    figure: Any, steps: Sequence[charts.Step], by: str, trusted: float | None, ordinate: charts.Ordinate
) -> None:
    axes = figure.subplots()
    ran = [step for step in steps if step.error is not None]
    failed = [step for step in steps if step.error is None]
    best = [step for step in steps if step.best is not None]
    axes.step([getattr(s, by) for s in best], [s.best for s in best], where="post", color=TEAL, label="best so far")
    axes.plot([getattr(s, by) for s in ran], [s.error for s in ran], "o", color=TEAL, markersize=3.5, label="candidate")
    if failed:
        beside = ordinate.beyond([s.error for s in ran if s.error is not None])
        places = [getattr(s, by) for s in failed]
        axes.plot(places, [beside] * len(failed), "x", color=ORANGE, markersize=4, label="failed")
    _finish(axes, AGAINST[by], _name_of(ordinate), trusted, ordinate.log)


def _error_over_time(figure: Any, known: charts.OverTime) -> None:
    axes = figure.subplots()
    for n, (name, errors) in enumerate(known.curves):
        drawn = [(t, error) for t, error in zip(known.times, errors, strict=True) if error > 0.0]
        style = {"color": COLOURS[n % len(COLOURS)], "linestyle": ("-", "--", ":", "-.")[n % 4]}
        axes.plot(*zip(*drawn, strict=True), label=named(name), **style) if drawn else None
    _finish(axes, "t", f"{known.split} error by frame", None)


def _convergence(figure: Any, study: charts.Convergence) -> None:
    axes = figure.subplots()
    for used, face in ((True, TEAL), (False, "white")):
        own = [p for p, one in zip(study.points, study.used, strict=True) if (one or study.order is None) == used]
        places, errors = [p.resolution for p in own], [p.error for p in own]
        axes.plot(places, errors, "o", markerfacecolor=face, color=TEAL, markersize=4.5)
    if study.fit:
        places, errors = [p.resolution for p in study.fit], [p.error for p in study.fit]
        axes.plot(places, errors, "--", color=ORANGE, label=f"order {study.order:.2f}")
    axes.set_xscale("log", base=2)
    resolutions = [p.resolution for p in study.points]
    axes.set_xticks(resolutions, [str(n) for n in resolutions])
    axes.minorticks_off()
    _finish(axes, "intervals along an axis", "nRMSE on smooth data", None)


def _name_of(ordinate: charts.Ordinate) -> str:
    return f"dev {named(ordinate.metric)}{'' if ordinate.lower_is_better else ', higher is better'}"


def _finish(axes: Any, x: str, y: str, trusted: float | None, log: bool = True) -> None:
    axes.set_yscale("log" if log else "linear")
    if trusted:
        axes.axhline(trusted, color=ORANGE, linestyle=":", label="trusted")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(axis="y", color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)
    if axes.get_legend_handles_labels()[0]:
        axes.figure.legend(loc="outside upper center", ncols=5, handlelength=1.6, columnspacing=1.0, handletextpad=0.5)
