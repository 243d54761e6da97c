"""Evaluations as JSON-ready records and as words."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fieldsmith.evaluation.evaluation import ConvergencePoint, Evaluation, KindFigures, Pilot, Score
from fieldsmith.evaluation.words import usual
from fieldsmith.tasks.task import NRMSE, Task

SAMPLES = ("samples", "kinds", "trusted_samples", "reference_samples")
"""What a score holds a sample."""


def score_fields(score: Score | None) -> dict[str, object] | None:
    """A score as plain JSON values; not-a-number becomes null."""
    if score is None:
        return None
    by_kind = {kind: asdict(figures) for kind, figures in score.by_kind.items()}
    fields = {**asdict(score), "value": score.figure, "geometric": score.geometric, "by_kind": by_kind}
    return {name: _plain(value) for name, value in fields.items()}


def result_fields(task: Task, source: str, evaluation: Evaluation) -> dict[str, object]:
    """The fields of one `evaluate` result."""
    fields: dict[str, object] = {
        "task": task.name,
        "parameters": dict(task.parameters),
        "scale": task.scale,
        "sandbox": evaluation.sandbox,
        "program": hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest(),
        "status": evaluation.status,
        "feedback": evaluation.feedback,
        "reason": None if evaluation.status == "ok" else "program_failed",
    }
    for split in ("dev", "test"):
        score = score_fields(getattr(evaluation, split))
        if score is not None or split == "test":
            fields[split] = score
    fields["convergence"] = [asdict(point) for point in evaluation.convergence]
    fields["certificate"] = None
    return fields


def evaluation_fields(evaluation: Evaluation) -> dict[str, object]:
    """An evaluation as plain JSON values; `evaluation_from` is its inverse."""
    fields = {name: getattr(evaluation, name) for name in Evaluation.__dataclass_fields__}
    fields["dev"], fields["test"] = score_fields(evaluation.dev), score_fields(evaluation.test)
    fields["convergence"] = [asdict(point) for point in evaluation.convergence]
    fields["notes"] = list(evaluation.notes)
    fields["pilot"] = asdict(evaluation.pilot) if evaluation.pilot else None
    return fields


def evaluation_from(fields: Mapping[str, object]) -> Evaluation:
    """Rebuild an evaluation from `evaluation_fields`."""
    values = dict(fields)
    for split in ("dev", "test"):
        if isinstance(score := values.get(split), dict):
            values[split] = _score_from(score)
    values["convergence"] = tuple(ConvergencePoint(**point) for point in values.get("convergence") or ())  # pyright: ignore
    values["notes"] = tuple(values.get("notes") or ())  # pyright: ignore
    values["pilot"] = Pilot(**pilot) if isinstance(pilot := values.get("pilot"), dict) else None
    return Evaluation(**values)  # pyright: ignore


def _score_from(fields: Mapping[str, Any]) -> Score:
    unknown = {name: math.nan for name in ("nrmse", "max_error") if fields[name] is None}
    own = fields.get("metric", NRMSE.name) != NRMSE.name
    tuples = {name: tuple(fields.get(name) or ()) for name in SAMPLES}
    stored = {name: value for name, value in fields.items() if name in Score.__dataclass_fields__}
    return Score(**{**stored, **unknown, **tuples, "value": fields.get("value") if own else None})


def summary(file: str, evaluation: Evaluation) -> str:
    """A few lines for people."""
    lines = [f"{file}: {evaluation.status}"]
    for split in ("dev", "test"):
        score: Score | None = getattr(evaluation, split)
        if score is not None:
            lines += _score_lines(split, score)
    told = evaluation.feedback if evaluation.status != "ok" else usual().cause(evaluation.facts)
    lines += ["  " + line for line in told.splitlines()]
    lines += [f"  note: {note}" for note in evaluation.notes]
    return "\n".join(lines)


def took_words(score: Score) -> str:
    """What the calls took: processor time first, wall time second."""
    if score.cpu_seconds is None:
        return f"{score.seconds:.2f} s"
    return f"{score.cpu_seconds:.2f} s CPU ({score.seconds:.2f} s wall)"


def _score_lines(split: str, score: Score) -> list[str]:
    took = f"{took_words(score)}   peak {_figure(score.peak_mb, '.0f')} MB"
    if score.value is not None:
        further = "".join(f"   {name} {value:.3e}" for name, value in score.measures.items())
        return [f"  {split} {score.metric} {score.value:.3e}{further}   {took}"]
    lines = [
        f"  {split} nRMSE {score.nrmse:.3e}   {known_words(score)}",
        f"  largest error {score.max_error:.3e}   order {_figure(score.order, '.2f')}   drift {_figure(score.drift, '.3e')}   {took}",
    ]
    if len(score.fields) > 1:
        lines.append("  by field: " + ", ".join(f"{name} {value:.3e}" for name, value in score.fields.items()))
    return [*lines, *kind_lines(score)]


def kind_lines(score: Score) -> list[str]:
    """A line for each kind of samples."""
    return [f"    {of.count} {kind}: nRMSE {of.nrmse:.3e}   {known_words(of)}" for kind, of in score.by_kind.items()]


def known_words(of: Score | KindFigures) -> str:
    """The geometric mean of the error, what the trusted method reaches where there is one, and the reference's own error."""
    trusted = "" if of.trusted is None else f"trusted {of.trusted:.3e}   "
    own = "exact" if of.reference_error == 0.0 else f"error {_figure(of.reference_error, '.1e')}"
    return f"geometric mean {of.geometric:.3e}   {trusted}reference {own}"


def _figure(value: float | None, style: str) -> str:
    return "unknown" if value is None else format(value, style)


def _plain(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
