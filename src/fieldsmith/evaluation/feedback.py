"""What an author is told about a program: what went wrong, where, and what would be right. Never reference values."""

from collections.abc import Mapping

import numpy as np

from fieldsmith.evaluation.evaluation import Score
from fieldsmith.evaluation.metrics import frame_errors
from fieldsmith.sandboxes.sandbox import CallResult, Limits
from fieldsmith.tasks.task import Brief, Case

TAIL_LINES = 20


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """The last lines of a program's output."""
    return "\n".join(text.rstrip().splitlines()[-lines:])


def excerpt(source: str, line: int, around: int = 2) -> str:
    """The failing line of a program with its neighbours, numbered, the line itself marked."""
    rows = source.splitlines()
    first, last = max(1, line - around), min(len(rows), line + around)
    return "\n".join(f"{'>' if n == line else ' '} {n:4d} | {rows[n - 1]}" for n in range(first, last + 1))


def failure_feedback(result: CallResult, source: str, brief: Brief, limits: Limits) -> str:
    """Feedback for a call that gave no usable arrays."""
    function = brief.signature.function
    failure = result.failure
    message = failure.message if failure else ""
    if result.status == "timeout":
        words = (
            f"The call took longer than the limit of {limits.seconds:g} s and was stopped. Use fewer or larger "
            "steps with a scheme that allows them (implicit, exponential), or vectorise over the batch."
        )
    elif result.status == "out_of_memory":
        words = (
            f"The program needed more than the {limits.memory_mb} MB of memory it may use. "
            "Keep only the frames that are returned and process the batch in parts."
        )
    elif result.status == "missing_function":
        words = message or "The function was not found."
        words += f" The program must define `{function}` at its top level."
    elif result.status == "bad_output":
        expected = ", ".join(f"{r.name} [{', '.join(r.axes)}]" for r in brief.signature.results)
        words = f"{message or 'The returned value is not usable.'} `{function}` must return {expected} as float64."
    else:
        name = failure.type if failure else "crash"
        words = f"The program stopped with {name}: {message}" if failure else "The program crashed."
    parts = [words]
    if failure and failure.line and 1 <= failure.line <= len(source.splitlines()):
        parts.append(f"At line {failure.line}:\n{excerpt(source, failure.line)}")
    if failure and failure.trace:
        parts.append(f"Traceback within the program:\n{tail(failure.trace, 30)}")
    return "\n\n".join(parts)


def not_finite_feedback(outputs: Mapping[str, np.ndarray], brief: Brief) -> str:
    """Which result, how many samples, from which frame on."""
    parts = []
    for result in brief.signature.results:
        bad = ~np.isfinite(outputs[result.name])
        if not bad.any():
            continue
        samples = int(bad.reshape(bad.shape[0], -1).any(axis=1).sum())
        words = f"`{result.name}` holds NaN or infinite values in {samples} of {bad.shape[0]} samples"
        if len(result.axes) > 1 and result.axes[1] == "time":
            frame = int(np.argmax(bad.reshape(*bad.shape[:2], -1).any(axis=(0, 2))))
            words += f", first in frame {frame} of {bad.shape[1] - 1}"
        parts.append(words + ".")
    parts.append("The scheme is unstable or divides by zero: take smaller internal steps or a more dissipative scheme.")
    return " ".join(parts)


def success_feedback(score: Score, case: Case, outputs: Mapping[str, np.ndarray], brief: Brief) -> str:
    """How good the program is, what is left to win, and when the error arises."""
    words = [f"The program ran: nRMSE {score.nrmse:.3e} in {score.seconds:.2f} s."]
    words += _against_floor(score)
    if len(score.fields) > 1:
        words.append("By field: " + ", ".join(f"{name} {value:.3e}" for name, value in score.fields.items()) + ".")
    if len(score.samples) > 1:
        worst = int(np.argmax(score.samples))
        words.append(f"Median sample {float(np.median(score.samples)):.3e}, worst {score.samples[worst]:.3e}.")
    if brief.span is not None:
        errors = frame_errors(outputs, case.reference)
        marks = sorted({1, len(errors) // 4, len(errors) // 2, len(errors) - 1} & set(range(len(errors))))
        words.append("Error by frame: " + ", ".join(f"{n}: {errors[n]:.2e}" for n in marks) + ".")
    if score.order is not None:
        words.append(f"Measured order of convergence on smooth data: {score.order:.2f}.")
    if score.drift is not None and score.drift > 1e-8:
        words.append(f"Conserved totals depart by {score.drift:.1e} from where they began; the exact ones do not.")
    return " ".join(words)


def _against_floor(score: Score) -> list[str]:
    """How far the error is from what the trusted method reaches from the same inputs."""
    if score.reference_error and score.nrmse <= score.reference_error:
        return [f"That is no more than the reference's own error of {score.reference_error:.1e}."]
    if score.floor is None:
        return []
    if score.floor == score.reference_error:  # the samples are all there is to know, or shocks hide what they lose
        return [f"The reference itself is good to about {score.floor:.1e}."]
    if score.nrmse > 1.5 * score.floor:
        ratio = score.nrmse / score.floor
        return [f"The trusted method reaches {score.floor:.3e} from the same samples, {ratio:.3g} times less."]
    place = "at" if score.nrmse > 0.67 * score.floor else "below"
    return [f"That is {place} the floor of {score.floor:.3e}, what the trusted method reaches from the same samples."]
