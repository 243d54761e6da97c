"""Search strategies against each other on a landscape of recorded programs: many replies of known quality, some failing.

    python benchmarks/strategies.py --record            # once: evaluates every setting of the built-in methods, about ten minutes
    python benchmarks/strategies.py --seeds 50

A landscape is what `--record` measured on a task: every program that the built-in methods can write for it, with its errors on the dev samples and its
processor seconds, in `benchmarks/results/landscape-TASK.jsonl`. In place of a model stands chance. A draft is any of these programs, or with `--drafted 0.5`
any of the worse half, so that the best are only reached by moves that build on others. A refinement
is one that differs in little from a program that was shown; of two such the better one in a share `--skill` of cases, since a model that sees
figures does better than chance. A combination takes each setting from one of its parents; a program that was made faster is a near one
that is cheaper. A share `--failing` of new programs does not run, half of the mends of these do. The same slot has the same luck, so strategies share that of their first drafts.

Columns: decades of the best dev error above that of the best program there is (mean over the seeds with its 95 % interval, Student's t; 0 is the best
program), the share of seeds that end within a factor of 2 of it, and the mean difference to best-of-n over the same seeds, in decades: below 0 is better.
"""

import argparse
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from fieldsmith.agents.author import Candidate, Combine, Debug, Draft, Move, Plan, Program, Proposal, Restart, SpeedUp
from fieldsmith.agents.strategies import open_strategy
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.evaluation import Evaluation, Score, Status
from fieldsmith.numerics.code import analysed
from fieldsmith.numerics.methods import families
from fieldsmith.numerics.space import space
from fieldsmith.sandboxes import choose
from fieldsmith.tasks import load

RESULTS = Path(__file__).parent / "results"
TASKS = ("burgers", "reacdiff1d", "cns1d")
STRATEGIES = ("best-of-n", "refine", "funsearch", "tree", "evolve")
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
    """Writes programs by lot, as the module says."""

    def __init__(self, landscape: Landscape, seed: int, asked: argparse.Namespace) -> None:
        self.landscape, self.seed, self.failing, self.skill = landscape, seed, asked.failing, asked.skill
        worst_first = sorted(landscape.programs, key=lambda one: (-_error(one), one.number))
        self.drafts = worst_first[: math.ceil(asked.drafted * len(worst_first))]

    def answer(self, move: Move, slot: str, meant: dict[int, Recorded]) -> tuple[Recorded, bool]:
        """What a reply comes to, and whether its program runs. `meant` says of each candidate what it was or was to be."""
        lot = random.Random(f"{self.seed} {slot}")
        if isinstance(move, Debug):
            return meant[move.candidate.id], lot.random() < 0.5
        runs = lot.random() >= self.failing
        return self._written(move, lot, [meant[c.id] for c in move.candidates]), runs

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
    drafts = {"refine": min(4, budget // 3), "evolve": min(4, budget // 3)}
    settings = {"drafts": drafts[name]} if name in drafts else {}
    strategy = open_strategy(name, debug_rounds, chance.seed, **settings)
    history: list[Candidate] = []
    meant: dict[int, Recorded] = {}
    while len(history) < budget:
        asks = strategy.ask(history, 1, budget - len(history))
        if not asks:
            break
        move, slot, number = asks[0].move, asks[0].slot, len(history) + 1
        one, runs = chance.answer(move, slot, meant)
        meant[number] = one
        history.append(_candidate(number, slot, move, one, runs))
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
        score = Score(one.nrmse, {}, None, None, 0.0, one.seconds, one.seconds, order=one.order, samples=one.samples)
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
            }
            file.write(json.dumps(row) + "\n")
            print(task_name, row["summary"], row["status"], row["nrmse"], row["seconds"], flush=True)
    sandbox.close()


def rows(asked: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    for task in asked.tasks:
        landscape = Landscape(task)
        for budget in asked.budgets:
            found = {
                name: [_decades(name, landscape, seed, budget, asked) for seed in range(asked.seeds)]
                for name in asked.strategies
            }
            for name, decades in found.items():
                within = np.mean([one <= math.log10(2.0) for one in decades])
                difference = np.subtract(decades, found["best-of-n"]) if "best-of-n" in found else np.zeros(1)
                yield (
                    task, str(budget), name, _interval(decades), f"{100 * within:.0f} %",
                    "" if name == "best-of-n" else _interval(difference),
                )  # fmt: skip


def _decades(name: str, landscape: Landscape, seed: int, budget: int, asked: argparse.Namespace) -> float:
    """Decades above the best program there is; an error of 1 where nothing runs."""
    best = searched(name, Chance(landscape, seed, asked), budget, asked.debug_rounds)
    return math.log10(min(best, 1.0) / landscape.best)


def _interval(values: Any) -> str:
    values = np.asarray(values)
    if len(values) < 2:
        return f"{values.mean():.2f}"
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    return f"{values.mean():+.2f} ± {half:.2f}" if (values < 0).any() else f"{values.mean():.2f} ± {half:.2f}"


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
    print("| task | programs | strategy | decades above the best | within 2 × | against best-of-n |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows(asked):
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
