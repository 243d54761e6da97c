"""Whether the test errors that `scaling` has measured hold: `tested.json` against the run, and its programs scored again as far as the time goes."""

import math
import time
from collections.abc import Iterator, Mapping

from fieldsmith.agents.author import Candidate
from fieldsmith.bench.differences import close, several
from fieldsmith.bench.tested import FILE, NOT_IMPORTED, Kept, rank_of, scored, stored
from fieldsmith.evaluation import Evaluation
from fieldsmith.finding import Finding
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.digest import digest_of
from fieldsmith.tasks.task import Task

CHECK = "tested"
MOST_SECONDS = 120.0
"""Wall time after which no further program of a run is begun; the quickest go first."""
ROUNDED, ABSOLUTE = 0.01, 1e-12
"""How far a figure may be from what is kept where libraries or processor are others."""


def verify_tested(run: RunRecord, task: Task, sandbox: Sandbox | None = None, same: bool = True) -> Iterator[Finding]:
    """What holds of a run's `tested.json`, nothing where there is none.

    sandbox: where its programs are scored again, of a task whose data is the run's; None to score none. same: whether processor and libraries are the run's.
    """
    file = run.folder / FILE
    if not file.exists():
        return
    kept = stored(file, run.asked.fingerprint)
    if kept is None:
        yield Finding(CHECK, unchecked=f"{FILE} cannot be read or is of other data: it counts as none")
        return
    programs = {c.program.sha256: c for c in run.candidates if c.ok and c.program}
    if faults := list(_against_the_run(run, kept, programs)):
        yield Finding(CHECK, several(faults))
    elif sandbox is None:
        yield Finding(CHECK, unchecked=f"the {len(kept.ranks)} programs of {FILE} are not scored again")
    elif kept.digest != digest_of(task.split("test")):
        yield Finding(CHECK, unchecked=f"{FILE} is of other arrays of test than those here: nothing is scored again")
    else:
        yield _scored_again(kept, programs, task, sandbox, same)


def _against_the_run(run: RunRecord, kept: Kept, programs: Mapping[str, Candidate]) -> Iterator[str]:
    if foreign := [digest for digest in kept.ranks if digest not in programs]:
        yield f"{FILE} has {len(foreign)} programs that did not run here, the first {foreign[0][:12]}"
    best = run.best.candidate if run.best else None
    own = best.evaluation.test if best and best.evaluation else None
    made = str(run.asked.sittings[-1]["data"].get("test", "")) if run.asked.sittings else ""
    if best is None or best.program is None or own is None or made != kept.digest:
        return
    told = kept.ranks.get(best.program.sha256, own.rank)
    if told is None or not _near(told, own.rank):
        yield f"{FILE} tells {_figure(told)} of the best program, and the run {_figure(own.rank)}"


def _scored_again(kept: Kept, programs: Mapping[str, Candidate], task: Task, sandbox: Sandbox, same: bool) -> Finding:
    """The programs one after the other, the quickest first, until the time is over."""
    faults, unlike = [], []
    begun, done = time.perf_counter(), 0
    quickest = sorted(kept.ranks, key=lambda digest: _cost(programs[digest]))
    for digest in quickest:
        if time.perf_counter() - begun > MOST_SECONDS:
            break
        done += 1
        program = programs[digest].program
        assert program is not None  # it has a digest
        fault, why = _compared(kept.ranks[digest], scored(task, program.source, sandbox), same)
        slot = programs[digest].slot
        if fault:
            faults.append(f"candidate {slot}: {fault}")
        elif why:
            unlike.append(f"candidate {slot}: {why}")
    held = f"{done - len(faults) - len(unlike)} of {len(kept.ranks)} programs scored again, as {FILE} tells"
    if left := len(kept.ranks) - done:
        unlike.append(f"{left} programs are left after {MOST_SECONDS:g} s")
    if faults:
        words = f"{several(faults)}; remove {FILE} and let `fieldsmith scaling` measure them again"
        return Finding(CHECK, words)
    return Finding(CHECK, "", held, f"{several(unlike)}; {held}" if unlike else "")


def _compared(kept: float | None, outcome: Evaluation, same: bool) -> tuple[str, str]:
    """What is wrong with a figure, or else why it was not checked; both empty where it holds."""
    rank = rank_of(outcome)
    if rank is None and kept is None:
        return "", ""
    words = f"{_figure(rank)} scored again, {_figure(kept)} kept"
    if rank is None:
        of_the_machine = outcome.status in ("timeout", "out_of_memory") or outcome.error_type in NOT_IMPORTED
        return ("", f"{words}: {outcome.status} here") if of_the_machine or not same else (words, "")
    if kept is not None and close(rank, kept):
        return "", ""
    near = kept is None or _near(rank, kept)
    if near and not same:
        return "", f"{words}: the processor or its libraries are others"
    return words, ""


def _near(one: float, other: float) -> bool:
    return close(one, other) or math.isclose(one, other, rel_tol=ROUNDED, abs_tol=ABSOLUTE)


def _figure(rank: float | None) -> str:
    return "a failure" if rank is None else f"{abs(rank):.6e}"


def _cost(candidate: Candidate) -> float:
    score = candidate.evaluation.dev if candidate.evaluation else None
    return score.cost if score else math.inf
