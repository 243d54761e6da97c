"""Every candidate as the page keeps it: figures, lineage, and where its texts stand in the table of texts."""

from dataclasses import dataclass
from typing import Any

from fieldsmith.agents.author import Candidate, Plan
from fieldsmith.reports.numbers import finite
from fieldsmith.reports.plain import visible
from fieldsmith.reports.texts import Texts

MOST_NOTES = 12


@dataclass(frozen=True)
class Detail:
    """How many characters of each text of a candidate are shown; `output` is what its program printed."""

    plan: int
    feedback: int
    output: int
    code: int
    reply: int
    prompt: int


WHOLE = Detail(400, 60_000, 60_000, 60_000, 60_000, 60_000)
DETAILS = (
    WHOLE,
    Detail(400, 16_000, 16_000, 60_000, 16_000, 16_000),
    Detail(400, 8_000, 4_000, 60_000, 4_000, 4_000),
    Detail(400, 8_000, 2_000, 30_000, 2_000, 1_000),
    Detail(400, 4_000, 1_000, 16_000, 1_000, 400),
    Detail(400, 2_000, 400, 8_000, 400, 0),
    Detail(400, 1_000, 160, 4_000, 0, 0),
    Detail(160, 1_000, 0, 2_000, 0, 0),
    Detail(160, 400, 0, 1_000, 0, 0),
    Detail(160, 400, 0, 0, 0, 0),
    Detail(60, 160, 0, 0, 0, 0),
    Detail(0, 0, 0, 0, 0, 0),
)
"""From everything to figures alone: what a person needs least goes first."""


def plan_rows(plan: Plan, limit: int = 400) -> list[tuple[str, str]]:
    """A plan as named lines, without what it leaves open."""
    named = {
        "in short": plan.summary,
        "method": plan.method,
        "discretisation": plan.discretisation,
        "time integrator": plan.time_integrator,
        "resolution control": plan.resolution_control,
        "expected order": "" if plan.expected_order is None else f"{plan.expected_order:g}",
    }
    return [(name, visible(text, limit)) for name, text in named.items() if text]


def described(candidate: Candidate, best: Candidate | None, texts: Texts, detail: Detail) -> dict[str, Any]:
    """A candidate's row; its long texts go into `texts`."""
    evaluation, proposal = candidate.evaluation, candidate.proposal
    score = evaluation.dev if evaluation else None
    row: dict[str, Any] = {
        "id": candidate.id,
        "slot": visible(candidate.slot, 40),
        "move": visible(candidate.move, 20),
        "parents": candidate.parents[:20],
        "author": visible(candidate.author, 80),
        "status": evaluation.status if evaluation else "in the making",
        "ok": candidate.ok,
        "best": best is not None and candidate.id == best.id,
        "error": finite(score.figure) if score else None,
        "trusted": finite(score.trusted) if score and score.value is None else None,
        "order": finite(score.order) if score else None,
        "seconds": finite(score.cost) if score else None,
        "wall": finite(score.seconds) if score else None,
    }
    if evaluation is not None:
        row |= {
            "line": evaluation.error_line,
            "copy": visible(evaluation.copy_of, 40),
            "feedback": texts.add(evaluation.feedback, detail.feedback),
            "stdout": texts.add(evaluation.stdout, detail.output),
            "stderr": texts.add(evaluation.stderr, detail.output),
        }
        if detail.plan:
            row["notes"] = [visible(note, 400) for note in evaluation.notes[:MOST_NOTES]]
    if proposal is not None:
        row |= {
            "summary": visible(
                proposal.plan.summary or proposal.plan.method or proposal.plan.discretisation,
                160 if detail.plan else 60,
            ),
            "input": proposal.usage.input_tokens,
            "output": proposal.usage.output_tokens,
            "usd": finite(proposal.usage.usd),
            "estimated": proposal.usage.estimated,
            "code": texts.add(candidate.program.source, detail.code) if candidate.program else [],
            "reply": texts.add(proposal.reply, detail.reply),
            "prompt": texts.add(proposal.prompt, detail.prompt),
        }
        if detail.plan:
            row["plan"] = plan_rows(proposal.plan, detail.plan)
            # How a reply was made usable, from authors that say so.
            row["repairs"] = [visible(str(repair), 300) for repair in proposal.repairs[:MOST_NOTES]]
    if not detail.plan:
        row["short"] = True
    return row
