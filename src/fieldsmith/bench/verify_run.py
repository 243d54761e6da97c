"""Whether the figures of a run hold: each is made anew from what the run kept, and the best program is scored again on the same data.

What is bound together: the program by its digest, the data by that of its arrays, the evaluation by the store, `candidates/`, `best/` and `result.json`, which tell
the same thing each in its own way. Times are measurements of that moment and are not made anew.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fieldsmith import __version__
from fieldsmith.agents.author import Candidate
from fieldsmith.bench.differences import close, compared, differences, json_of, plain, text_of, told
from fieldsmith.bench.places import Places
from fieldsmith.bench.verify_tested import verify_tested
from fieldsmith.errors import FieldsmithError
from fieldsmith.evaluation import Score, evaluate
from fieldsmith.evaluation.record import evaluation_fields, score_fields
from fieldsmith.finding import Finding
from fieldsmith.orchestrator.open import task_of
from fieldsmith.orchestrator.provenance import sitting
from fieldsmith.orchestrator.record import candidate_file
from fieldsmith.orchestrator.result import run_fields
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.orchestrator.runnable import runnable
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.strategies.choosing import best_of
from fieldsmith.tasks.digest import digest_of
from fieldsmith.tasks.task import SplitName, Task

PLACES = ("run", "solver", "report")
"""Fields of a result that say where the run lay: it may have been named by another path, moved or copied since."""
SPLITS: tuple[SplitName, ...] = ("dev", "test")
SLOW = ("timeout", "out_of_memory")
"""How a program may end on another machine that ran on the run's."""
ROUNDED = 0.01
"""How far a score may be from what is kept where libraries or processor are others."""
SURROUNDINGS = ("processor", "libraries", "sandbox_libraries")


def verify_run(run: RunRecord, places: Places | None) -> Iterator[Finding]:
    """What holds of a run; without places no program is run. One that goes on is not looked at: what it keeps changes meanwhile."""
    if run.state == "running":
        yield Finding("run", unchecked="it is still running: what it keeps changes while it is looked at")
        return
    yield _store(run)
    yield _programs(run)
    yield _evaluations(run)
    yield _means(run)
    yield _chosen(run)
    if run.state == "done":
        yield _result(run)
    else:
        yield Finding("result", unchecked=f"the run is {run.state}: there is no result yet")
    best = run.best.candidate if run.best else None
    if best is None:
        return
    try:
        task = task_of(run.asked)
    except FieldsmithError as error:
        why = f"the task cannot be loaded, so that nothing can be scored again: {error.message}"
        yield Finding("data", unchecked=why)
        return
    data = _data(run, task)
    yield data
    yield _solver(run, best, task)
    if data.state != "holds" and places is not None:
        yield from verify_tested(run, task)
        return
    sandbox = _place(run, places)
    if isinstance(sandbox, str):
        yield Finding("scores", unchecked=sandbox)
        yield from verify_tested(run, task)
        return
    same = _surroundings(run, task, sandbox)
    splits = SPLITS if run.state == "done" else SPLITS[:1]
    yield from (_scored_again(best, task, split, sandbox, same) for split in splits)
    yield from verify_tested(run, task, sandbox, same)


def _place(run: RunRecord, places: Places | None) -> Sandbox | str:
    """Where its programs run again, or why they do not."""
    if places is None:
        return "the best program is not scored again with --no-rerun"
    try:
        return places.of(run.asked.question)
    except FieldsmithError as error:
        return f"what the run's programs ran in is not here, so that nothing is scored again: {error.message}"


def _store(run: RunRecord) -> Finding:
    """Whether there is anything to hold the rest against, and whether it says that the run is done where a result says so."""
    if not (run.folder / "run.sqlite").exists():
        return Finding("store", "run.sqlite is missing: there is nothing to hold the rest against")
    if run.result is not None and run.state != "done":
        return _overtaken(run)
    return Finding("store", "", f"run.sqlite says that the run is {run.state}")


def _overtaken(run: RunRecord) -> Finding:
    """A result of a run that is not done: one that was taken up with a larger budget and has not come to its end."""
    before, now = (run.result or {}).get("candidates"), len(run.written)
    if run.tested and isinstance(before, int) and now >= before:
        words = f"result.json is of an earlier sitting, of {before} candidates: the run was taken up and is {run.state}"
        return Finding("store", unchecked=words)
    return Finding("store", f"there is a result.json, and run.sqlite says that the run is {run.state}")


def _programs(run: RunRecord) -> Finding:
    """Whether `candidates/` holds the programs of the store."""
    differing = []
    for candidate in run.candidates:
        file = candidate_file(run.folder, candidate).with_name("solver.py")
        if candidate.program and candidate.evaluation and text_of(file) != candidate.program.source:
            differing.append(f"candidates/{candidate.slot}/solver.py is not the program of run.sqlite")
    return told("programs", differing, f"{len(run.written)} candidates, each with the program of the store")


def _evaluations(run: RunRecord) -> Finding:
    """Whether `candidates/` tells the evaluations of the store."""
    found = []
    for candidate in run.candidates:
        if candidate.evaluation is None:
            continue
        file = candidate_file(run.folder, candidate)
        name = f"candidates/{candidate.slot}/{file.name}"
        kept = json_of(file).get("evaluation")
        found += differences(plain(evaluation_fields(candidate.evaluation)), kept, "run.sqlite", name)
    return compared("records", found, "candidates/ and run.sqlite tell the same of each evaluation")


def _means(run: RunRecord) -> Finding:
    """Whether each score's error is the mean of its samples."""
    differing = []
    for name, score in _scores(run):
        mean = math.fsum(score.samples) / len(score.samples) if score.samples else score.nrmse
        if not close(mean, score.nrmse):
            differing.append(f"the samples of {name} have a mean nRMSE of {mean:.6e}, and {score.nrmse:.6e} is told")
    return told("means", differing, "every nRMSE is the mean of its samples")


def _scores(run: RunRecord) -> Iterator[tuple[str, Score]]:
    final = run.best.candidate if run.best else None
    known = [*((f"candidate {c.slot}", c) for c in run.candidates), *([("the best", final)] if final else [])]
    for name, candidate in known:
        evaluation = candidate.evaluation
        for split, score in (("dev", evaluation.dev), ("test", evaluation.test)) if evaluation else ():
            if score is not None:
                yield f"{name} on {split}", score


def _chosen(run: RunRecord) -> Finding:
    """Whether the best is the one that is chosen of the stored evaluations, and whether its dev score is the one that it was chosen by."""
    best, anew = (run.best.candidate if run.best else None), best_of(run.candidates)
    if best is None or anew is None:
        return Finding("chosen", "" if best is anew else "a best is kept, and no candidate ran", "no program ran")
    if run.state != "done":
        return Finding("chosen", unchecked=f"the run is {run.state}: nothing is chosen for good")
    if best.id != anew.id:
        words = f"candidate {best.slot} is kept as the best, and of the stored evaluations {anew.slot} is chosen"
        version = str(run.asked.sittings[-1].get("fieldsmith", "")) if run.asked.sittings else ""
        if version not in ("", __version__):
            return Finding("chosen", unchecked=f"{words} by version {__version__}; the run's is {version}")
        return Finding("chosen", words)
    found = list(differences(_dev(anew), _dev(best), f"candidate {best.slot}'s evaluation", "the final one"))
    return compared("chosen", found, f"candidate {best.slot} is the best of the stored evaluations")


def _dev(candidate: Candidate) -> dict[str, Any] | None:
    """A candidate's dev score without its order of convergence, which is measured anew for the best."""
    score = candidate.evaluation.dev if candidate.evaluation else None
    return plain(score_fields(replace(score, order=None))) if score else None


def _result(run: RunRecord) -> Finding:
    """Whether `result.json` tells what the store comes to."""
    kept = json_of(run.folder / "result.json")
    if not kept:
        return Finding("result", "result.json is missing or no JSON; `fieldsmith runs show` tells what the store holds")
    anew = without_paths(plain(run_fields(run)))
    found = list(differences(anew, without_paths(kept), "run.sqlite", "result.json"))
    return compared("result", found, "result.json tells what the store comes to")


def without_paths(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a result tells wherever the run lies: of the solution's file whether there is one."""
    told = {name: value for name, value in fields.items() if name not in (*PLACES, "event")}
    solution = told.get("solution")
    return {**told, "solution": Path(solution).name} if isinstance(solution, str) else told


def _data(run: RunRecord, task: Task) -> Finding:
    """Whether the data is that of the run; another machine's differs by rounding, which is no fault of the run."""
    if task.fingerprint != run.asked.fingerprint:
        words = "the task is another here than the run's, by its version or after an edit: nothing can be scored again"
        return Finding("data", unchecked=words)
    kept = run.asked.sittings[-1]["data"] if run.asked.sittings else {}
    if lacking := [split for split in SPLITS if not kept.get(split)]:
        words = (
            f"run.toml has no digest of the arrays of {' and '.join(lacking)}: whether they are the same is not known"
        )
        return Finding("data", unchecked=words)
    differing = [split for split in SPLITS if kept[split] != digest_of(task.split(split))]
    if differing:
        words = f"the arrays of {' and '.join(differing)} are others than the run's, as of another machine or library: nothing can be scored again"
        return Finding("data", unchecked=words)
    return Finding("data", "", f"fingerprint {run.asked.fingerprint[:12]}, the arrays of both splits by their digests")


def _solver(run: RunRecord, best: Candidate, task: Task) -> Finding:
    """Whether `best/solver.py` is the program that was scored, with the example that makes it run by itself."""
    source = best.program.source if best.program else ""
    newer = (
        best_of(run.candidates) if run.state != "done" else None
    )  # of a sitting that was interrupted before it chose
    sources = [source, *([newer.program.source] if newer and newer.program else [])]
    wanted = [text for one in sources for text in (one, runnable(one, task.brief()))]
    same = text_of(run.folder / "best" / "solver.py") in wanted
    fault = "" if same else f"best/solver.py is not the program of candidate {best.slot}"
    return Finding("solver", fault, f"best/solver.py is the program of candidate {best.slot}" if same else "")


def _surroundings(run: RunRecord, task: Task, sandbox: Sandbox) -> bool:
    """Whether processor and libraries are those of the run."""
    kept, now = (run.asked.sittings[-1] if run.asked.sittings else {}), sitting(task, sandbox)
    return all(kept.get(name) == now[name] for name in SURROUNDINGS)


def _scored_again(best: Candidate, task: Task, split: SplitName, sandbox: Sandbox, same: bool) -> Finding:
    """The best program's score on a split against the one that is kept. same: whether processor and libraries are the run's."""
    kept: Score | None = best.evaluation and getattr(best.evaluation, split)
    source = best.program.source if best.program else ""
    again = evaluate(task, source, sandbox, splits=(split,), refinement=False, probing=False)
    score: Score | None = getattr(again, split)
    if kept is None and score is None:
        return Finding(split, "", f"the best program fails on {split}, as it did")
    if score is None:
        words = f"the best program now ends with {again.status} on {split}, and a score is kept"
        slow = again.status in SLOW or (again.status != "ok" and not same)
        return Finding(split, unchecked=f"{words}: this machine may be another") if slow else Finding(split, words)
    if kept is None:
        words = f"the best program now has a score on {split}, and none is kept"
        ended = best.evaluation.status if best.evaluation else ""
        return Finding(split, unchecked=words) if ended in SLOW else Finding(split, words)
    words = f"{score.metric} {score.figure:.6e} scored again, {kept.figure:.6e} kept"
    pairs = [(score.figure, kept.figure), *zip(score.samples, kept.samples, strict=False)]
    if len(score.samples) == len(kept.samples) and all(close(*pair) for pair in pairs):
        return Finding(split, "", words)
    near = all(math.isclose(a, b, rel_tol=ROUNDED, abs_tol=1e-12) for a, b in pairs)
    if near and not same and len(score.samples) == len(kept.samples):
        return Finding(split, unchecked=f"{words}: the processor or its libraries are others, and round otherwise")
    return Finding(split, words)
