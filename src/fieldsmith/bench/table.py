"""The leaderboard: what each author came to by each strategy, a task and over all tasks, with intervals over seeds.

Errors span decades, so means and intervals are those of their logarithms: a geometric mean, and Student's t over seeds. Over all tasks each task counts once, and tasks are clusters: only
seeds of one task are compared with each other, so the interval tells what other seeds of these tasks would come to, not what other tasks would (those differ by decades for everybody; two
rows are compared task by task, see `compare`). Its degrees of freedom are Welch's and Satterthwaite's (doi 10.2307/3002019). A cell that is done and in which no program ran counts with an
error of 1, that of an answer of zeros; one that is not done counts nowhere and is told.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fieldsmith.bench.baselines import SINGLE_SHOT, Baseline, baseline_of, candidates_of
from fieldsmith.bench.cells import Outcome
from fieldsmith.bench.ended import SCORE, Ended, ended, figure_of
from fieldsmith.bench.marks import Mark, marks
from fieldsmith.bench.suite import Cell, Published, Suite
from fieldsmith.orchestrator.claims import VERDICTS
from fieldsmith.orchestrator.question import Question
from fieldsmith.tasks.task import NRMSE

CONFIDENCE = 0.95
NOTHINGS: Mapping[str, float] = {NRMSE.name: 1.0, SCORE: 0.0}
"""What counts where nothing ran: the nRMSE of an answer of zeros, no score. A metric of a task's own has no such figure."""
SMALLEST = 1e-17


@dataclass(frozen=True)
class Interval:
    """A mean and, where there are two observations or more, between which values it lies with 95 % confidence."""

    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Standing:
    """One author by one strategy on one task. values: a seed each. metric: `nRMSE`, a task's own, or `score` of an environment.

    ran: cells in which a program ran, or an episode ended. of: cells that are done. schemes: what the chosen programs say that they are.
    """

    task: str
    metric: str
    lower_is_better: bool
    values: tuple[float, ...]
    ran: int
    of: int
    tokens: float | None
    usd: float | None
    seconds: float
    schemes: Counter[str] = field(default_factory=Counter)
    estimated: bool = False
    """Whether tokens are estimates, as not all were counted."""
    claims: Mapping[str, int] | None = None
    """What plans claimed of order and error, by what measurement said of it (`orchestrator/claims.py`); None where it is not known."""
    cached_tokens: float | None = 0.0
    """Of the tokens, those that providers read from their caches of prompts; None where it is not known."""
    saved_usd: float | None = 0.0
    """Dollars that these caches saved, less than none where more was written than read again; None without a price."""

    @property
    def by_decades(self) -> bool:
        return self.metric == NRMSE.name

    @property
    def interval(self) -> Interval | None:
        return over(self.values, self.by_decades) if self.values else None


@dataclass(frozen=True)
class Row:
    """One author by one strategy. overall: the geometric mean over tasks judged by nRMSE, None unless it has a figure on each of them. published: where its figures were published, of a row that was not measured here.
    learned: of a learned operator what it took to have (`beside.py`).

    baseline: which one it is, if any. candidates: how many it might write on a task, at most. undone: what came of cells that were begun and are not done:
    their money and time count, their figures do not.
    """

    author: str
    strategy: str
    tasks: Mapping[str, Standing]
    overall: Interval | None
    published: str = ""
    baseline: Baseline = ""
    candidates: int = 0
    undone: tuple[Outcome, ...] = ()
    learned: str = ""

    @property
    def apart(self) -> str:
        """Why it is no author's row: published, operator; empty of one that is."""
        return "published" if self.published else "operator" if self.learned else ""

    @property
    def ran(self) -> tuple[int, int]:
        return sum(one.ran for one in self.tasks.values()), sum(one.of for one in self.tasks.values())

    @property
    def tokens_told(self) -> str:
        """In words; of an estimate it is said that it is one."""
        return tokens_told(self.total("tokens"), any(one.estimated for one in self.tasks.values()))

    @property
    def cache_told(self) -> str:
        """How many tokens came from providers' caches of prompts, and what that saved where it is known; empty where none are known to have."""
        cached, saved = self.total("cached_tokens"), self.total("saved_usd")
        if not cached:
            return ""
        return f"{cached:,.0f}" if saved is None else f"{cached:,.0f}, saving {dollars(saved)}"

    @property
    def claims(self) -> Mapping[str, int] | None:
        """Of all its cells; None where it is not known of one, or where nothing plans."""
        parts = [one.claims for one in self.tasks.values()]
        if not parts or None in parts:
            return None
        return dict(sum((Counter(part) for part in parts), Counter()))

    @property
    def claims_told(self) -> str:
        """How many claims were not confirmed, of those that could be measured; empty where there is none."""
        claims = self.claims or {}
        unconfirmed = claims.get("unconfirmed", 0)
        measured = unconfirmed + claims.get("confirmed", 0)
        return f"{unconfirmed}/{measured}" if measured else ""

    def total(self, what: str) -> float | None:
        """Tokens, usd, seconds, cached_tokens or saved_usd of all its cells; None where one of them is unknown, as all but dollars and time are of a model's cells that are not done."""
        parts = [getattr(one, what) for one in self.tasks.values()]
        told = ("usd", "seconds")
        parts += [getattr(one, what) if what in told else 0.0 if one.usd == 0.0 else None for one in self.undone]
        return None if None in parts else math.fsum(parts)


@dataclass(frozen=True)
class Leaderboard:
    """Rows, the best first. missing: cells that are not done, by their states. counted: how many tasks the figures over all tasks are of, and of how many they are to be."""

    title: str
    tasks: tuple[str, ...]
    rows: tuple[Row, ...]
    cells: int
    missing: Mapping[str, int]
    outcomes: int = 0
    """How many lines of the benchmark's outcomes it is made of."""
    marks: Mapping[str, Mark] = field(default_factory=dict[str, Mark])
    counted: tuple[int, int] = (0, 0)
    ended: tuple[Ended, ...] = ()

    @property
    def so_far(self) -> str:
        """Of how many tasks the figures over all tasks are, where it is not all."""
        some, every = self.counted
        return "" if some in (0, every) else f"{some} of {every} so far"


def over(values: Sequence[float], by_decades: bool) -> Interval:
    """Mean and Student's interval, of the logarithms where values go by decades."""
    given = np.log10(np.maximum(values, SMALLEST)) if by_decades else np.asarray(values, float)
    mean = float(np.mean(given))
    if len(given) < 2 or not np.ptp(given):  # seeds that change nothing tell of no noise
        return Interval(_back(mean, by_decades))
    half = float(_student(len(given) - 1) * np.std(given, ddof=1) / math.sqrt(len(given)))
    return Interval(*(_back(one, by_decades) for one in (mean, mean - half, mean + half)))


def across(tasks: Sequence[Sequence[float]]) -> Interval:
    """The geometric mean over tasks and, where each has two seeds or more, its interval over seeds; `tasks` holds a task's errors each."""
    logs = [np.log10(np.maximum(values, SMALLEST)) for values in tasks]
    mean = float(np.mean([one.mean() for one in logs]))
    if min(map(len, logs)) < 2:
        return Interval(10.0**mean)
    parts = np.array([one.var(ddof=1) / len(one) for one in logs])
    if not parts.any():
        return Interval(10.0**mean)
    freedom = parts.sum() ** 2 / np.sum(parts**2 / [len(one) - 1 for one in logs])
    half = float(_student(freedom) * math.sqrt(parts.sum())) / len(logs)
    return Interval(*(10.0**one for one in (mean, mean - half, mean + half)))


def _student(freedom: float) -> float:
    """Half the width of the interval of CONFIDENCE of Student's distribution with so many degrees of freedom."""
    from scipy.special import stdtrit  # every page imports this module, and few have intervals

    return float(stdtrit(freedom, 0.5 + CONFIDENCE / 2))


def _back(value: float, by_decades: bool) -> float:
    return 10.0**value if by_decades else value


def leaderboard(
    suite: Suite, outcomes: Mapping[str, Outcome], lines: int = 0, learned: Sequence[Row] = ()
) -> Leaderboard:  # fmt: skip
    """The table of what is done so far. lines: how many outcomes were kept by then. learned: rows of operators, which stand beside."""
    grouped: dict[tuple[str, str], list[Cell]] = {}
    for cell in suite.cells:
        grouped.setdefault((cell.author, cell.strategy), []).append(cell)
    tasks = tuple(dict.fromkeys(cell.task for cell in suite.cells))
    kinds = _kinds(suite, outcomes)
    rows = [_row(author, strategy, cells, outcomes, kinds) for (author, strategy), cells in grouped.items()]
    rows = _only_shots(rows)
    rows += [row for one in suite.published if (row := _published(one, tasks))]
    rows += learned
    judged = {task for row in rows for task, one in row.tasks.items() if one.by_decades and one.values}
    rows = [row if judged <= row.tasks.keys() else replace(row, overall=None) for row in rows]
    states = Counter(outcomes[cell.name].state if cell.name in outcomes else "not begun" for cell in suite.cells)
    states.pop("done", None)
    ranked, counted = tuple(sorted(rows, key=_rank)), (len(judged), sum(one == NRMSE.name for one, _ in kinds.values()))
    held, ends = marks(suite.cells, outcomes), ended(suite.cells, outcomes)
    return Leaderboard(suite.title, tasks, ranked, len(suite.cells), dict(states), lines, held, counted, ends)


def _only_shots(rows: Sequence[Row]) -> list[Row]:
    """A single shot is a baseline of a model that is also asked for more; where none is, single shots are what is compared."""
    more = {row.author for row in rows if row.baseline != SINGLE_SHOT}
    return [replace(r, baseline="") if r.baseline == SINGLE_SHOT and r.author not in more else r for r in rows]


def _rank(row: Row) -> tuple[int, float, float]:
    """By error where there is one on each task, by the mean of scores; those that lack tasks come last, the more they have the sooner."""
    if row.overall is not None:
        return 0, row.overall.mean, 0.0
    means = [one.interval.mean for one in row.tasks.values() if one.interval]
    if any(one.by_decades for one in row.tasks.values()):
        return 2, -len(means), 0.0
    return 1, -float(np.mean(means)) if means else math.inf, 0.0


def _row(
    author: str,
    strategy: str,
    cells: Sequence[Cell],
    outcomes: Mapping[str, Outcome],
    kinds: Mapping[str, tuple[str, bool]],
) -> Row:
    by_task: dict[str, list[Mapping[str, Any]]] = {}
    for cell in cells:
        outcome = outcomes.get(cell.name)
        if outcome is not None and outcome.done and outcome.result is not None:
            by_task.setdefault(cell.task, []).append(outcome.result)
    tasks = {task: _standing(task, results, kinds[task]) for task, results in by_task.items()}
    errors = [one.values for one in tasks.values() if one.by_decades]
    of: set[Baseline] = {baseline_of(cell.question) for cell in cells}
    kind = of.pop() if len(of) == 1 else ""
    most = max((candidates_of(c.question) for c in cells if isinstance(c.question, Question)), default=0)
    undone = tuple(
        o for c in cells if (o := outcomes.get(c.name)) and not o.done and o.state != "refused" and o.seconds
    )
    return Row(author, strategy, tasks, across(errors) if errors else None, "", kind, most, undone)


def _published(one: Published, tasks: Sequence[str]) -> Row | None:
    """A row of figures that others have measured; a task goes by its name alone or with its parameters."""
    known = {
        task: one.errors[name] for task in tasks for name in (task, re.split("[,@]", task)[0]) if name in one.errors
    }
    standings = {
        task: Standing(task, NRMSE.name, True, (error,), 0, 0, None, None, 0.0) for task, error in known.items()
    }
    overall = Interval(over(list(known.values()), by_decades=True).mean) if known else None
    return Row(one.author, "", standings, overall, one.source) if known else None


def _standing(task: str, results: Sequence[Mapping[str, Any]], kind: tuple[str, bool]) -> Standing:
    """kind: the task's metric, and whether lower is better."""
    known = [figure[2] for figure in map(figure_of, results) if figure is not None]
    nothing = NOTHINGS.get(kind[0])
    failed = () if nothing is None else (nothing,) * (len(results) - len(known))
    spends = [result["spend"] for result in results]
    return Standing(
        task=task,
        metric=kind[0],
        lower_is_better=kind[1],
        values=(*known, *failed),
        ran=len(known),
        of=len(results),
        tokens=known_sum(tokens_of(spend) for spend in spends),
        usd=known_sum(spend["usd"] for spend in spends),
        seconds=math.fsum(spend["seconds"] for spend in spends),
        schemes=Counter(filter(None, map(_scheme, results))),
        estimated=any(spend.get("estimated") for spend in spends),
        claims=_claims(results),
        cached_tokens=known_sum(spend.get("cached_tokens") for spend in spends),
        saved_usd=known_sum(spend.get("saved_usd") for spend in spends),
    )


def _kinds(suite: Suite, outcomes: Mapping[str, Outcome]) -> dict[str, tuple[str, bool]]:
    """Each task's metric and direction, as whoever came to a figure tells; where nobody did, what such a task has by default."""
    found: dict[str, tuple[str, bool]] = {}
    for cell in suite.cells:
        outcome = outcomes.get(cell.name)
        figure = figure_of(outcome.result) if outcome and outcome.result else None
        if figure is not None:
            found[cell.task] = figure[:2]
        else:
            found.setdefault(cell.task, (SCORE, False) if cell.acts else (NRMSE.name, True))
    return found


def _claims(results: Sequence[Mapping[str, Any]]) -> Mapping[str, int] | None:
    told = [result.get("claims") for result in results]
    if not told or None in told:
        return None
    return {name: sum(one[name] for one in told if one) for name in VERDICTS}


def _scheme(result: Mapping[str, Any]) -> str:
    plan = (result.get("best") or {}).get("plan") or {}
    return str(plan.get("summary") or plan.get("discretisation") or "")[:120]


def tokens_of(spend: Mapping[str, Any]) -> float | None:
    return None if spend["input_tokens"] is None else float(spend["input_tokens"] + spend["output_tokens"])


def tokens_told(tokens: float | None, estimated: bool) -> str:
    """A number of tokens in words; of an estimate it is said that it is one."""
    return "unknown" if tokens is None else f"{'about ' if estimated and tokens else ''}{tokens:,.0f}"


def dollars(usd: float) -> str:
    """US dollars in words, small amounts to two digits."""
    return f"{'-' if usd < 0 else ''}${f'{abs(usd):.2f}' if abs(usd) >= 0.01 or not usd else f'{abs(usd):.2g}'}"


def known_sum(values: Iterable[float | None]) -> float | None:
    total = list[float]()
    for value in values:
        if value is None:
            return None
        total.append(value)
    return math.fsum(total)
