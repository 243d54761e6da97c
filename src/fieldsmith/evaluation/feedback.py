"""What an author is told about a program: what went wrong, where, and what would be right. Never reference values."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from fieldsmith.evaluation import hints
from fieldsmith.evaluation.evaluation import Score
from fieldsmith.evaluation.metrics import frame_errors
from fieldsmith.sandboxes.sandbox import CallResult, Failure, Limits
from fieldsmith.tasks.task import Brief, Case

TAIL_LINES, TAIL_WIDTH = 20, 300
MOST_VARIABLES = 16
UNSTEADY = 1.0
"""Orders between neighbouring grids that differ by more are not those of one power."""
BLOWN_UP = 100.0
"""Growth of the largest value that is taken for an instability."""
UNEVEN = 0.6
"""Share of the error in a third of the domain from which on it is worth telling."""


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


def failure_feedback(result: CallResult, source: str, brief: Brief, limits: Limits) -> str:
    """Feedback for a call that gave no usable arrays: what happened, one next step, the place, the arrays there."""
    function = brief.signature.function
    failure = result.failure
    message = failure.message if failure else ""
    if result.status == "timeout":
        words = f"The call took longer than the limit of {limits.seconds:g} s and was stopped. {_faster(brief)}"
    elif result.status == "out_of_memory":
        words = f"The program needed more than the {limits.memory_mb} MB of memory it may use. {_smaller(brief)}"
    elif result.status == "missing_function":
        words = message or "The function was not found."
        words += f" The program must define `{function}` at its top level."
    elif result.status == "bad_output":
        expected = ", ".join(f"{r.name} [{', '.join(r.axes)}]" for r in brief.signature.results)
        words = f"{message or 'The returned value is not usable.'} `{function}` must return {expected} as float64."
    else:
        name = failure.type if failure else "crash"
        words = f"The program stopped with {name}: {message}" if failure else "The program crashed."
    parts = [" ".join(filter(None, [words, met_limit(result.limit, limits)]))]
    if failure and result.status == "crashed":
        step = hints.own_check(failure.type, _line(source, failure.line))
        step = step or hints.missing_library(message, brief.libraries) or hints.next_step(failure.type, message)
        if not step and failure.variables:
            step = "Find out from the variables below which of them is not what this line takes it for."
        parts += [f"Next step: {step}"] if step else []
    if result.status == "bad_output" and (
        step := hints.wrong_shape(message, hints.axes_named(message, brief.signature))
    ):
        parts.append(f"Next step: {step}")
    if failure and failure.line and 1 <= failure.line <= len(source.splitlines()):
        parts.append(f"At line {failure.line}:\n{excerpt(source, failure.line)}")
    if failure and failure.variables:
        parts.append(variables_there(failure, source))
    if failure and failure.trace:
        parts.append(f"Traceback within the program:\n{tail(failure.trace, 30)}")
    return "\n\n".join(parts)


def met_limit(limit: str, limits: Limits) -> str:
    """What a limit is that a program has met, for those that its status does not tell."""
    return {
        "processes": f"It may have {limits.processes} processes and threads at once.",
        "scratch": f"Its files may take {limits.scratch_mb} MB.",
        "output": "Nothing but the arrays that are asked for may be returned.",
    }.get(limit, "")


def _line(source: str, number: int | None) -> str:
    lines = source.splitlines()
    return lines[number - 1].strip() if number and 1 <= number <= len(lines) else ""


def _faster(brief: Brief) -> str:
    """What saves time; a steady problem has no steps to save."""
    if brief.equation is None:
        return "Work on whole arrays instead of loops over their elements, or take an algorithm that does less."
    if brief.span is None:
        return (
            "Assemble the system with whole arrays instead of loops over points, and solve it with a sparse direct solver, "
            "multigrid or preconditioned iterations instead of a dense matrix or many plain sweeps."
        )
    return (
        "Use fewer or larger steps with a scheme that allows them (implicit, exponential), or vectorise over the batch."
    )


def _smaller(brief: Brief) -> str:
    """What saves memory."""
    if brief.equation is None:
        return "Keep no more intermediate arrays than are needed, and process large ones in parts."
    if brief.span is None:
        return "Keep matrices sparse and solve the samples of the batch one after the other."
    return "Keep only the frames that are returned and process the batch in parts."


def variables_there(failure: Failure, source: str) -> str:
    """The local variables at the failing line, those that the line names first."""
    rows = source.splitlines()
    line = rows[failure.line - 1] if failure.line and failure.line <= len(rows) else ""
    named = set(re.findall(r"\w+", line))
    order = sorted(failure.variables, key=lambda name: name not in named)[:MOST_VARIABLES]
    listed = "\n".join(f"  {name}: {failure.variables[name]}" for name in order)
    return f"Variables at that point:\n{listed}"


def not_finite_feedback(outputs: Mapping[str, np.ndarray], brief: Brief) -> str:
    """Which result, how many samples, from which frame on, and whether the values grew before or broke at once."""
    parts, growing = [], False
    first = None
    for result in brief.signature.results:
        array = outputs[result.name]
        bad = ~np.isfinite(array)
        if not bad.any():
            continue
        samples = int(bad.reshape(bad.shape[0], -1).any(axis=1).sum())
        words = f"`{result.name}` holds NaN or infinite values in {samples} of {bad.shape[0]} samples"
        if len(result.axes) > 1 and result.axes[1] == "time":
            frame = int(np.argmax(bad.reshape(*bad.shape[:2], -1).any(axis=(0, 2))))
            words += f", first in frame {frame} of {bad.shape[1] - 1}"
            first = frame if first is None else min(first, frame)
            sizes = _sizes(array[:, :frame])
            growing = growing or (frame > 0 and sizes[-1] > BLOWN_UP * max(sizes[0], 1e-300))
            marks = sorted({0, frame // 2, frame - 1} & set(range(frame)))
            if marks:
                words += "; largest absolute value before: " + ", ".join(f"{sizes[n]:.2e} in frame {n}" for n in marks)
        parts.append(words + ".")
    if not parts:
        if brief.equation is None:
            return "The values are so large that their squares overflow. Next step: find the first step at which they grow."
        if brief.span is None:
            return (
                "The values are so large that their squares overflow. Next step: look for a system that is singular or nearly "
                "so, a wrong factor of the spacing, or an iteration that diverges."
            )
        return (
            "The values are so large that their squares overflow: the scheme is unstable. "
            "Next step: take smaller internal steps or an implicit treatment of the stiffest term."
        )
    return " ".join([*parts, _about_blow_up(first, growing)])


def _sizes(frames: np.ndarray) -> list[float]:
    """Largest absolute value of every frame."""
    return [float(size) for size in np.max(np.abs(frames), axis=tuple(n for n in range(frames.ndim) if n != 1))]


def _about_blow_up(first: int | None, growing: bool) -> str:
    """The next step after values that are not finite."""
    if first is None:
        return "Next step: look for a division by zero, a root of a negative number, or an iteration that diverges."
    if first == 0:
        return "Next step: the first frame is the initial state itself, so copy it there; no step is taken before it."
    if growing:
        return (
            "The values grow from frame to frame: the scheme is unstable. Next step: take smaller internal steps "
            "(compare dt with the stability limit of the stiffest term), or treat that term implicitly or exactly."
        )
    return (
        "The values stay of ordinary size until then: within one output interval the internal steps blow up, or something "
        "is divided by zero. Next step: compute dt from the stability limit and not from the output times, and guard "
        "divisions, logarithms and roots."
    )


def success_feedback(
    score: Score, case: Case, outputs: Mapping[str, np.ndarray], brief: Brief, slopes: Sequence[float] = ()
) -> str:
    """How good the program is, what is left to win, and when and where the error arises.

    `slopes` are the orders of convergence between neighbouring grids.
    """
    words = [f"The program ran: {score.metric} {score.figure:.3e} in {score.seconds:.2f} s."]
    if score.measures:
        words.append("Besides: " + ", ".join(f"{name} {value:.3e}" for name, value in score.measures.items()) + ".")
    words += _against_floor(score)
    if len(score.fields) > 1:
        words.append("By field: " + ", ".join(f"{name} {value:.3e}" for name, value in score.fields.items()) + ".")
    if len(score.samples) > 1:
        worst = int(np.argmax(score.samples))
        words.append(f"Median sample {float(np.median(score.samples)):.3e}, worst {score.samples[worst]:.3e}.")
    if brief.span is not None and case.reference:
        errors = frame_errors(outputs, case.reference)
        marks = sorted({0, 1, len(errors) // 4, len(errors) // 2, len(errors) - 1} & set(range(len(errors))))
        words.append("Error by frame: " + ", ".join(f"{n}: {errors[n]:.2e}" for n in marks) + ".")
        words += _about_frames(errors, score)
    words += _in_space(score, case, outputs, brief)
    if score.order is not None:
        words.append(_order(score.order, slopes))
    if score.drift is not None and score.drift > 1e-8:
        words.append(f"Conserved totals depart by {score.drift:.1e} from where they began; the exact ones do not.")
    return " ".join(words)


def _order(order: float, slopes: Sequence[float]) -> str:
    words = f"Measured order of convergence on smooth data: {order:.2f}"
    if slopes and max(slopes) - min(slopes) > UNSTEADY:
        words += f" on average, {', '.join(f'{slope:.1f}' for slope in slopes)} from grid to grid, so the error is no power of the spacing"
    return f"{words}."


def times(value: float) -> str:
    """Two digits, written out as people do: 1.6, 130, 45,000; powers of ten from a million on."""
    rounded = float(f"{value:.1e}")
    return f"{rounded:.1e}" if rounded >= 1e6 else f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:.1f}"


def _about_frames(errors: np.ndarray, score: Score) -> list[str]:
    """What the growth of the error tells, where it tells something."""
    if errors[0] > 1e-6:
        return ["The first frame must be the initial state itself and is not."]
    at_floor = score.floor is not None and score.nrmse <= 1.5 * score.floor
    if not at_floor and len(errors) > 4 and errors[1] > 0.5 * errors[-1] > 0.0:
        return [
            "Most of the error is there after the first interval: look at how it starts (initial data, first steps)."
        ]
    return []


def _in_space(score: Score, case: Case, outputs: Mapping[str, np.ndarray], brief: Brief) -> list[str]:
    """Where the error sits, as shares of the domain; silent where there is next to none."""
    if not score.nrmse >= 1e-12 or brief.equation is None:
        return []
    axes = [axis.name for axis in brief.equation.axes]
    result = next((r for r in brief.signature.results if r.axes[-len(axes) :] == tuple(axes)), None)
    if result is None or not axes:
        return []
    worst = max(
        (r for r in brief.signature.results if r.axes == result.axes),
        key=lambda r: float(np.max(np.abs(outputs[r.name] - case.reference[r.name]))),
    )
    error = np.abs(outputs[worst.name] - case.reference[worst.name])
    at = np.unravel_index(int(np.argmax(error)), error.shape)
    first = error.ndim - len(axes)
    place = ", ".join(
        f"{(int(at[first + n]) + 0.5) / error.shape[first + n]:.0%} of the way along {name}"
        for n, name in enumerate(axes)
    )
    when = f" in frame {at[1]}" if brief.span is not None else ""
    field = f" of `{worst.name}`" if len(brief.signature.results) > 1 else ""
    words = [f"The largest error{field} is {error[at]:.1e}, in sample {at[0]}{when}, {place}."]
    for n, name in enumerate(axes):
        squares = np.sum(error**2, axis=tuple(k for k in range(error.ndim) if k != first + n))
        thirds = [float(np.sum(part)) for part in np.array_split(squares, 3)]
        shares = [part / (sum(thirds) or 1.0) for part in thirds]
        if max(shares) > UNEVEN:
            words.append("Shares of the squared error in the thirds of " + name + ": " + _percent(shares) + ".")
    edges = _edge_share(error, first)
    if edges is not None and not all(axis.periodic for axis in brief.equation.axes) and edges > 0.5:
        words.append(f"{edges:.0%} of the squared error sits within 5% of the boundary: look at its treatment.")
    return words


def _percent(shares: Sequence[float]) -> str:
    return ", ".join(f"{share:.0%}" for share in shares)


def _edge_share(error: np.ndarray, first: int) -> float | None:
    """Share of the squared error in a rim of 5% of the points; None where there are too few points."""
    if min(error.shape[first:]) < 20:
        return None
    inner = tuple(slice(size // 20, size - size // 20) for size in error.shape[first:])
    total = float(np.sum(error**2))
    return 1.0 - float(np.sum(error[(..., *inner)] ** 2)) / total if total else None


def _against_floor(score: Score) -> list[str]:
    """How far the error is from what the trusted method reaches from the same inputs."""
    if score.value is not None:
        return []
    if score.reference_error and score.nrmse <= score.reference_error:
        return [f"That is no more than the reference's own error of {score.reference_error:.1e}."]
    if score.floor is None:
        return []
    if score.floor == score.reference_error:  # the samples are all there is to know, or shocks hide what they lose
        return [f"The reference itself is good to about {score.floor:.1e}."]
    if score.nrmse > 1.5 * score.floor:
        ratio = times(score.nrmse / score.floor)
        return [f"The trusted method reaches {score.floor:.3e} from the same samples, {ratio} times less."]
    place = "at" if score.nrmse > 0.67 * score.floor else "below"
    return [f"That is {place} the floor of {score.floor:.3e}, what the trusted method reaches from the same samples."]
