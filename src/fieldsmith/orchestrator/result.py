"""What a run and its candidates came to, as fields of JSON."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fieldsmith.agents.author import Candidate
from fieldsmith.evaluation.record import score_fields
from fieldsmith.models.chat_model import ChatReply
from fieldsmith.models.replay import RECORDING, write_replay
from fieldsmith.orchestrator import record
from fieldsmith.orchestrator.claims import counted
from fieldsmith.orchestrator.course import course_fields, curve, first_shot
from fieldsmith.orchestrator.met import met_by
from fieldsmith.orchestrator.run import SOLUTION, Best, RunRecord, Spend, Waiting
from fieldsmith.strategies.choosing import best_of, why_chosen

NO_PROGRAM_RAN, BEST_FAILED = "no_program_ran", "best_failed"


def run_fields(run: RunRecord) -> dict[str, object]:
    """The last line of `solve --json`."""
    solver, sittings = run.folder / "best" / "solver.py", run.asked.sittings
    solution = run.folder / "best" / SOLUTION
    return {
        "run": str(run.folder),
        "task": run.asked.task,
        "parameters": dict(run.asked.parameters),
        "scale": run.asked.scale,
        "author": run.asked.author,
        "sandbox": run.asked.sandbox,
        "solver": str(solver) if solver.exists() else None,
        "solution": str(solution) if solution.exists() else None,
        "report": str(run.folder / "report.html"),
        "best": _best_fields(run.best, run.candidates) if run.best else None,
        "candidates": len(run.written),
        "statuses": dict(Counter(c.evaluation.status for c in run.candidates if c.evaluation)),
        **course_fields(run.candidates),
        "claims": counted(run.candidates),
        "spend": spend_fields(run.spend),
        "waiting": waiting_fields(run.waiting),
        "message": run.message,
        "accuracy": met.fields() if (met := met_by(run)) else None,
        "judged_by": run.asked.judged_by or None,
        "reason": _reason(run),
        "data": {"fingerprint": run.asked.fingerprint, **(dict(sittings[-1]["data"]) if sittings else {})},
        "sittings": [dict(one) for one in sittings],
        "certificate": None,
    }


def spend_fields(spend: Spend) -> dict[str, object]:
    """What was used; null stands for tokens and dollars that are not known. `estimated`: made from the texts, not counted by the server."""
    told = {name: value for name, value in asdict(spend).items() if name != "uncounted"}
    return told if spend.counted else {**told, "input_tokens": None, "output_tokens": None}


def waiting_fields(waiting: Sequence[Waiting]) -> list[dict[str, object]]:
    """What is waited for, as JSON."""
    return [{"candidate": w.candidate, "slot": w.slot, "for": w.what, "since": w.since} for w in waiting]


def _reason(run: RunRecord) -> str | None:
    """Why the run is not good enough, as a word for scripts; None where it is."""
    evaluation = run.best.candidate.evaluation if run.best else None
    if evaluation is None:
        return NO_PROGRAM_RAN
    return None if evaluation.status == "ok" else BEST_FAILED


def _best_fields(best: Best, candidates: Sequence[Candidate]) -> dict[str, object]:
    candidate, evaluation = best.candidate, best.candidate.evaluation
    return {
        "candidate": candidate.id,
        "slot": candidate.slot,
        "status": evaluation.status if evaluation else None,
        "dev": score_fields(evaluation.dev) if evaluation else None,
        "test": score_fields(evaluation.test) if evaluation else None,
        "plan": asdict(candidate.proposal.plan) if candidate.proposal else None,
        "notes": list(evaluation.notes) if evaluation else [],
        "chosen_for": why_chosen(candidate, candidates),
    }


def candidate_fields(candidate: Candidate, best: Candidate | None, spend: Spend, count: int) -> dict[str, object]:
    """The event of a finished candidate: `count` of them there are, `best` is the best so far."""
    evaluation = candidate.evaluation
    return {
        "candidate": candidate.id,
        "slot": candidate.slot,
        "move": candidate.move,
        "parents": candidate.parents,
        "plan": candidate.proposal.plan.summary if candidate.proposal else "",
        "status": evaluation.status if evaluation else None,
        "dev": score_fields(evaluation.dev) if evaluation else None,
        "feedback": evaluation.feedback if evaluation else "",
        "copy_of": (evaluation.copy_of or None) if evaluation else None,
        "best": best.id if best else None,
        "best_nrmse": best.dev_nrmse if best and math.isfinite(best.dev_nrmse) else None,
        "best_value": best.dev_figure if best else None,
        "candidates": count,
        "usd": spend.usd,
        "tokens": spend.input_tokens + spend.output_tokens if spend.counted else None,
        "estimated": spend.estimated,
        "seconds": spend.seconds,
    }


def withdrawn_fields(candidate: int, slot: str, reason: str, why: str) -> dict[str, object]:
    """The event of a candidate that was begun and does not come."""
    return {"candidate": candidate, "slot": slot, "reason": reason, "why": why}


def resumed_fields(before: Sequence[Candidate], spend: Spend) -> dict[str, object]:
    """The event of a run that is taken up: what earlier sittings had evaluated."""
    best = best_of(list(before))
    return {
        "candidates": len(before),
        "first_shot": first_shot(before),
        "curve": curve(before),
        "best": best.id if best else None,
        "best_value": best.dev_figure if best else None,
        "usd": spend.usd,
        "tokens": spend.input_tokens + spend.output_tokens if spend.counted else None,
        "seconds": spend.seconds,
    }


def write_outcome(
    folder: Path, state: str, replies: Sequence[tuple[Mapping[str, Any], ChatReply, float | None]]
) -> None:
    """What a sitting leaves beside the store: the model's replies as a recording, and the result of a run that is done."""
    if replies:
        write_replay(folder / RECORDING, replies)
    if state == "done":
        record.write_text(folder / "result.json", json.dumps(run_fields(record.load_run(folder)), indent=2))
