"""Whether a run's figures hold: each is made anew from what the run kept, and the best program is scored again on the same data.

What is bound together: the program by its digest, the data by that of its arrays, the evaluation by the store, `candidates/`, `best/` and `result.json`, which tell
the same thing each in its own way. Times are measurements of that moment and are not made anew.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldsmith.agents.author import Candidate
from fieldsmith.bench import cells
from fieldsmith.bench.table import figure_of
from fieldsmith.errors import FieldsmithError
from fieldsmith.evaluation import Score, evaluate
from fieldsmith.evaluation.record import evaluation_fields
from fieldsmith.finding import Finding
from fieldsmith.orchestrator.listed import of_episodes
from fieldsmith.orchestrator.open import task_of
from fieldsmith.orchestrator.record import candidate_file, load_run
from fieldsmith.orchestrator.result import run_fields
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.orchestrator.runnable import runnable
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.digest import digest_of
from fieldsmith.tasks.task import SplitName, Task

RELATIVE, ABSOLUTE = 1e-6, 1e-14
"""How far a score may be from what is kept: other processors and libraries round otherwise."""
PATHS = ("run", "solver", "report")
"""Fields of a result that say where the run lay."""
SPLITS: tuple[SplitName, ...] = ("dev", "test")
MOST = 3
"""Differences that are told one by one."""


def verify(folder: Path, sandbox: Sandbox | None) -> Iterator[Finding]:
    """What holds of a run, or of every cell of a benchmark and its table; without a sandbox no program is run.

    Raises InputError for a folder that is neither.
    """
    if (folder / cells.FILE).exists():
        yield from _bench(folder, sandbox)
    else:
        yield from _run(load_run(folder, pictures=False), sandbox)


def _store(run: RunRecord) -> Finding:
    """Whether there is anything to hold the rest against, and whether it says that the run is done where a result says so."""
    if not (run.folder / "run.sqlite").exists():
        return Finding("store", "run.sqlite is missing: there is nothing to hold the rest against")
    if run.result is not None and run.state != "done":
        return Finding("store", f"there is a result.json, and run.sqlite says that the run is {run.state}")
    return Finding("store", "", f"run.sqlite says that the run is {run.state}")


def _run(run: RunRecord, sandbox: Sandbox | None) -> Iterator[Finding]:
    yield _store(run)
    yield _programs(run)
    yield _evaluations(run)
    yield _sums(run)
    if run.state == "done":
        yield _result(run)
    best = run.best.candidate if run.best else None
    if best is None:
        return
    try:
        task = task_of(run.asked)
    except FieldsmithError as error:
        yield Finding("data", f"the task cannot be loaded, so that nothing can be scored again: {error.message}")
        return
    data = _data(run, task)
    yield data
    yield _solver(run, best, task)
    if sandbox is not None and not data.fault:
        yield from (_scored_again(best, task, split, sandbox) for split in SPLITS)


def _programs(run: RunRecord) -> Finding:
    """Whether `candidates/` holds the programs of the store."""
    differing = []
    for candidate in run.candidates:
        file = candidate_file(run.folder, candidate).with_name("solver.py")
        if candidate.program and candidate.evaluation and _text(file) != candidate.program.source:
            differing.append(f"candidates/{candidate.slot}/solver.py is not the program of run.sqlite")
    return _told("programs", differing, f"{len(run.written)} candidates, each with the program of the store")


def _evaluations(run: RunRecord) -> Finding:
    """Whether `candidates/` tells the evaluations of the store."""
    differing = []
    for candidate in run.candidates:
        if candidate.evaluation is None:
            continue
        file = candidate_file(run.folder, candidate)
        kept = _json(file).get("evaluation")
        name = f"candidates/{candidate.slot}/{file.name}"
        differing += _differences(_plain(evaluation_fields(candidate.evaluation)), kept, "run.sqlite", name)
    return _told("records", differing, "candidates/ and run.sqlite tell the same of each evaluation")


def _sums(run: RunRecord) -> Finding:
    """Whether each score's error is the mean of its samples."""
    differing = []
    for name, score in _scores(run):
        mean = math.fsum(score.samples) / len(score.samples) if score.samples else score.nrmse
        if not _close(mean, score.nrmse):
            differing.append(f"the samples of {name} have a mean nRMSE of {mean:.6e}, and {score.nrmse:.6e} is told")
    return _told("means", differing, "every nRMSE is the mean of its samples")


def _scores(run: RunRecord) -> Iterator[tuple[str, Score]]:
    final = run.best.candidate if run.best else None
    known = [*((f"candidate {c.slot}", c) for c in run.candidates), *([("the best", final)] if final else [])]
    for name, candidate in known:
        evaluation = candidate.evaluation
        for split, score in (("dev", evaluation.dev), ("test", evaluation.test)) if evaluation else ():
            if score is not None:
                yield f"{name} on {split}", score


def _result(run: RunRecord) -> Finding:
    """Whether `result.json` tells what the store comes to."""
    kept = _json(run.folder / "result.json")
    if not kept:
        return Finding("result", "result.json is missing or no JSON; `fieldsmith runs show` tells what the store holds")
    anew = _plain(run_fields(run))
    for field in PATHS:
        kept.pop(field, None)
        anew.pop(field, None)
    return _told(
        "result", _differences(anew, kept, "run.sqlite", "result.json"), "result.json tells what the store comes to"
    )


def _data(run: RunRecord, task: Task) -> Finding:
    """Whether the data is that of the run."""
    if task.fingerprint != run.asked.fingerprint:
        return Finding("data", "the task or its data is another than the run's: nothing can be scored again", "")
    kept = run.asked.sittings[-1]["data"] if run.asked.sittings else {}
    differing = [split for split in SPLITS if kept.get(split, "") not in ("", digest_of(task.split(split)))]
    faults = [
        f"the {split} split's arrays are others than the run's, as of another machine or library" for split in differing
    ]
    return _told(
        "data", faults, f"fingerprint {run.asked.fingerprint[:12]}, the arrays of both splits by their digests"
    )


def _solver(run: RunRecord, best: Candidate, task: Task) -> Finding:
    """Whether `best/solver.py` is the program that was scored, with the example that makes it run by itself."""
    source = best.program.source if best.program else ""
    same = _text(run.folder / "best" / "solver.py") in (source, runnable(source, task.brief()))
    fault = "" if same else f"best/solver.py is not the program of candidate {best.slot}"
    return Finding("solver", fault, f"best/solver.py is the program of candidate {best.slot}" if same else "")


def _scored_again(best: Candidate, task: Task, split: SplitName, sandbox: Sandbox) -> Finding:
    """The best program's score on a split against the one that is kept."""
    kept = best.evaluation and getattr(best.evaluation, split)
    source = best.program.source if best.program else ""
    again = evaluate(task, source, sandbox, splits=(split,), refinement=False, probing=False)
    score: Score | None = getattr(again, split)
    if kept is None or score is None:
        same = kept is None and score is None
        fault = (
            ""
            if same
            else f"the best program now ends with {again.status} on {split}, and a score is kept"
            if kept
            else f"the best program now has a score on {split}, and none is kept"
        )
        return Finding(split, fault, f"the best program fails on {split}, as it did" if same else "")
    words = f"{score.metric} {score.figure:.6e} scored again, {kept.figure:.6e} kept"
    holds = _close(score.figure, kept.figure) and len(score.samples) == len(kept.samples)
    holds = holds and all(map(_close, score.samples, kept.samples))
    return Finding(split, "" if holds else words, words if holds else "")


def _bench(folder: Path, sandbox: Sandbox | None) -> Iterator[Finding]:
    values: dict[tuple[str, str, str], list[float]] = {}
    for name, outcome in cells.kept(folder).items():
        if not outcome.done or outcome.result is None:
            continue
        task, author, strategy = name.split("/")[:3]
        figure = figure_of(outcome.result)
        values.setdefault((task, author, strategy), []).extend([figure[2]] if figure else [])
        run = folder / "cells" / outcome.folder
        if of_episodes(run):
            yield Finding(name, "", "an episode: `fieldsmith env replay` scores it again")
            continue
        found = list(_cell(run, outcome.result, sandbox))
        faults = [f"{one.check}: {one.fault}" for one in found if one.fault]
        yield Finding(name, "; ".join(faults), "" if faults else "; ".join(one.check for one in found) + " hold")
    yield _board(folder, values)


def _cell(run: Path, result: Mapping[str, Any], sandbox: Sandbox | None) -> Iterator[Finding]:
    kept = {name: value for name, value in _json(run / "result.json").items() if name not in PATHS}
    told = {name: value for name, value in result.items() if name not in (*PATHS, "event")}
    yield _told("cell", _differences(kept, told, "result.json", cells.FILE), "")
    try:
        yield from _run(load_run(run, pictures=False), sandbox)
    except FieldsmithError as error:
        yield Finding("run", f"it cannot be read: {error.message}")


def _board(folder: Path, values: Mapping[tuple[str, str, str], Sequence[float]]) -> Finding:
    """Whether the leaderboard's figures are those of the cells."""
    differing = []
    board = _json(folder / "leaderboard.json")
    if not board:
        return Finding("leaderboard", "leaderboard.json is missing or no JSON")
    for row in board.get("rows", []):
        if row.get("published"):
            continue
        for task, one in row.get("tasks", {}).items():
            own = sorted(values.get((task, row["author"], row["strategy"]), ()))
            told = sorted(value for value in one.get("values", ()))
            if len(own) != len(told) or not all(map(_close, own, told)):
                words = f"the cells have {own}, the table {told}"
                differing.append(f"{row['author']}/{row['strategy']} on {task}: {words}")
    return _told("leaderboard", differing, "its values are those of the cells")


def _told(check: str, faults: Sequence[str], note: str) -> Finding:
    more = f"; and {len(faults) - MOST} more" if len(faults) > MOST else ""
    return Finding(check, "; ".join(faults[:MOST]) + more, "" if faults else note)


def _differences(anew: object, kept: object, there: str, here: str, path: str = "") -> list[str]:
    """Where two JSON values differ, in words, with the field's path."""
    if isinstance(anew, Mapping) and isinstance(kept, Mapping):
        names = dict.fromkeys([*anew, *kept])
        return [
            words
            for name in names
            for words in _differences(
                anew.get(name), kept.get(name), there, here, f"{path}.{name}" if path else str(name)
            )
        ]
    if isinstance(anew, list) and isinstance(kept, list) and len(anew) == len(kept):
        pairs = enumerate(zip(anew, kept, strict=True))
        return [words for n, (a, b) in pairs for words in _differences(a, b, there, here, f"{path}[{n}]")]
    if anew == kept or (isinstance(anew, float) and isinstance(kept, float) and _close(anew, kept)):
        return []
    return [f"{path} is {str(kept)[:40]} in {here} and {str(anew)[:40]} by {there}"]


def _close(one: float, other: float) -> bool:
    both = math.isnan(one) and math.isnan(other)
    return both or math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _plain(fields: object) -> dict[str, Any]:
    """As it is read back from JSON."""
    return json.loads(json.dumps(fields))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _json(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(_text(file))
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
