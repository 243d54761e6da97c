"""Of a call that was ended for its time: how far it came, and whether it would have come to an end.

All that is known of the inside of a call is the program's own word: good for its own feedback, and for nothing else.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from fieldsmith.evaluation.loops import running
from fieldsmith.sandboxes.sandbox import CallResult, Failure, LocalArray
from fieldsmith.tasks.task import Brief, Result

Facts = Mapping[str, Any]
GROWN, COLLAPSING = 100.0, 10.0
"""Growth of the largest value that is taken for an instability; the smaller one where the time step has shrunk."""
SHRUNK = 1e-4
"""Share of an output interval below which a time step is taken to have shrunk."""
NUMBER = re.compile(r"float(?:64)? (\S+)")
"""How a number among the local variables is told."""
TIMES = ("solve_ivp_t", "t", "time")
"""Variables that hold the time that was reached; the first is told of the library's own."""
SMALLEST_DENSE = 64
"""Rows of a matrix below which it does not matter how it is kept."""
DENSE_CALL = re.compile(r"\b(np|numpy|scipy|sl|la|sla)\.linalg\.(solve|inv|lstsq|eigh?|pinv)\b|\.(toarray|todense)\(")
SUFFIX = re.compile(r"(_|\d|new|next|old|cur|current|batch|tmp|star)+$")
STATE = frozenset({"u", "q", "w", "y", "v", "c", "state", "sol", "solution", "field"})
"""What programs like to call the solution at one time."""


def overtime(result: CallResult, brief: Brief, source: str, line: str) -> Facts:
    """What a call of `source` that was ended for its time is told; `line` is the text of the line that it was in."""
    failure = result.failure or Failure("", "")
    return {
        "cpu": result.cpu_seconds,
        "wall": result.seconds,
        "waited": "without computing" in failure.message,
        "reached": _reached(failure, brief),
        "grown": _grown(failure, brief),
        "dense": _dense(failure.arrays, brief, line),
        "loops": running(failure, source, brief),
    }


def _in_time(brief: Brief) -> list[Result]:
    return [result for result in brief.signature.results if "time" in result.axes]


def _frames(array: LocalArray, brief: Brief) -> list[float]:
    """The largest value of each output time that an array holds so far: what is behind the last that is not zero has not been reached."""
    if not array.frames or not any(result.axes[1:2] == ("time",) for result in brief.signature.results):
        return []
    if array.listed:
        return list(array.frames) if len(array.frames) <= brief.sizes.get("time", 0) else []
    filled = [n for n, size in enumerate(array.frames) if size != 0.0]
    # One that was filled to the end may have been made of whatever was in memory.
    return list(array.frames[: filled[-1] + 1]) if filled and filled[-1] + 1 < len(array.frames) else []


def _reached(failure: Failure, brief: Brief) -> Facts | None:
    """The output time that was reached, where arrays or a variable tell it: `frame` of `last`, or `time` of `end`."""
    if not _in_time(brief):
        return None
    found = [(len(frames) - 1, array.name) for array in failure.arrays if (frames := _frames(array, brief))]
    if found and brief.sizes.get("time"):
        frame, name = max(found)
        return {"frame": frame, "last": brief.sizes["time"] - 1, "name": name}
    if brief.span is None:
        return None
    clock = brief.form.system.time if brief.form is not None else None
    for name in (*TIMES, *((clock.name,) if clock else ())):
        told = NUMBER.fullmatch(failure.variables.get(name, ""))
        if told is not None and brief.span[0] <= (time := float(told[1])) <= brief.span[1]:
            return {"time": time, "end": brief.span[1]}
    return None


def _grown(failure: Failure, brief: Brief) -> Facts | None:
    """An array of the solution whose values have left all bounds: its name, where they began, what they are now (None: not finite)."""
    if not _in_time(brief):
        return None
    given = {argument.name for argument in brief.signature.arguments}
    initial = [array for array in failure.arrays if array.name in given and array.largest]
    shapes = {array.shape for array in initial}
    first = max((array.largest or 0.0 for array in initial), default=0.0)
    step = _step(failure, brief)
    for array in failure.arrays:
        frames = _frames(array, brief)
        state = array.name not in given and array.shape in shapes and _is_state(array.name, brief)
        sizes = frames or ([array.largest] if state and array.largest is not None else [])
        bad = any(not math.isfinite(size) for size in sizes)
        start = frames[0] if frames else first
        if bad or (sizes and max(sizes) > (COLLAPSING if step else GROWN) * start > 0.0):
            began = start if 0.0 < start < math.inf else None
            return {"name": array.name, "first": began, "largest": None if bad else max(sizes), "step": step}
    return None


def _step(failure: Failure, brief: Brief) -> float | None:
    """The time step in use, where it is a variable of that name and has shrunk far below the interval between output times."""
    told = NUMBER.fullmatch(failure.variables.get("dt", ""))
    frames = brief.sizes.get("time", 0)
    if told is None or brief.span is None or frames < 2:
        return None
    step, interval = float(told[1]), (brief.span[1] - brief.span[0]) / (frames - 1)
    return step if step < SHRUNK * interval else None


def _is_state(name: str, brief: Brief) -> bool:
    """Whether a variable is called as the solution at one time is."""
    known = {*STATE, *(result.of.lower() for result in brief.signature.results)}
    return SUFFIX.sub("", name.lower()) in known


def _dense(arrays: tuple[LocalArray, ...], brief: Brief, line: str) -> str:
    """A matrix that is kept with all its zeros, in a few words; empty if there is none."""
    spatial = [size for name, size in brief.sizes.items() if name not in ("batch", "time")]
    unknowns = math.prod(spatial) if spatial else 0
    for array in arrays:
        square = len(array.shape) >= 2 and array.shape[-1] == array.shape[-2] >= max(SMALLEST_DENSE, unknowns // 2)
        if square and array.shape[:-1] != (brief.sizes.get("batch"),):
            return f"`{array.name}` {array.shape}"
    found = DENSE_CALL.search(line)
    return f"`{found[0].rstrip('(')}`" if found else ""
