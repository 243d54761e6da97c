"""Trained operators and the programs of runs in one order: what each errs by, what an answer takes, what it took to have it.

All are judged by the same judge on the test split. An answer's time is that of the call itself, seen by the process that answers and has loaded what it needs: the best of several calls,
with all samples at once and with one alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldsmith.agents.author import NUMERICS
from fieldsmith.bench.beside import Learned
from fieldsmith.bench.beyond import Beyond, beyond
from fieldsmith.bench.bins import Binned
from fieldsmith.bench.places import Places
from fieldsmith.bench.warm_calls import timed
from fieldsmith.errors import InputError
from fieldsmith.evaluation.judge import default_limits, evaluate
from fieldsmith.evaluation.pilot import first_samples
from fieldsmith.operators.observed import Observed
from fieldsmith.operators.sandbox import OperatorSandbox
from fieldsmith.operators.trained import read_card
from fieldsmith.orchestrator.record import load_run
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.task import Case, Task


@dataclass(frozen=True)
class Entry:
    """One operator or program. Seconds are by the clock: `alone` of a call with one sample, `together` of one with all, a sample.

    `training` and `data` are what an operator took to have, `data` in processor time; None for a program. `reason` says why there are no figures.
    """

    name: str
    kind: str
    place: str
    nrmse: float | None = None
    geometric: float | None = None
    drift: float | None = None
    alone: float | None = None
    together: float | None = None
    parameters: int | None = None
    training: float | None = None
    data: float | None = None
    device: str = ""
    semigroup: float | None = None
    energy: float | None = None
    coarser: float | None = None
    """As in `beyond.py`."""
    reason: str = ""
    samples: tuple[float, ...] = ()
    """nRMSE of each."""
    bins: tuple[float | None, ...] = ()
    """nRMSE by equal spans of time, none of a steady task."""
    first: tuple[tuple[float, ...], ...] = ()
    """The same of the first call's samples, [spans][samples]."""


@dataclass(frozen=True)
class Contender:
    """What is to be ranked: where its calls are answered, and by which source."""

    name: str
    kind: str
    place: Path
    source: str
    facts: Mapping[str, Any]


def trained_of(task: Task, folders: Sequence[Path]) -> Iterator[Contender]:
    """Operators. Raises InputError for a folder without one, and for one of another task."""
    for folder in folders:
        card = read_card(folder)
        if card["task"]["fingerprint"] != task.fingerprint:
            told = card["task"]
            words = f"The operator in {folder} was trained on other data than {task.name}'s: {told['name']}, {told['scale']} scale."
            raise InputError(words, "Give the same task, --param and --scale, or leave it out.")
        training = card["course"]["seconds"] + card.get("backbone", {}).get("seconds", 0.0)
        facts = {
            "parameters": card["parameters"], "training": training, "data": card["sample_seconds"], "device": card["device"],
        }  # fmt: skip
        ensemble = " ensemble" if card["asked"].get("members", 1) > 1 else ""
        seen = str(Observed.of_card(card))
        name = f"{card['asked']['operator']}{ensemble}, {card['samples']} samples" + (f", sees {seen}" if seen else "")
        yield Contender(name, "operator", folder, "", facts)


def solvers_of(task: Task, folders: Sequence[Path]) -> Iterator[tuple[Contender, RunRecord]]:
    """The best programs of runs. Raises InputError for a run of other data, or without a program."""
    for folder in folders:
        run = load_run(folder, pictures=False)
        if run.asked.fingerprint != task.fingerprint:
            words = f"The run {folder} is on other data than {task.name}'s: {run.asked.task}, {run.asked.scale} scale."
            raise InputError(words, "Give the same task, --param and --scale, or leave it out.")
        if run.best is None or run.best.candidate.program is None:
            raise InputError(f"The run {folder} has no program that runs.", "Leave it out.")
        author = "the built-in author" if run.asked.author == NUMERICS else run.asked.author
        name = f"solver {run.best.candidate.slot} by {author}"
        yield Contender(name, "solver", folder, run.best.candidate.program.source, {}), run


def ranked(
    task: Task, operators: Sequence[Contender], solvers: Sequence[tuple[Contender, RunRecord]], places: Places, device: str
) -> Iterator[Entry]:  # fmt: skip
    """An entry of each, as it is found."""
    for one in operators:
        yield _entry(task, one, OperatorSandbox(one.place, device))
    for one, run in solvers:
        yield _entry(task, one, places.of(run.asked.question))


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """The smallest error first, those without one last."""
    return sorted(entries, key=lambda one: (one.nrmse is None, one.nrmse or 0.0))


def learned_of(entries: Sequence[Entry]) -> list[Learned]:
    """Operators among them that have a figure, as they are kept beside a run."""
    return [
        Learned(one.name, one.nrmse, one.training or 0.0, one.data or 0.0, one.device)
        for one in entries
        if one.kind == "operator" and one.nrmse is not None
    ]


def _entry(task: Task, one: Contender, place: Sandbox) -> Entry:
    binned = Binned(task.brief().signature)
    outcome = evaluate(
        task, one.source, place, splits=("test",), refinement=False, probing=False, on_outputs=binned.see
    )
    known = {"name": one.name, "kind": one.kind, "place": str(one.place), **one.facts}
    score = outcome.test
    if score is None:
        return Entry(**known, reason=outcome.error_message or outcome.status)
    case = task.split("test")[0]
    single = first_samples(task.brief().signature, case, 1)
    (together, alone), more = _called(task, one, place, (case, single))
    return Entry(
        **known, nrmse=score.nrmse, geometric=score.geometric, drift=score.drift, alone=alone, together=together / _batch(task, case),
        semigroup=more.semigroup, energy=more.energy, coarser=more.coarser, samples=score.samples, bins=binned.means("test"), first=tuple(map(tuple, binned.cases["test"][0].tolist())),
    )  # fmt: skip


def _called(task: Task, one: Contender, place: Sandbox, cases: Sequence[Case]) -> tuple[list[float], Beyond]:
    """The least time of a call with each of these cases, and what the error of the first does not say; all in one place, so that what is loaded once is loaded before."""
    signature, loaded = task.brief().signature, isinstance(place, OperatorSandbox)
    with place.open(default_limits(task)) as session:
        seconds = [timed(session, one.source, signature, case, loaded)[1] for case in cases]
        return seconds, beyond(task, one.source, session, cases[0])


def _batch(task: Task, case: Case) -> int:
    return task.brief().signature.sizes(case.inputs).get("batch", 1)
