"""Every candidate as the page keeps it: figures, lineage, and where its texts stand in the table of texts."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from fieldsmith.agents.author import Candidate, Plan
from fieldsmith.reports.code import changes, closest, colouring
from fieldsmith.reports.numbers import finite
from fieldsmith.reports.plain import clean, visible
from fieldsmith.reports.texts import Texts


def plan_rows(plan: Plan) -> list[tuple[str, str]]:
    """A plan as named lines, without what it leaves open."""
    named = {
        "in short": plan.summary,
        "discretisation": plan.discretisation,
        "time integrator": plan.time_integrator,
        "resolution control": plan.resolution_control,
        "expected order": "" if plan.expected_order is None else f"{plan.expected_order:g}",
    }
    return [(name, visible(text, 400)) for name, text in named.items() if text]


def described(
    candidates: Sequence[Candidate], best: Candidate | None, texts: Texts, coloured: bool
) -> list[dict[str, Any]]:
    """All candidates; their long texts go into `texts`. Without `coloured` programs come without their colouring."""
    by_id = {candidate.id: candidate for candidate in candidates}
    return [_described(candidate, best, by_id, texts, coloured) for candidate in candidates]


def _described(
    candidate: Candidate, best: Candidate | None, by_id: Mapping[int, Candidate], texts: Texts, coloured: bool
) -> dict[str, Any]:
    evaluation, proposal = candidate.evaluation, candidate.proposal
    score = evaluation.dev if evaluation else None
    folder = PurePosixPath("candidates") / visible(candidate.slot, 40)
    described = {
        "id": candidate.id,
        "slot": visible(candidate.slot, 20),
        "move": visible(candidate.move, 20),
        "parents": [parent for parent in candidate.parents if parent in by_id],
        "author": visible(candidate.author, 80),
        "status": evaluation.status if evaluation else "in the making",
        "ok": candidate.ok,
        "best": best is not None and candidate.id == best.id,
        "error": finite(score.nrmse) if score else None,
        "floor": finite(score.floor) if score else None,
        "order": finite(score.order) if score else None,
        "seconds": finite(score.seconds) if score else None,
        "notes": [visible(note, 400) for note in evaluation.notes] if evaluation else [],
        "line": evaluation.error_line if evaluation else None,
        "feedback": texts.add(evaluation.feedback, folder / "candidate.json") if evaluation else [],
        "stdout": texts.add(evaluation.stdout, folder / "candidate.json") if evaluation else [],
        "stderr": texts.add(evaluation.stderr, folder / "candidate.json") if evaluation else [],
    }
    if proposal is not None:
        summary = proposal.plan.summary or proposal.plan.discretisation
        described |= {
            "summary": visible(summary, 160),
            "plan": plan_rows(proposal.plan),
            "input": proposal.usage.input_tokens,
            "output": proposal.usage.output_tokens,
            "usd": finite(proposal.usage.usd),
            # How a reply was made usable, from authors that say so.
            "repairs": [visible(str(repair), 300) for repair in proposal.repairs],
            "prompt": texts.add(proposal.prompt, folder / "prompt.md"),
            "reply": texts.add(proposal.reply, folder / "reply.md"),
        }
        described |= _program(candidate, by_id, texts, folder / "solver.py", coloured)
    return described


def _program(
    candidate: Candidate, by_id: Mapping[int, Candidate], texts: Texts, file: PurePosixPath, coloured: bool
) -> dict[str, Any]:
    """The program with its colouring, and how it differs from the closest of the programs that it was made from."""
    if candidate.program is None:
        return {}
    source = candidate.program.source
    shown: dict[str, Any] = {"code": texts.add(source, file)}
    if not coloured or len(source) > texts.limit:
        return shown
    shown["colouring"] = colouring(clean(source, texts.limit))
    parents = [by_id[number] for number in candidate.parents if number in by_id]
    parents = [p for p in parents if p.program is not None and len(p.program.source) <= texts.limit]
    if parents:
        sources = [clean(p.program.source, texts.limit) for p in parents if p.program is not None]
        nearest = closest(clean(source, texts.limit), sources)
        shown["against"] = parents[nearest].id
        shown["changes"] = changes(sources[nearest], clean(source, texts.limit))
    return shown
