"""Two sides compared: runs of the same task and seed are paired, and each metric's pairs judged by `paired.py`.

What counts is the figure on the test split of the program that was best on dev. An nRMSE is compared by its logarithm, so that a mean difference is a ratio of geometric means; a
task's own metric and an environment's score by their difference. A run that is done and in which nothing ran counts as in the leaderboard: with an nRMSE of 1, or a score of 0. A task's own metric has no figure
for that, so such a pair is left out and told, as is every run that is not done or has no partner.
"""

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fieldsmith.bench.ended import SCORE
from fieldsmith.bench.measured import Figure, Left, Measured, Side
from fieldsmith.bench.paired import Effect, effect
from fieldsmith.bench.table import NOTHINGS, SMALLEST, known_sum, tokens_of
from fieldsmith.errors import InputError
from fieldsmith.tasks.task import NRMSE

Key = tuple[str, int]
"""A task's identity, and the seed."""


@dataclass(frozen=True)
class Pair:
    """Runs of the same task and seed, with what each came to."""

    a: Measured
    b: Measured
    metric: str
    lower_is_better: bool
    values: tuple[float, float]

    @property
    def advantage(self) -> float:
        """How much better A is: above 0 where it is, in decades of error or in units of the metric."""
        a, b = self.values
        if self.metric == NRMSE.name:
            a, b = (math.log10(max(value, SMALLEST)) for value in (a, b))
        return b - a if self.lower_is_better else a - b

    @property
    def unresolved(self) -> bool:
        """Whether both are within the reference's own error, so that the difference says nothing."""
        own = self.a.reference_error
        return self.metric == NRMSE.name and own is not None and max(self.values) <= own


@dataclass(frozen=True)
class OnTask:
    """The pairs of one task, by their seeds."""

    task: str
    pairs: tuple[Pair, ...]

    @property
    def effect(self) -> Effect:
        return effect([pair.advantage for pair in self.pairs])


@dataclass(frozen=True)
class Comparison:
    """All pairs that are judged by one metric."""

    metric: str
    lower_is_better: bool
    tasks: tuple[OnTask, ...]
    effect: Effect

    @property
    def by_decades(self) -> bool:
        return self.metric == NRMSE.name

    @property
    def unit(self) -> str:
        """What is independent: tasks, or the seeds of the only one."""
        return "task" if len(self.tasks) > 1 else "seed"

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple(pair for one in self.tasks for pair in one.pairs)

    @property
    def better(self) -> str:
        """A or B by the mean, whether or not it is more than noise; empty where they are equal."""
        mean = self.effect.interval.mean
        return "A" if mean > 0.0 else "B" if mean < 0.0 else ""


@dataclass(frozen=True)
class Cost:
    """Of one side's runs that are compared; None where one of them is unknown. ran: runs in which something ran."""

    runs: int
    ran: int
    tokens: float | None
    usd: float | None
    seconds: float
    estimated: bool = False
    """Whether tokens are estimates, as not all were counted."""


@dataclass(frozen=True)
class Compared:
    """What the comparison came to. differs: terms in which pairs differ, with the values of A and B. notes: what else is to be known."""

    a: Side
    b: Side
    comparisons: tuple[Comparison, ...]
    left: tuple[Left, ...]
    differs: Mapping[str, Sequence[tuple[object, object]]]
    notes: tuple[str, ...]

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple(pair for one in self.comparisons for pair in one.pairs)

    @property
    def costs(self) -> tuple[Cost, Cost]:
        return cost([pair.a for pair in self.pairs]), cost([pair.b for pair in self.pairs])


def compare(a: Side, b: Side) -> Compared:
    """Raises InputError for a side that has two runs of the same task and seed, for a run compared with itself, and for sides whose
    runs are done and have nothing in common."""
    runs_a, runs_b = _by_key("A", a), _by_key("B", b)
    left = [*a.left, *b.left, *_alone("A", runs_a, runs_b), *_alone("B", runs_b, runs_a)]
    pairs: list[Pair] = []
    for key in (key for key in runs_a if key in runs_b):
        one = _paired(runs_a[key], runs_b[key])
        if isinstance(one, Pair):
            pairs.append(one)
        else:
            left.append(one)
    if not pairs and not a.left and not b.left:
        raise InputError(
            f"{a.place} and {b.place} have no pair to compare: {left[0].name}: {left[0].why}.",
            "Give runs of the same task, parameters, scale, data and seed.",
        )
    return Compared(a, b, tuple(_comparisons(pairs)), tuple(left), _differs(pairs), tuple(_notes(a, b, pairs)))


def cost(runs: Sequence[Measured]) -> Cost:
    spends = [run.spend for run in runs]
    return Cost(
        runs=len(runs),
        ran=sum(run.figure is not None for run in runs),
        tokens=known_sum(tokens_of(spend) for spend in spends),
        usd=known_sum(spend["usd"] for spend in spends),
        seconds=math.fsum(spend["seconds"] for spend in spends),
        estimated=any(spend.get("estimated") for spend in spends),
    )


def _by_key(side: str, given: Side) -> dict[Key, Measured]:
    found: dict[Key, Measured] = {}
    for run in given.runs:
        key = run.identity or run.task, run.seed
        if key in found:
            rows = shlex.join(_rows(found[key].name, run.name))
            words = f"{side} has two runs of {run.task}, seed {run.seed}: {found[key].name} and {run.name}."
            raise InputError(words, f"Choose with --rows, such as --rows {rows}.")
        found[key] = run
    return found


def _rows(first: str, second: str) -> tuple[str, str]:
    """What tells two names apart, their common beginning and end left out part by part."""
    a, b = first.split("/"), second.split("/")
    while len(a) > 1 and len(b) > 1 and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while len(a) > 1 and len(b) > 1 and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    return "/".join(a), "/".join(b)


def _alone(side: str, own: Mapping[Key, Measured], others: Mapping[Key, Measured]) -> Iterator[Left]:
    other = "B" if side == "A" else "A"
    for key, run in own.items():
        if key not in others:
            yield Left(side, run.name, f"{other} has no run of {run.task}, seed {run.seed}, that is done")


def _paired(a: Measured, b: Measured) -> Pair | Left:
    if a.folder.resolve() == b.folder.resolve():
        raise InputError(f"{a.folder} is on both sides.", "Give two different runs, or choose with --rows.")
    name = f"{a.task}, seed {a.seed}"
    if a.fingerprint != b.fingerprint and not (a.digest and a.digest == b.digest):
        what = "environment's code" if a.scored else "task's data"
        return Left("both", name, f"the {what} differs: {a.fingerprint[:12]} of A, {b.fingerprint[:12]} of B")
    known = [run.figure for run in (a, b) if run.figure is not None]
    if len({figure[:2] for figure in known}) > 1:
        return Left("both", name, f"A is judged by {known[0][0]}, B by {known[1][0]}")
    metric, lower = known[0][:2] if known else (SCORE, False) if a.scored else (NRMSE.name, True)
    values = [_value(run.figure, metric, run.scored) for run in (a, b)]
    if values[0] is None or values[1] is None:
        return Left(
            "both", name, f"nothing ran in {'A' if values[0] is None else 'B'}, and {metric} has no figure for that"
        )
    return Pair(a, b, metric, lower, (values[0], values[1]))


def _value(figure: Figure | None, metric: str, scored: bool) -> float | None:
    if figure is not None:
        return figure[2]
    return NOTHINGS.get(SCORE if scored else metric)


def _comparisons(pairs: Sequence[Pair]) -> Iterator[Comparison]:
    """One a metric, errors first."""
    metrics = sorted(
        {(pair.metric, pair.lower_is_better) for pair in pairs}, key=lambda one: (one[0] != NRMSE.name, one)
    )
    for metric, lower in metrics:
        own = [pair for pair in pairs if (pair.metric, pair.lower_is_better) == (metric, lower)]
        tasks = tuple(
            OnTask(task, tuple(sorted((pair for pair in own if _task_of(pair) == key), key=lambda pair: pair.a.seed)))
            for key, task in {_task_of(pair): pair.a.task for pair in own}.items()
        )
        units = [one.effect.interval.mean for one in tasks] if len(tasks) > 1 else [pair.advantage for pair in own]
        yield Comparison(metric, lower, tasks, effect(units))


def _task_of(pair: Pair) -> str:
    return pair.a.identity or pair.a.task


def _differs(pairs: Sequence[Pair]) -> dict[str, list[tuple[object, object]]]:
    found: dict[str, list[tuple[object, object]]] = {}
    for pair in pairs:
        for name in dict.fromkeys([*pair.a.terms, *pair.b.terms]):
            values = pair.a.terms.get(name), pair.b.terms.get(name)
            if values[0] != values[1] and values not in found.setdefault(name, []):
                found[name].append(values)
    return {name: values for name, values in found.items() if values}


def _notes(a: Side, b: Side, pairs: Sequence[Pair]) -> Iterator[str]:
    for folder in dict.fromkeys([*a.going, *b.going]):
        yield f"{folder} is still running: cells that have not ended are not compared."
    unresolved = [f"{pair.a.task}, seed {pair.a.seed}" for pair in pairs if pair.unresolved]
    if unresolved:
        yield f"Both errors are within the reference's own, so that their difference says nothing: {'; '.join(unresolved)}."
    rounded = [pair for pair in pairs if pair.a.digest and pair.b.digest and pair.a.digest != pair.b.digest]
    if any(pair.a.fingerprint == pair.b.fingerprint for pair in rounded):
        yield "The test data of some pairs is the same up to rounding only, as of another machine or library."
