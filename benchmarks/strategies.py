"""Search strategies against each other on a landscape of recorded programs: many replies of known quality, some failing.

    python benchmarks/strategies.py --record            # once: evaluates every setting of the built-in methods, about half an hour
    python benchmarks/strategies.py --seeds 50

A landscape is what `--record` measured on a task: every program that the built-in methods can write for it, with its errors on the dev samples, its
processor seconds and what the trusted method reaches, in `benchmarks/results/landscape-TASK.jsonl`. In place of a model stands chance. A draft, planned or not, is any of these programs, or with `--drafted 0.5`
any of the worse half, so that the best are only reached by moves that build on others. A refinement or calibration
is one that differs in little from a program that was shown; of two such the better one in a share `--skill` of cases, since a model that sees
figures does better than chance. A combination takes each setting from one of its parents; a program that was made faster is a near one
that is cheaper. A share `--failing` of new programs does not run, half of the mends of these do.

Luck belongs to what is asked, not to the place in a search: the n-th time that a seed is asked for a draft, or for a better program than the same programs, it answers
the same, whichever strategy asks, and the mend of a program succeeds or not with that program. So two strategies differ by what they ask for.

The first table has decades of the best dev error above that of the best program there is: means over the seeds with Student's 95 % interval, 0 is the best program. Those after it have the
differences to one strategy, paired by seeds: below 0 is better. Marked ↓ or ↑ is what is better or worse by more than noise: by Student's test and by a test of flipped signs, p corrected by Holm's
method for all comparisons of the tables.
"""

import argparse
import json
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.agents.author import Candidate, Combine, Debug, Draft, Move, Plan, Program, Proposal, Restart, SpeedUp
from fieldsmith.bench.paired import Effect, effect, holm
from fieldsmith.bench.table import Interval, over
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.evaluation import Evaluation, Score, Status
from fieldsmith.numerics.code import analysed
from fieldsmith.numerics.methods import families
from fieldsmith.numerics.space import space
from fieldsmith.sandboxes import choose
from fieldsmith.strategies import leaves_open, open_strategy
from fieldsmith.tasks import load

RESULTS = Path(__file__).parent / "results"
TASKS = ("burgers", "reacdiff1d", "cns1d")
STRATEGIES = ("best-of-n", "refine", "plan-first", "funsearch", "tree", "evolve")
AGAINST = ("best-of-n", "refine")
"""Strategies that the others are compared with."""
NEAR = 6
"""How many programs count as little different from one."""
OTHER_FAMILY = 3
"""Settings in which programs of two families differ on top of those that they share."""


@dataclass(frozen=True)
class Recorded:
    """A program of a landscape."""

    number: int
    summary: str
    family: str
    settings: dict[str, str]
    plan: dict[str, Any]
    status: Status
    nrmse: float | None
    samples: tuple[float, ...]
    order: float | None
    seconds: float
    trusted: float | None = None


class Landscape:
    """All recorded programs of a task."""

    def __init__(self, task: str) -> None:
        lines = (RESULTS / f"landscape-{task}.jsonl").read_text().splitlines()
        rows = [json.loads(line) for line in lines]
        self.programs = [Recorded(n, **{**row, "samples": tuple(row["samples"])}) for n, row in enumerate(rows)]
        self.best = min(one.nrmse for one in self.programs if one.nrmse is not None)
        self._near: dict[int, list[Recorded]] = {}

    def near(self, one: Recorded) -> list[Recorded]:
        """The others, those first that differ least."""
        if one.number not in self._near:
            others = [other for other in self.programs if other is not one]
            self._near[one.number] = sorted(
                others, key=lambda other: (_distance(one.family, one.settings, other), other.number)
            )
        return self._near[one.number]

    def nearest(self, family: str, settings: dict[str, str]) -> Recorded:
        return min(self.programs, key=lambda other: (_distance(family, settings, other), other.number))


def _distance(family: str, settings: dict[str, str], other: Recorded) -> int:
    shared = settings.keys() & other.settings.keys()
    differing = sum(settings[name] != other.settings[name] for name in shared)
    return differing + (OTHER_FAMILY if family != other.family else 0)


class Chance:
    """Writes programs by lot, as the module says. `meant` says of each candidate what it was or was to be, `luck` by which lot."""

    def __init__(self, landscape: Landscape, seed: int, asked: argparse.Namespace) -> None:
        self.landscape, self.seed, self.failing, self.skill = landscape, seed, asked.failing, asked.skill
        worst_first = sorted(landscape.programs, key=lambda one: (-_error(one), one.number))
        self.drafts = worst_first[: math.ceil(asked.drafted * len(worst_first))]
        self.meant: dict[int, Recorded] = {}
        self.luck: dict[int, str] = {}
        self._asked: Counter[str] = Counter()

    def answer(self, move: Move, number: int) -> tuple[Recorded, bool]:
        """What the reply for candidate `number` comes to, and whether its program runs."""
        self.luck[number] = luck = self._luck(move)
        lot = random.Random(f"{self.seed} {luck}")
        if isinstance(move, Debug):
            self.meant[number] = self.meant[move.candidate.id]
            return self.meant[number], lot.random() < 0.5
        runs = lot.random() >= self.failing
        self.meant[number] = self._written(move, lot, [self.meant[c.id] for c in move.candidates])
        return self.meant[number], runs

    def _luck(self, move: Move) -> str:
        """The same for the same request the n-th time it is made; of a mend, for the program that it mends."""
        if isinstance(move, Debug):
            return f"{self.luck[move.candidate.id]}, mended"
        kind = move.name if isinstance(move, Combine | SpeedUp) else "write"
        request = f"{kind} {[self.meant[c.id].number for c in move.candidates]}"
        self._asked[request] += 1
        return f"{request} {self._asked[request]}"

    def _written(self, move: Move, lot: random.Random, parents: Sequence[Recorded]) -> Recorded:
        if isinstance(move, Draft) or (isinstance(move, Restart) and not parents):
            return lot.choice(self.drafts)
        if isinstance(move, Combine):
            first, second = parents[0], parents[-1]
            settings = {**second.settings, **first.settings}
            mixed = {name: lot.choice((first, second)).settings.get(name, value) for name, value in settings.items()}
            return self.landscape.nearest(lot.choice((first, second)).family, mixed)
        parent = parents[0] if lot.random() < 0.7 else lot.choice(list(parents))
        near = self.landscape.near(parent)
        if isinstance(move, SpeedUp):
            cheaper = [one for one in near[: 2 * NEAR] if one.seconds < parent.seconds]
            return min(cheaper, key=_error, default=parent)
        first, second = lot.sample(near[:NEAR], 2)
        return min(first, second, key=_error) if lot.random() < self.skill else first


def _error(one: Recorded) -> float:
    return math.inf if one.nrmse is None else one.nrmse


def searched(name: str, chance: Chance, budget: int, debug_rounds: int) -> float:
    """The best dev error that a strategy reaches with so many programs; infinite where none runs."""
    settings = {"drafts": min(4, budget // 3)} if leaves_open(name, "drafts") else {}
    strategy = open_strategy(name, debug_rounds, chance.seed, **settings)
    history: list[Candidate] = []
    while len(history) < budget:
        asks = strategy.ask(history, 1, budget - len(history))
        if not asks:
            break
        number = len(history) + 1
        history.append(_candidate(number, asks[0].slot, asks[0].move, *chance.answer(asks[0].move, number)))
    return min((candidate.dev_nrmse for candidate in history), default=math.inf)


def _candidate(number: int, slot: str, move: Move, one: Recorded, runs: bool) -> Candidate:
    parents = tuple(parent.id for parent in move.parents)
    program = Program(f"def solver():\n    return {one.number if runs else -number}\n")
    proposal = Proposal(program, Plan(**one.plan))
    if not runs:
        evaluation = Evaluation("crashed", error_type="ValueError", error_message=f"mistake of {slot}")
    elif one.nrmse is None:
        evaluation = Evaluation(one.status)
    else:
        score = Score(
            one.nrmse, {}, one.trusted, None, 0.0, one.seconds, one.seconds, order=one.order, samples=one.samples
        )
        evaluation = Evaluation("ok", dev=score)
    return Candidate(number, slot, move.name, parents, proposal=proposal, evaluation=evaluation)


def record(task_name: str) -> None:
    """Evaluate every program that the built-in methods can write for a task, into its landscape."""
    task = load(task_name)
    brief, sandbox = task.brief(), choose("process", trusted=True)
    analysis = analysed(brief)
    with (RESULTS / f"landscape-{task_name}.jsonl").open("w") as file:
        for family, variant in space(families(), analysis, brief):
            try:
                source = family.source(analysis, brief, variant.choices)
            except Unsuited:
                continue
            judged = evaluate(task, source, sandbox, refinement=False)
            score, plan = judged.dev, family.plan(analysis, variant)
            blocks = {kind: str(block) for kind, block in variant.choices.blocks().items()}
            row = {
                "summary": f"{family.name}: {variant.name}",
                "family": family.name,
                "settings": blocks | {name: str(value) for name, value in variant.choices.numbers().items()},
                "plan": {"discretisation": plan.discretisation, "expected_order": plan.expected_order},
                "status": judged.status,
                "nrmse": score.nrmse if score else None,
                "samples": score.samples if score else (),
                "order": plan.expected_order,
                "seconds": round(score.cost, 4) if score else 0.0,
                "trusted": task.split("dev")[0].trusted,
            }
            file.write(json.dumps(row) + "\n")
            print(task_name, row["summary"], row["status"], row["nrmse"], row["seconds"], flush=True)
    sandbox.close()


Place = tuple[str, int]
"""A task and a number of programs: a column."""
Found = Mapping[str, Mapping[Place, list[float]]]


def found_by(asked: argparse.Namespace) -> Found:
    """Decades above the best program there is, one a seed, by strategy and place."""
    landscapes = {task: Landscape(task) for task in asked.tasks}
    return {
        name: {
            (task, budget): [_decades(name, landscapes[task], seed, budget, asked) for seed in range(asked.seeds)]
            for task in asked.tasks
            for budget in asked.budgets
        }
        for name in asked.strategies
    }


def _decades(name: str, landscape: Landscape, seed: int, budget: int, asked: argparse.Namespace) -> float:
    """An error of 1 where nothing runs."""
    best = searched(name, Chance(landscape, seed, asked), budget, asked.debug_rounds)
    return math.log10(min(best, 1.0) / landscape.best)


def tables(found: Found) -> list[str]:
    """Lines of Markdown: the decades, then the differences to each of AGAINST."""
    places = list(next(iter(found.values())))
    lines = _table(places, {name: [_interval(values[place]) for place in places] for name, values in found.items()})
    compared = {
        (against, name, place): effect(np.subtract(found[name][place], found[against][place]).tolist())
        for against in AGAINST if against in found
        for name in _compared(found, against)
        for place in places
    }  # fmt: skip
    unlikely = dict(zip(compared, holm([_p(one) for one in compared.values()]), strict=True))
    for against in (one for one in AGAINST if one in found):
        rows = {
            name: [_difference(compared[against, name, p], unlikely[against, name, p]) for p in places]
            for name in _compared(found, against)
        }  # fmt: skip
        lines += ["", f"Difference to `{against}`, {len(compared)} comparisons in all:", "", *_table(places, rows)]
    return lines


def _compared(found: Found, against: str) -> list[str]:
    """The strategies that are set beside one of AGAINST: none is compared with another twice."""
    return [name for name in found if name not in AGAINST[: AGAINST.index(against) + 1]]


def _p(one: Effect) -> float:
    """The larger p of the two tests; 1 where nothing differs."""
    return max(one.student, one.flips) if one.student is not None and one.flips is not None else 1.0


def _difference(one: Effect, p: float) -> str:
    mark = "" if p > 0.05 else " ↓" if one.interval.mean < 0.0 else " ↑"
    return f"{one.interval.mean:+.2f}{_half(one.interval)}{mark}"


def _interval(values: list[float]) -> str:
    interval = over(values, by_decades=False)
    return f"{interval.mean:.2f}{_half(interval)}"


def _half(interval: Interval) -> str:
    return "" if interval.high is None else f" ± {interval.high - interval.mean:.2f}"


def _table(places: Sequence[Place], rows: Mapping[str, Sequence[str]]) -> list[str]:
    head = ["strategy", *(f"{task}, {budget}" for task, budget in places)]
    body = [[f"`{name}`", *cells] for name, cells in rows.items()]
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *body)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="measure the landscapes anew")
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--strategies", nargs="+", default=STRATEGIES)
    parser.add_argument("--budgets", nargs="+", type=int, default=[12, 24, 48])
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--failing", type=float, default=0.4, help="share of new programs that do not run")
    parser.add_argument("--skill", type=float, default=0.5, help="share of refinements that take the better of two")
    parser.add_argument(
        "--drafted", type=float, default=1.0, help="share of all programs, the worst, that drafts are from"
    )
    parser.add_argument("--debug-rounds", type=int, default=2)
    asked = parser.parse_args()
    if asked.record:
        for task in asked.tasks:
            record(task)
        return
    print("\n".join(tables(found_by(asked))))


if __name__ == "__main__":
    main()
