"""What is told of the present program's answer: errors, residuals and the solution as numbers and small plots."""

from collections.abc import Iterator

import numpy as np

from fieldsmith.environments.observation import Unfit
from fieldsmith.environments.pde_workbench.actions import InspectErrors
from fieldsmith.environments.pde_workbench.plots import (
    COLUMNS,
    LEGEND,
    ROWS,
    bar,
    bins,
    line,
    means,
    roots,
    shaded,
)
from fieldsmith.environments.pde_workbench.problem import Problem
from fieldsmith.environments.pde_workbench.residuals import Residuals, residuals
from fieldsmith.environments.pde_workbench.running import Answers
from fieldsmith.environments.pde_workbench.views import Samples, View, flat, marks
from fieldsmith.tasks.residual import Residual

MOST_SAMPLES, MOST_FRAMES, MOST_PLACES = 12, 8, 3
MEASURED = 0.3
"""Part of a residual that the trusted solution shows too, from which on it tells nothing of the program."""
LABEL = 9
"""Characters before a plot."""


def looked(problem: Problem, answers: Answers, asked: InspectErrors) -> str:
    """Raises Unfit for a sample, field or frame that there is not, and for what cannot be looked at."""
    samples = Samples(problem, answers)
    sample = samples.chosen(asked.sample)
    if asked.what == "residual":
        parts = _residual(samples, sample, asked)
    else:
        view = samples.view(samples.result(asked.field, sample), sample)
        parts = _error(samples, sample, view, asked) if asked.what == "error" else _solution(view, sample, asked)
    return "\n\n".join(parts)


def _error(samples: Samples, sample: int, view: View, asked: InspectErrors) -> Iterator[str]:
    if view.errors is None or view.relative is None:
        raise Unfit(
            "This task has no reference, so there are no errors to look at.", 'Ask for "solution" or "residual".'
        )
    yield _standing(samples, sample)
    if len(samples) > 1:
        yield "\n".join(["nRMSE of each sample, bars by logarithm:", *_sample_bars(samples)])
    if view.times is not None:
        yield "\n".join(_over_time(view, sample))
    if view.axes:
        yield from _where(view, view.errors, "|error|", _frame(asked, view, view.relative), sample)


def _standing(samples: Samples, sample: int) -> str:
    rank = int(np.sum(samples.errors > samples.errors[sample])) + 1
    kind = f", which is {samples.kinds[sample]}," if samples.kinds[sample] else ""
    place = "the only one" if len(samples) == 1 else "the worst" if rank == 1 else f"number {rank} of {len(samples)} from the worst"  # fmt: skip
    return f"Sample {sample}{kind} has nRMSE {samples.errors[sample]:.1e}: {place}."


def _sample_bars(samples: Samples) -> Iterator[str]:
    order = np.argsort(-samples.errors, kind="stable")
    shown = order if len(order) <= MOST_SAMPLES else order[:MOST_SAMPLES]
    positive = samples.errors[samples.errors > 0.0]
    least, most = (float(positive.min()) / 3.0, float(positive.max())) if len(positive) else (0.0, 0.0)
    width = max(len(kind) for kind in samples.kinds)
    for n in sorted(int(n) for n in shown):
        error = float(samples.errors[n])
        yield f"{n:4d} {samples.kinds[n]:{width}} {error:.1e} {bar(error, least, most)}"
    if len(order) > len(shown):
        yield f"     ({len(order) - len(shown)} better ones are left out)"


def _over_time(view: View, sample: int) -> Iterator[str]:
    assert view.relative is not None
    assert view.times is not None
    yield f"Relative error of {view.field} in sample {sample} at some output times:"
    for n in marks(len(view.relative), MOST_FRAMES):
        yield f"  frame {n:3d}, t = {view.times[n]:<8.3g} {view.relative[n]:.1e}"


def _where(view: View, sizes: np.ndarray, label: str, frame: int, sample: int) -> Iterator[str]:
    """A map over time and space, or of the frame; then the frame closely, with the worst bins."""
    if len(view.axes) == 1 and view.times is not None:
        yield "\n".join(_map_in_time(view, sizes, f"{label} of {view.field} in sample {sample}"))
    if len(view.axes) == 1:
        yield "\n".join(_closely(view, sizes, label, frame))
    else:
        yield "\n".join(_map(view, sizes, label, frame))


def _map_in_time(view: View, sizes: np.ndarray, title: str) -> Iterator[str]:
    assert view.times is not None
    rows = roots(roots(sizes, COLUMNS, 1), ROWS, 0)
    largest = float(rows.max())
    axis = view.axes[0]
    yield f"{title}: {axis.name} from {axis.low:g} to {axis.high:g} across, time downwards, largest {largest:.1e}."
    yield f"{LEGEND}."
    for part, row in zip(bins(len(sizes), ROWS), rows, strict=True):
        yield f"{_at(float(view.times[part.start]))}|{shaded(row, largest)}|"


def _closely(view: View, sizes: np.ndarray, label: str, frame: int) -> Iterator[str]:
    own, size = means(view.values[frame], COLUMNS), roots(sizes[frame], COLUMNS)
    axis, low, high = view.axes[0], float(view.values[frame].min()), float(view.values[frame].max())
    yield f"{_frame_words(view, frame)}: solution from {low:.3g} to {high:.3g}, {label} from 0 to {size.max():.1e}"
    yield f"{'solution':{LABEL}}|{line(own, low, high)}|"
    yield f"{label:{LABEL}}|{line(size, 0.0, float(size.max()))}|"
    parts = bins(len(sizes[frame]), COLUMNS)
    worst = np.argsort(-size, kind="stable")[:MOST_PLACES]
    yield f"Largest at {'; '.join(axis.place(parts[n], len(sizes[frame])) for n in worst)}."


def _map(view: View, sizes: np.ndarray, label: str, frame: int) -> Iterator[str]:
    """Of two axes: the first across, the second upwards."""
    field = flat(sizes[frame : frame + 1], 2, True)[0]
    shown = roots(roots(field, COLUMNS, 0), ROWS, 1)
    largest, (across, up) = float(shown.max()), view.axes[:2]
    yield f"{_frame_words(view, frame)}: {label} of {view.field}, {across.name} from {across.low:g} to {across.high:g} across, {up.name} from {up.low:g} to {up.high:g} upwards, largest {largest:.1e}."
    yield f"{LEGEND}."
    yield from (f"|{shaded(row, largest)}|" for row in shown.T[::-1])
    columns, rows = bins(field.shape[0], COLUMNS), bins(field.shape[1], ROWS)
    worst = [np.unravel_index(int(n), shown.shape) for n in np.argsort(-shown, axis=None)[:MOST_PLACES]]
    places = (f"{across.place(columns[i], field.shape[0])}, {up.place(rows[j], field.shape[1])}" for i, j in worst)
    yield f"Largest at {'; '.join(places)}."


def _solution(view: View, sample: int, asked: InspectErrors) -> Iterator[str]:
    """The program's own answer."""
    low, high = float(view.values.min()), float(view.values.max())
    yield f"{view.field} in sample {sample} lies between {low:.4g} and {high:.4g}."
    if view.times is not None:
        rows = [f"  frame {n:3d}, t = {view.times[n]:<8.3g} {_spread(view.values[n])}" for n in marks(len(view.times), MOST_FRAMES)]  # fmt: skip
        yield "\n".join(["Smallest, mean and largest value at some output times:", *rows])
    if len(view.axes) == 1:
        axis, frames = view.axes[0], marks(len(view.values), ROWS)
        head = f"{axis.name} from {axis.low:g} to {axis.high:g} across, heights from {low:.3g} to {high:.3g}:"
        times = view.times if view.times is not None else np.zeros(1)
        lines = [f"{_at(float(times[n]))}|{line(means(view.values[n], COLUMNS), low, high)}|" for n in frames]
        yield "\n".join([head, *lines])
    elif view.axes:
        frame = _frame(asked, view, np.arange(len(view.values), dtype=float))
        yield "\n".join(_map(view, np.abs(view.values), f"|{view.field}|", frame))


def _residual(samples: Samples, sample: int, asked: InspectErrors) -> Iterator[str]:
    found = residuals(samples, sample)
    yield "\n".join(_balances(found, sample))
    result = samples.result(asked.field, sample)
    view = found.view(samples.view(result, sample), result.of)
    if len(view.axes) and view.errors is not None:
        frame = _frame(asked, view, np.abs(view.errors).reshape(len(view.errors), -1).max(axis=1))
        yield from _where(view, np.abs(view.errors), "|resid.|", frame, sample)


def _balances(found: Residuals, sample: int) -> Iterator[str]:
    yield f"How far the answer for sample {sample} is from satisfying the equation, derivatives taken on the output grid:"
    for one, trusted in zip(found.own, found.trusted or [None] * len(found.own), strict=True):
        left = f"d({one.quantity})/dt" if one.quantity else "0"
        beside = f" (the trusted solution's, measured likewise: {trusted.size:.1e})" if trusted else ""
        yield f"- {left}: its sides are {one.size:.1e} of the sizes of all terms apart{beside}."
        if one.quantity:
            fitted = " + ".join(f"{factor:.2f} * [{term}]" for term, factor in one.factors.items())
            beside = f" (the trusted solution's: {_factors(trusted)})" if trusted else ""
            yield f"  Fitted to the answer: {left} = {fitted}. All factors should be 1{beside}."
    if found.trusted and all(t.size > MEASURED * o.size for o, t in zip(found.own, found.trusted, strict=True)):
        yield "The output grid shows no more than this: what is left is truncation of the measurement, not the program's fault."


def _factors(residual: Residual) -> str:
    return ", ".join(f"{factor:.2f}" for factor in residual.factors.values())


def _frame(asked: InspectErrors, view: View, telling: np.ndarray) -> int:
    """Which frame of the view to look at closely. Raises Unfit for one that there is not."""
    if asked.frame is None:
        return int(np.argmax(telling))
    frame = asked.frame - view.first
    if not 0 <= frame < len(view.values):
        words = f"There is no frame {asked.frame} to look at."
        raise Unfit(words, f"There are frames {view.first} to {view.first + len(view.values) - 1}.")
    return frame


def _frame_words(view: View, frame: int) -> str:
    return f"Frame {view.first + frame}, t = {view.times[frame]:.3g}" if view.times is not None else "Everywhere"


def _spread(values: np.ndarray) -> str:
    return f"{values.min():10.3g} {values.mean():10.3g} {values.max():10.3g}"


def _at(time: float) -> str:
    return f"t={time:<{LABEL - 2}.3g}"
