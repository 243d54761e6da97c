"""Test-time scaling on a page: a plot of what tries come to, with intervals and oracle, and tables; of a run, or of a benchmark's rows task by task."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fieldsmith.bench.estimator import SMALLEST, Expected
from fieldsmith.bench.scaling import Curve, Group, known_curves
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.reports.figures import COLOURS
from fieldsmith.reports.plain import visible
from fieldsmith.reports.scaling import Scaled, known, rows

WIDTH, HEIGHT = 460.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 10.0, 40.0
LONGEST = 80


@dataclass(frozen=True)
class Line:
    """In the plot's units. points: of the expected figure; band: round its interval, oracle: of the best on test; empty where not known.

    values: the figures at the plot's numbers of tries, as texts.
    """

    name: str
    colour: str
    points: str
    band: str
    oracle: str
    values: tuple[str, ...]
    of: str


@dataclass(frozen=True)
class Plot:
    """split: which figures are drawn, since those of test are only known once they were measured."""

    title: str
    metric: str
    split: str
    unit: str
    tries: tuple[int, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class OfRun:
    """What a run tells by itself: a plot, and a table of each curve; `independent` says which of the two kinds it is."""

    plot: Plot | None
    tables: list[tuple[str, list[tuple[str, ...]]]]
    independent: bool
    measured: bool


def of_run(run: RunRecord) -> OfRun | None:
    """None of a run of a single try. Test figures are there once `fieldsmith scaling` has measured them."""
    group = Group("", (run,))
    curves = [curve for curve in known_curves(group) if curve.rows]
    if not curves:
        return None
    measured = any(map(_measured, curves))
    tables = [(curve.kind, known(list(rows(curve)))) for curve in curves]
    return OfRun(_plot("", [(group, curve) for curve in curves], measured), tables, group.independent, measured)


def of_rows(scaled: Scaled) -> list[Plot]:
    """A plot for each task and metric of a benchmark: on test of the rows whose test errors are known, and on dev of all rows where any is not."""
    found: dict[tuple[str, str], list[tuple[Group, Curve]]] = {}
    for group, curves in scaled:
        task = group.name.partition(" / ")[0]
        for curve in curves:
            if curve.rows:
                found.setdefault((task, group.metric), []).append((group, curve))
    plots = [plot for (task, _), lines in found.items() for plot in _plots(task, lines)]
    return [plot for plot in plots if plot is not None]


def _plots(title: str, lines: Sequence[tuple[Group, Curve]]) -> Iterator[Plot | None]:
    measured = [(group, curve) for group, curve in lines if _measured(curve)]
    if measured:
        yield _plot(title, measured, on_test=True)
    if len(measured) < len(lines):
        yield _plot(title, lines, on_test=False)


def _measured(curve: Curve) -> bool:
    return any(not math.isnan(row.test.value) for row in curve.rows)


def _plot(title: str, lines: Sequence[tuple[Group, Curve]], on_test: bool) -> Plot | None:
    """Of test figures, with intervals and oracle, or of dev figures alone; None where there is nothing to draw."""

    def value(row: Expected) -> float:
        return row.test.value if on_test else row.dev

    by_decades = lines[0][0].by_decades
    drawn = [[row for row in curve.rows if not math.isnan(value(row))] for _, curve in lines]
    heights = [_height(value(row), by_decades) for own in drawn for row in own]
    heights += [
        _height(row.oracle, by_decades) for own in drawn for row in own if on_test and not math.isnan(row.oracle)
    ]
    if not heights:
        return None
    low, high = (math.floor(min(heights)), math.ceil(max(heights))) if by_decades else (min(heights), max(heights))
    high = high if high > low else low + 1
    most = max(row.k for own in drawn for row in own)
    tries = tuple(dict.fromkeys(sorted(row.k for own in drawn for row in own)))

    def x(k: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log(k) / math.log(most) if most > 1 else 0.5)

    def y(figure: float) -> float:
        share = (min(max(_height(figure, by_decades), low), high) - low) / (high - low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    return Plot(
        title=visible(title, LONGEST),
        metric=visible(lines[0][0].metric, 40),
        split="test" if on_test else "dev",
        unit="drafts" if all(group.independent for group, _ in lines) else "tries",
        tries=tries,
        x_ticks=tuple((x(k), str(k)) for k in tries if k & (k - 1) == 0 or k == most),
        y_ticks=tuple(_ticks(low, high, by_decades, y)),
        lines=tuple(
            _line(n, group, curve, own, tries, value, x, y, on_test)
            for n, ((group, curve), own) in enumerate(zip(lines, drawn, strict=True))
            if own
        ),
    )


def _line(
    n: int,
    group: Group,
    curve: Curve,
    own: Sequence[Expected],
    tries: Sequence[int],
    value: Callable[[Expected], float],
    x: Callable[[float], float],
    y: Callable[[float], float],
    on_test: bool,
) -> Line:
    banded = [row for row in own if on_test and not math.isnan(row.test.low)]
    ends = [(x(r.k), y(r.test.high)) for r in banded] + [(x(r.k), y(r.test.low)) for r in reversed(banded)]
    known_oracle = [row for row in own if on_test and not math.isnan(row.oracle)]
    there = {row.k: f"{value(row):.2e}" for row in own}
    who = " / ".join(group.name.split(" / ")[1:])
    return Line(
        name=visible(f"{who}: {curve.kind}" if who else curve.kind, LONGEST),
        colour=COLOURS[n % len(COLOURS)],
        points=_points([(x(row.k), y(value(row))) for row in own]),
        band=_points(ends),
        oracle=_points([(x(row.k), y(row.oracle)) for row in known_oracle]),
        values=tuple(there.get(k, "") for k in tries),
        of=f"{curve.of} {'drafts' if group.independent else 'seed' + 's' * (curve.of > 1)}",
    )


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _height(value: float, by_decades: bool) -> float:
    return math.log10(max(value, SMALLEST)) if by_decades else value


def _ticks(low: float, high: float, by_decades: bool, y: Callable[[float], float]) -> list[tuple[float, str]]:
    if not by_decades:
        return [(y(value), f"{value:.3g}") for value in (low, (low + high) / 2, high)]
    step = max(1, math.ceil((high - low) / 5))
    return [(y(10.0**m), f"1e{m}") for m in range(int(low), int(high) + 1, step)]
