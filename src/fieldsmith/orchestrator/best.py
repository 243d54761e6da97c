"""`best/`: the best program, made to run by itself, and its pictures."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fieldsmith.agents.author import Candidate, Program
from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.evaluation.judge import OnOutputs
from fieldsmith.orchestrator import record
from fieldsmith.orchestrator.page import Listener
from fieldsmith.orchestrator.runnable import runnable
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.task import Brief, Picture, Task

FEW = 3
"""Resolutions below which the best program's study of the order is made anew, with more time."""


def write_best(folder: Path, program: Program, brief: Brief, pictures: Mapping[str, Picture]) -> None:
    """`best/solver.py` and the pictures of what it returned."""
    record.write_text(folder / "best" / "solver.py", runnable(program.source, brief))
    record.write_pictures(folder, pictures)


def score_once_more(task: Task, best: Candidate, sandbox: Sandbox, draw: OnOutputs, listener: Listener) -> Evaluation:
    """The best candidate's program scored on the test split, alone on the machine; of what the search found on the dev split nothing is found again.

    A note says where the program fails on the test split.
    """
    source, known = best.program.source if best.program else "", best.evaluation or Evaluation("ok")
    whole_study = len(known.convergence) >= FEW
    scored = evaluate(
        task,
        source,
        sandbox,
        splits=("test",),
        refinement=not whole_study,
        thorough=True,
        on_outputs=draw,
        probing=False,
    )
    study = known if whole_study or len(known.convergence) > len(scored.convergence) else scored
    order = next((score.order for score in (study.dev, study.test) if score), None)
    whole = replace(
        scored,
        dev=replace(known.dev, order=order) if known.dev else None,
        test=replace(scored.test, order=order) if scored.test else None,
        convergence=study.convergence,
        notes=tuple(dict.fromkeys((*known.notes, *scored.notes))),
    )
    if scored.status == "ok":
        return whole
    note = f"On the test split the chosen program ended with {scored.status}."
    listener("note", {"message": note})
    return replace(whole, notes=(*whole.notes, note))
