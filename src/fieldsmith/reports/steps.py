"""Every step of an episode as the page keeps it: what was said, done and seen, and where its texts stand in the table of texts."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldsmith.agents.acting.agent import Turn
from fieldsmith.environments.episode import Record
from fieldsmith.environments.observation import UNREADABLE
from fieldsmith.orchestrator.episodes.ledger import Kept
from fieldsmith.reports.numbers import finite
from fieldsmith.reports.plain import visible
from fieldsmith.reports.texts import Texts

MOST_RECORDS = 3000
"""Of one episode; the latest are kept."""
MOST_ARGUMENTS = 30
MOST_ARTIFACTS = 20
DECODER = json.JSONDecoder(strict=False)
EMPTY_FENCE = re.compile(r"\n?^[ \t]*(`{3,})\w*\s*^[ \t]*\1[ \t]*$", re.MULTILINE)
PYTHON = re.compile(r"^(?:import|from|def|class|@)\s?\w", re.MULTILINE)


@dataclass(frozen=True)
class StepDetail:
    """How many characters of each text of a step are shown: what the agent said, each argument, what it saw."""

    said: int
    argument: int
    observation: int


STEP_DETAILS = (
    StepDetail(60_000, 60_000, 60_000),
    StepDetail(16_000, 30_000, 16_000),
    StepDetail(6_000, 16_000, 6_000),
    StepDetail(2_000, 8_000, 2_000),
    StepDetail(800, 2_000, 800),
    StepDetail(300, 300, 300),
    StepDetail(0, 0, 0),
)
"""From everything to figures alone."""


def described(kept: Kept, names: Sequence[str], texts: Texts, detail: StepDetail) -> dict[str, Any]:
    """An episode's steps as rows; `names` are the measures that are shown. The long texts go into `texts`."""
    told = [(number, turn) for number, turn in enumerate(_turns(kept))]
    records = kept.episode.records
    asked = [(0, None, 0), *((number, turn, at) for number, (turn, count) in told for at in range(count))]
    asked += [(-1, None, 0)] * (len(records) - len(asked))
    rows, before = [], None
    first = max(0, len(records) - MOST_RECORDS)
    for place in range(first, len(records)):
        number, turn, at = asked[place]
        row = _row(records[place], names, before, texts, detail)
        if turn is not None:
            row |= _said(turn, at, number, texts, detail)
        rows.append({"n": place, **row, **({"kind": "start"} if place == 0 else {})})
        before = records[place]
    return {"records": rows, **({"skipped": first} if first else {})}


def _turns(kept: Kept) -> list[tuple[Turn, int]]:
    """Each turn, and how many records came of it."""
    return [(exchange.turn, len(exchange.records)) for exchange in kept.dialogue]


def _row(
    record: Record, names: Sequence[str], before: Record | None, texts: Texts, detail: StepDetail
) -> dict[str, Any]:
    """A record without what it does not have; figures only where they have changed."""
    values = _values(record, names)
    row: dict[str, Any] = {
        "step": record.step,
        "from": record.parent,
        "action": visible(record.action, 60),
        "status": record.status,
        "kind": _kind(record),
        "score": finite(record.score),
        "text": texts.add(record.text, detail.observation),
    }
    if before is None or values != _values(before, names):
        row["values"] = values
    if record.judged:
        row["judged"] = [[visible(name, 60), finite(value)] for name, value in list(record.judged.items())[:40]]
    if record.seconds >= 0.0005:
        row["seconds"] = float(f"{record.seconds:.4g}")
    if arguments := _arguments(record.arguments, texts, detail):
        row["arguments"] = arguments
    if record.artifacts:
        row["artifacts"] = [
            [visible(one.name, 80), visible(one.kind, 60), one.digest[:64], visible(one.caption, 300)]
            for one in record.artifacts[:MOST_ARTIFACTS]
        ]
    return row


def _values(record: Record, names: Sequence[str]) -> list[float | None]:
    return [rounded(record.metrics.get(name)) for name in names]


def rounded(value: float | None) -> float | None:
    """Six digits, which are more than a page shows."""
    known = finite(value)
    return None if known is None else float(f"{known:.6g}")


def _kind(record: Record) -> str:
    """What a record is to whoever follows the episode: an end from outside, an invalid call, a free one, a failure, a step."""
    if not record.counted:
        if record.status in UNREADABLE:
            return "invalid"
        if record.status == "budget_exceeded":
            return "end"
        return "free"
    return "step" if record.status == "success" else "failure"


def _arguments(arguments: Mapping[str, Any], texts: Texts, detail: StepDetail) -> list[list[Any]]:
    """Each as name, kind and text; what is no text is told as JSON."""
    rows: list[list[Any]] = []
    for name, value in list(arguments.items())[:MOST_ARGUMENTS]:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)
        kind = "json" if not isinstance(value, str) else "python" if is_python(value) else "text"
        short = text if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        rows.append([visible(str(name), 60), kind, texts.add(short if len(short) <= 80 else text, detail.argument)])
    return rows


def is_python(text: str) -> bool:
    """Whether a text looks like a program, to be shown in colours."""
    return "\n" in text and PYTHON.search(text[:20_000]) is not None


def _said(turn: Turn, at: int, number: int, texts: Texts, detail: StepDetail) -> dict[str, Any]:
    """What the agent said and what it cost, with the first record of a turn; that another call was meant, where it was."""
    row: dict[str, Any] = {}
    if at < len(turn.calls):
        given, taken = turn.calls[at].given, turn.calls[at].call
        if given.action != taken.action:
            row["meant"] = visible(given.action, 60)
    if at:
        return row
    usage = turn.usage
    row["turn"] = number
    if words := without_calls(turn):
        row["said"] = texts.add(words, detail.said)
    if usage.input_tokens or usage.output_tokens:
        row |= {"input": usage.input_tokens, "output": usage.output_tokens}
    if usage.usd is None:
        row["unpriced"] = True
    elif usage.usd:
        row["usd"] = usage.usd
    if usage.estimated:
        row["estimated"] = True
    if usage.seconds >= 0.001:
        row["thinking"] = float(f"{usage.seconds:.4g}")
    return row


def without_calls(turn: Turn) -> str:
    """What an agent said, without the calls that stood in its text as JSON: they are shown by themselves."""
    text = turn.text
    if not turn.calls or any(asked.id for asked in turn.calls):
        return text.strip()
    names, at, kept = {asked.given.action for asked in turn.calls}, 0, ""
    while (start := text.find("{", at)) >= 0:
        try:
            value, end = DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            kept, at = kept + text[at : start + 1], start + 1
            continue
        is_call = isinstance(value, dict) and any(isinstance(one, str) and one in names for one in value.values())
        kept, at = kept + (text[at:start] if is_call else text[at:end]), end
    return EMPTY_FENCE.sub("", kept + text[at:]).strip()
