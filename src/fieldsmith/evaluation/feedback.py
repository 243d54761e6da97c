"""What an author is told about a program: what went wrong, where, and what would be right. Never reference values.

Here it is found out, as facts of plain JSON values; their words are those of `templates/`, or of templates that a person
gives in place of these.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fieldsmith.evaluation import hints
from fieldsmith.evaluation.evaluation import Pilot, Score
from fieldsmith.evaluation.in_space import in_space
from fieldsmith.evaluation.metrics import frame_errors
from fieldsmith.evaluation.newer import newer
from fieldsmith.evaluation.overtime import overtime
from fieldsmith.sandboxes.sandbox import CallResult, Failure, Limits
from fieldsmith.tasks.task import Brief, Case, Result

Facts = Mapping[str, Any]
"""What is to be told, as JSON values; `kind` says of what: failure, not_finite or success."""
TAIL_LINES, TAIL_WIDTH = 20, 300
MOST_VARIABLES = 16
UNSTEADY = 1.0
"""Orders between neighbouring grids that differ by more are not those of one power."""
BLOWN_UP = 100.0
"""Growth of the largest value that is taken for an instability."""
CONSERVED = 1e-8
"""A drift of conserved totals below this is rounding."""
LONE = 20.0
"""How many times as much as any other a sample must err that is the error."""


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """The last lines of a program's output, long ones cut, as a prompt has no room for more."""
    cut = [
        line if len(line) <= TAIL_WIDTH else f"{line[:TAIL_WIDTH]} …" for line in text.rstrip().splitlines()[-lines:]
    ]
    return "\n".join(cut)


def excerpt(source: str, line: int, around: int = 2) -> str:
    """The failing line of a program with its neighbours, numbered, the line itself marked."""
    rows = source.splitlines()
    first, last = max(1, line - around), min(len(rows), line + around)
    return "\n".join(f"{'>' if n == line else ' '} {n:4d} | {rows[n - 1]}" for n in range(first, last + 1))


def failure_facts(result: CallResult, source: str, brief: Brief, limits: Limits, denied: Sequence[str] = ()) -> Facts:
    """Of a call that gave no usable arrays: what happened, one next step, the place, the arrays there.

    `denied` is what the sandbox does not allow.
    """
    failure = result.failure
    line = failure.line if failure and failure.line and failure.line <= len(source.splitlines()) else None
    late = overtime(result, brief, source, _line(source, line)) if result.status == "timeout" else None
    step = _step(result, source, brief, denied)
    return {
        "kind": "failure",
        "status": result.status,
        "setting": _setting(brief),
        "function": brief.signature.function,
        "results": [f"{r.name} [{', '.join(r.axes)}]" for r in brief.signature.results],
        "error_type": failure.type if failure else "",
        "message": failure.message if failure else "",
        "limit": result.limit,
        "seconds": limits.seconds,
        "memory_mb": limits.memory_mb,
        "processes": limits.processes,
        "scratch_mb": limits.scratch_mb,
        "overtime": late,
        "blown_up": bool(late and late["grown"]) or (result.status == "crashed" and _not_a_number(failure, step)),
        "probes": None,
        "step": step,
        "line": line,
        "excerpt": excerpt(source, line) if line else "",
        "variables": _variables(failure, source) if failure else [],
        "trace": tail(failure.trace, 30) if failure and failure.trace else "",
    }


def _not_a_number(failure: Failure | None, step: hints.Step | None) -> bool:
    """Whether a program stopped because values were no longer finite: by what it said, or by what its variables hold."""
    if step and step["name"] in ("steps_from_nan", "nan_in_a_library"):
        return True
    return failure is not None and any("holds NaN or infinite values" in words for words in failure.variables.values())


def _setting(brief: Brief) -> str:
    """Whether a problem steps in time, is steady, which has no steps and frames to be told of, or has no equation at all."""
    if not brief.stated:
        return "free"
    return "steady" if brief.span is None else "in_time"


def _step(result: CallResult, source: str, brief: Brief, denied: Sequence[str]) -> hints.Step | None:
    """What to do next about a failure, where that is known."""
    failure = result.failure
    message = failure.message if failure else ""
    if result.status == "bad_output":
        return hints.wrong_shape(message, hints.axes_named(message, brief.signature))
    if failure is None or result.status != "crashed":
        return None
    return (
        hints.own_check(failure.type, _line(source, failure.line))
        or newer(failure.type, message, _line(source, failure.line), brief.libraries)
        or hints.missing_library(message, brief.libraries)
        or hints.next_step(failure.type, message, denied)
        or ({"name": "unknown_variable_kind"} if failure.variables else None)
    )


def _line(source: str, number: int | None) -> str:
    lines = source.splitlines()
    return lines[number - 1].strip() if number and 1 <= number <= len(lines) else ""


def _variables(failure: Failure, source: str) -> list[list[str]]:
    """The local variables at the failing line, those that the line names first."""
    named = set(re.findall(r"\w+", _line(source, failure.line)))
    order = sorted(failure.variables, key=lambda name: name not in named)[:MOST_VARIABLES]
    sizes = {
        array.name: f", largest absolute value {array.largest:.2e}"
        for array in failure.arrays
        if array.largest is not None and math.isfinite(array.largest)
    }
    return [[name, failure.variables[name] + sizes.get(name, "")] for name in order]


def hopeless_facts(pilot: Pilot, probes: Facts | None = None) -> Facts:
    """How far a program was from the solution in its pilot, beside the answers that take no computation."""
    return {"kind": "hopeless", "nrmse": pilot.nrmse, "idle": dict(pilot.idle), "probes": probes}


def pilot_facts(pilot: Pilot, brief: Brief) -> Facts:
    """That a verdict is a pilot's, and what was not run."""
    return {"samples": pilot.samples, "resolution": pilot.resolution, "batch": brief.sizes.get("batch")}


def not_finite_facts(
    outputs: Mapping[str, np.ndarray], brief: Brief, probes: Facts | None = None, source: str = "", stderr: str = ""
) -> Facts:
    """Which result, how many samples, from which frame on, whether the values grew before or broke at once, and what NumPy said of it first.

    `source` and `stderr` are the program's own.
    """
    found = [_not_finite(outputs[r.name], r) for r in brief.signature.results if not np.isfinite(outputs[r.name]).all()]
    return {
        "kind": "not_finite",
        "setting": _setting(brief),
        "results": found,
        "cause": _cause(found),
        "warned": hints.warned(stderr, source),
        "cancels": hints.cancelling(source),
        "probes": probes,
    }


def _not_finite(array: np.ndarray, result: Result) -> dict[str, Any]:
    bad = ~np.isfinite(array)
    samples = int(bad.reshape(bad.shape[0], -1).any(axis=1).sum())
    facts = {"name": result.name, "bad": samples, "samples": bad.shape[0], "frame": None, "before": [], "grows": False}
    if len(result.axes) > 1 and result.axes[1] == "time":
        frame = int(np.argmax(bad.reshape(*bad.shape[:2], -1).any(axis=(0, 2))))
        sizes = _sizes(array[:, :frame])
        marks = sorted({0, frame // 2, frame - 1} & set(range(frame)))
        grows = frame > 0 and sizes[-1] > BLOWN_UP * max(sizes[0], 1e-300)
        facts |= {"frame": frame, "last": bad.shape[1] - 1, "before": [[n, sizes[n]] for n in marks], "grows": grows}
    return facts


def _sizes(frames: np.ndarray) -> list[float]:
    """Largest absolute value of every frame."""
    return [float(size) for size in np.max(np.abs(frames), axis=tuple(n for n in range(frames.ndim) if n != 1))]


def _cause(found: Sequence[Mapping[str, Any]]) -> str:
    """What it looks like: overflow, no_frames, first_frame, growth or break."""
    if not found:
        return "overflow"
    first = min((result["frame"] for result in found if result["frame"] is not None), default=None)
    if first is None:
        return "no_frames"
    if first == 0:
        return "first_frame"
    return "growth" if any(result["grows"] for result in found) else "break"


def success_facts(
    score: Score,
    case: Case,
    outputs: Mapping[str, np.ndarray],
    brief: Brief,
    slopes: Sequence[float] = (),
    notes: Sequence[str] = (),
    probes: Facts | None = None,
    unstudied: int | None = None,
    called: Sequence[Mapping[str, float]] = (),
) -> Facts:
    """How good the program is, what is left to win, and when and where the error arises.

    `slopes` are the orders of convergence between neighbouring grids, `probes` what `probes/diagnosis.py` found,
    `unstudied` is the resolution that there was no time for in the study of the order, `called` has the ranged parameters of every sample.
    """
    errors = frame_errors(outputs, case.reference) if brief.span is not None and case.reference else np.zeros(0)
    marks = sorted({0, 1, len(errors) // 4, len(errors) // 2, len(errors) - 1} & set(range(len(errors))))
    return {
        "kind": "success",
        "metric": score.metric,
        "figure": score.figure,
        "measures": [[name, value] for name, value in score.measures.items()],
        "seconds": score.seconds,
        "cpu_seconds": score.cpu_seconds,
        "against": _against(score),
        "beyond": list(score.beyond),
        "reference_error": score.reference_error,
        "trusted": score.trusted,
        "times": _times_trusted(score),
        "fields": [[name, value] for name, value in score.fields.items()],
        "samples": _samples(score, called),
        "lone": _lone(score),
        "kinds": [[kind, of.count, of.nrmse, of.trusted] for kind, of in score.by_kind.items()],
        "frames": [[n, float(errors[n])] for n in marks],
        "clock": _clock(case, brief, marks),
        "arises": ""
        if probes and (probes["unwritten"] or _told_already(probes))
        else _arises(errors, score, _explained(probes, brief)),
        "largest": in_space(score, case, outputs, brief),
        "order": score.order,
        "slopes": list(slopes) if slopes and max(slopes) - min(slopes) > UNSTEADY else [],
        "unstudied": unstudied,
        "drift": score.drift if score.drift is not None and score.drift > CONSERVED else None,
        "notes": list(notes),
        "probes": probes,
    }


def times(value: float) -> str:
    """Two digits, written out as people do: 1.6, 130, 45,000; powers of ten from a million on."""
    rounded = float(f"{value:.1e}")
    return f"{rounded:.1e}" if rounded >= 1e6 else f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:.1f}"


def _told_already(probes: Facts) -> bool:
    """Whether what is wrong with the first frame of an answer to a problem of one's own is told."""
    own = probes.get("own") or {}
    return bool(own.get("start") or own.get("arranged"))


def _explained(probes: Facts | None, brief: Brief) -> bool:
    """Whether it is known already what the error comes of: something found wrong, or a scheme whose error falls with the spacing.

    Of a problem of one's own it is where its equations could be looked at, and where the error is not worth asking.
    """
    if brief.form is not None:
        return not probes or bool(probes["suspects"] or probes["own"].get("equations") or probes["own"]["noisy"])
    physics = (probes or {}).get("physics") or {}
    return bool(probes and probes["suspects"]) or (physics.get("order") or 0.0) > 0.5


def _arises(errors: np.ndarray, score: Score, explained: bool) -> str:
    """What the growth of the error tells, where it tells something that is not known already: first_frame or first_interval."""
    if len(errors) and errors[0] > 1e-6:
        return "first_frame"
    if explained:
        return ""
    as_trusted = score.trusted is not None and score.nrmse <= 1.5 * score.trusted
    return "first_interval" if not as_trusted and len(errors) > 4 and errors[1] > 0.5 * np.max(errors) > 0.0 else ""


def _clock(case: Case, brief: Brief, marks: Sequence[int]) -> list[float]:
    """The times of these frames, of a problem of one's own, whose reader knows them by no other name."""
    name = next((a.name for a in brief.signature.arguments if a.role == "times"), None)
    return [float(np.asarray(case.inputs[name])[n]) for n in marks] if brief.form is not None and name else []


def _samples(score: Score, called: Sequence[Mapping[str, float]]) -> dict[str, Any] | None:
    """Geometric mean, median and the worst sample with its kind and the parameters of its call; None of a single one."""
    if len(score.samples) < 2:
        return None
    worst = int(np.argmax(score.samples))
    return {
        "geometric": score.geometric,
        "median": float(np.median(score.samples)),
        "worst": score.samples[worst],
        "number": worst,
        "kind": score.kinds[worst] if score.kinds else "",
        "parameters": [[name, value] for name, value in called[worst].items()] if len(called) > worst else [],
    }


def _lone(score: Score) -> dict[str, Any] | None:
    """The sample that is nearly all of the error, with its kind, its share and the mean of the others; None where there is none."""
    errors, worst = score.samples, int(np.argmax(score.samples or (0.0,)))
    if len(errors) < 3 or score.resolved or not sorted(errors)[-2] < errors[worst] / LONE:
        return None
    share, kind = errors[worst] / sum(errors), score.kinds[worst] if score.kinds else ""
    others = (sum(errors) - errors[worst]) / (len(errors) - 1)
    return {"number": worst, "kind": kind, "share": share, "others": others} if share > 1.0 - 1.0 / LONE else None


def _against(score: Score) -> str:
    """Where the error stands to what the trusted method reaches from the same inputs: above or below; or what else is known.

    reference: within the reference's own error, rounding: in that of the arithmetic. samples: the reference starts from the
    samples itself, or shocks hide what they lose. mean: by the mean alone within the reference's own error.
    """
    if score.value is not None:
        return ""
    if score.resolved:
        return "reference" if score.nrmse <= (score.reference_error or 0.0) else "rounding"
    if score.within:
        return "mean"
    if score.trusted is None:
        return ""
    if score.trusted == score.reference_error:
        return "samples"
    return "above" if score.nrmse > score.trusted else "below"


def _times_trusted(score: Score) -> str:
    """How many times as large the error is as that of the trusted method, or the other way round where it is smaller."""
    if not score.trusted or not score.nrmse:
        return ""
    ratio = score.nrmse / score.trusted
    return times(max(ratio, 1.0 / ratio))
