"""A benchmark's page: its table, a plot a task, and which schemes were chosen; one HTML file that opens offline."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from fieldsmith.bench.cells import WORDS
from fieldsmith.bench.ended import Ended
from fieldsmith.bench.marks import UNKNOWN, Mark
from fieldsmith.bench.table import SMALLEST, Interval, Leaderboard, Row, Standing
from fieldsmith.files import write_whole
from fieldsmith.reports.html import environment
from fieldsmith.reports.leaderboard import as_csv, as_json, held_against, markdown, notes, told, told_ends, told_mean
from fieldsmith.reports.plain import visible
from fieldsmith.reports.scaling import Scaled
from fieldsmith.reports.scaling import as_csv as scaling_csv
from fieldsmith.reports.scaling import as_rows as scaling_rows
from fieldsmith.reports.scaling_page import of_rows
from fieldsmith.tasks.task import NRMSE

NAME = "leaderboard"
LONGEST = 60
LEFT, RIGHT, STEP, TOP, BOTTOM = 16.0, 20.0, 38.0, 4.0, 30.0
WIDTH = 460.0
"""Of a plot, in its own units."""
NO_PLAN = "no plan that could be read"
BEYOND = 1.5
"""Decades beyond the outermost means that are drawn: few seeds have intervals of dozens of decades, beside which nothing else could be seen."""


def write_leaderboard(board: Leaderboard, folder: Path, command: str = "", scaled: Scaled = ()) -> Path:
    """Write `leaderboard.md`, `.csv`, `.json` and `.html`, and `leaderboard-scaling.csv` where there are curves, each in one step; where the page lies."""
    for name, text in forms(board, scaled, command).items():
        write_whole(folder / name, text.encode("utf-8", "replace"))
    return folder / f"{NAME}.html"


def forms(board: Leaderboard, scaled: Scaled = (), command: str = "") -> dict[str, str]:
    """Every form of a table, by the name of its file."""
    curves = {f"{NAME}-scaling.csv": scaling_csv(scaled)} if scaled else {}
    return {
        f"{NAME}.md": markdown(board),
        f"{NAME}.csv": as_csv(board),
        f"{NAME}.json": as_json(board, scaling_rows(scaled)),
        f"{NAME}.html": page(board, command, scaled),
        **curves,
    }


def page(board: Leaderboard, command: str = "", scaled: Scaled = ()) -> str:
    """The page as text; whatever programs and models wrote stands in it as text."""
    return environment.get_template("leaderboard.html.jinja").render(
        asked={"title": visible(board.title, 300)},
        board=board,
        heads=[_heading(task) for task in board.tasks],
        rows=[_shown(board, row) for row in board.rows],
        held=[
            (name, ["" if f is None else told_mean(Interval(f)) for f in figures])
            for name, figures in held_against(board)
        ],
        ended=[_told_cell(one) for one in board.ended],
        plots=list(_plots(board)),
        notes=notes(board),
        schemes=list(_schemes(board)),
        scaling=of_rows(scaled),
        command=visible(command, 8000),
        written=time.strftime("%Y-%m-%d %H:%M:%S"),
        data=Markup("{}"),
        sheets=("leaderboard.css",),
        scripts=["basics.js", "long.js", "theme.js"],
        visible=visible,
        state_words=WORDS,
    )


@dataclass(frozen=True)
class _Figure:
    """A mean and, below it, its interval; best: no other row that was measured has a better one."""

    mean: str
    ends: str = ""
    best: bool = False


@dataclass(frozen=True)
class _Shown:
    row: Row
    author: str
    overall: _Figure
    figures: Sequence[_Figure]
    ran: str
    tokens: str
    usd: str
    seconds: str


def _heading(task: str) -> tuple[str, str]:
    """A task's name, and its parameters or scale below it."""
    for n, letter in enumerate(task):
        if letter in ",@:":
            return visible(task[:n], LONGEST), visible(task[n + 1 :].replace(",", ", ").replace("@", ", "), LONGEST)
    return visible(task, LONGEST), ""


def _shown(board: Leaderboard, row: Row) -> _Shown:
    ran, of = row.ran
    usd, seconds = row.total("usd"), row.total("seconds")
    best = _best([other.overall for other in board.rows if not other.apart], lower_is_better=True)
    return _Shown(
        row,
        visible(row.author, LONGEST),
        _figure(row.overall, True, best),
        [_of_task(board, row, task) for task in board.tasks],
        f"{ran}/{of}" if of else "",
        "" if row.apart else row.tokens_told,
        "" if row.apart else "unknown" if usd is None else f"{usd:.2f}",
        "" if row.apart else f"{seconds or 0.0:,.0f}",
    )


def _of_task(board: Leaderboard, row: Row, task: str) -> _Figure:
    one = row.tasks.get(task)
    if one is None:
        return _Figure("")
    others = [other.tasks[task].interval for other in board.rows if task in other.tasks and not other.apart]
    mark = board.marks.get(task, UNKNOWN) if one.by_decades else UNKNOWN
    return _figure(one.interval, one.by_decades, _best(others, one.lower_is_better), mark)


def _best(intervals: Sequence[Interval | None], lower_is_better: bool) -> float:
    means = [one.mean for one in intervals if one is not None]
    return (min if lower_is_better else max)(means) if len(means) > 1 else math.nan


def _figure(interval: Interval | None, by_decades: bool, best: float, mark: Mark = UNKNOWN) -> _Figure:
    """best: the mean of the best row; all that the reference cannot tell from it are as good."""
    if interval is None:
        return _Figure("")
    as_good = interval.mean == best or mark.alike(interval.mean, best)
    return _Figure(told_mean(interval, by_decades), told_ends(interval, by_decades), as_good)


@dataclass(frozen=True)
class _Cell:
    """One cell as it is listed. report: where its run's report lies from here, empty where it has none."""

    name: str
    report: str
    state: str
    why: str
    figure: str
    ran: str
    seconds: str


def _told_cell(one: Ended) -> _Cell:
    done, by_decades = one.state == "done", one.metric == NRMSE.name
    nothing = "nothing ran" if done else ""
    return _Cell(
        visible(one.cell.name, 200),
        f"cells/{quote(one.folder)}/report.html" if done and one.folder else "",
        WORDS.get(one.state, one.state),
        visible(one.message, 300),
        nothing if one.value is None else told_mean(Interval(one.value), by_decades),
        f"{one.ran}/{one.of}" if done else "",
        f"{one.seconds:,.0f}",
    )


@dataclass(frozen=True)
class _Dot:
    """In the plot's units. open_low, open_high: the interval goes on beyond what is drawn."""

    name: str
    y: float
    x: float
    low: float
    high: float
    open_low: bool
    open_high: bool
    told: str
    hollow: bool


@dataclass(frozen=True)
class _Plot:
    """One task: who came to what, on an axis by decades where figures are errors."""

    task: tuple[str, str]
    metric: str
    lower_is_better: bool
    width: float
    height: float
    dots: Sequence[_Dot]
    ticks: Sequence[tuple[float, str]]
    trusted: float | None
    reference: float | None


def _plots(board: Leaderboard) -> Iterator[_Plot]:
    for task in board.tasks:
        rows = [(row, row.tasks[task]) for row in board.rows if task in row.tasks and row.tasks[task].interval]
        if rows:
            yield _plot(task, rows, board.marks.get(task, UNKNOWN))


def _plot(task: str, rows: Sequence[tuple[Row, Standing]], mark: Mark) -> _Plot:
    kind = rows[0][1]
    axis = _Axis.of([one.interval for _, one in rows if one.interval], kind.by_decades)
    dots = [_dot(axis, n, row, one) for n, (row, one) in enumerate(rows)]
    height = TOP + STEP * len(rows) + BOTTOM
    held = [axis.place(f) if kind.by_decades and f and axis.holds(f) else None for f in (mark.trusted, mark.reference)]
    return _Plot(_heading(task), kind.metric, kind.lower_is_better, WIDTH, height, dots, axis.ticks, *held)


@dataclass(frozen=True)
class _Axis:
    """From low to high, in decades or plain values."""

    low: float
    high: float
    by_decades: bool

    @classmethod
    def of(cls, intervals: Sequence[Interval], by_decades: bool) -> "_Axis":
        value = _decades if by_decades else float
        means = [value(one.mean) for one in intervals]
        beyond = BEYOND if by_decades else (max(means) - min(means)) / 2 or 0.5
        ends = [value(end) for one in intervals for end in (one.low, one.high) if end is not None]
        low = max(min([*means, *ends]), min(means) - beyond)
        high = min(max([*means, *ends]), max(means) + beyond)
        if by_decades:
            low, high = math.floor(low), math.ceil(high)
        return cls(low, high if high > low else low + 1.0, by_decades)

    def place(self, value: float) -> float:
        there = _decades(value) if self.by_decades else value
        share = (min(max(there, self.low), self.high) - self.low) / (self.high - self.low)
        return LEFT + (WIDTH - LEFT - RIGHT) * share

    def holds(self, value: float) -> bool:
        return self.low <= (_decades(value) if self.by_decades else value) <= self.high

    @property
    def ticks(self) -> list[tuple[float, str]]:
        if not self.by_decades:
            return [(self.place(value), f"{value:.4g}") for value in _round_values(self.low, self.high)]
        step = max(1, math.ceil((self.high - self.low) / 6))
        return [(self.place(10.0**m), f"1e{m}") for m in range(int(self.low), int(self.high) + 1, step)]


def _round_values(low: float, high: float) -> list[float]:
    """Some multiples of 1, 2 or 5 times a power of ten from low to high."""
    least = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(least))
    step = next(many * power for many in (1, 2, 5, 10) if many * power >= least)
    return [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _decades(value: float) -> float:
    return math.log10(max(value, SMALLEST))


def _dot(axis: _Axis, n: int, row: Row, one: Standing) -> _Dot:
    interval = one.interval
    assert interval is not None
    low = interval.mean if interval.low is None else interval.low
    high = interval.mean if interval.high is None else interval.high
    places = axis.place(interval.mean), axis.place(low), axis.place(high)
    name = _who(row)
    told_here = told(interval, one.by_decades)
    return _Dot(name, TOP + STEP * n, *places, not axis.holds(low), not axis.holds(high), told_here, bool(row.apart))  # fmt: skip


def _who(row: Row) -> str:
    return visible(" · ".join(filter(None, (row.author, row.strategy))), LONGEST)


def _untold(row: Row, task: str) -> int:
    """In how many cells a program was chosen of whose plan nothing could be read."""
    one = row.tasks.get(task)
    return one.ran - sum(one.schemes.values()) if one else 0


def _schemes(board: Leaderboard) -> Iterator[tuple[tuple[str, str], list[tuple[str, int, str]]]]:
    """A task, and each scheme that was chosen for it: its words, how often, by whom; the most frequent first."""
    ordered: Callable[[Counter[str]], list[tuple[str, int]]] = Counter.most_common
    for task in board.tasks:
        who: dict[str, Counter[str]] = {}
        for row in board.rows:
            for scheme, count in row.tasks[task].schemes.items() if task in row.tasks else ():
                who.setdefault(scheme, Counter())[_who(row)] += count
        if who:
            untold = Counter({_who(row): without for row in board.rows if (without := _untold(row, task))})
            who |= {NO_PLAN: untold} if untold else {}
            listed = sorted(who.items(), key=lambda item: -item[1].total())
            yield (
                _heading(task),
                [(visible(scheme, 200), by.total(), ", ".join(n for n, _ in ordered(by))) for scheme, by in listed],
            )
