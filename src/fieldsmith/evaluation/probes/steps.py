"""What the steps in time of a program do: its answer to the scored inputs at more output times."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fieldsmith.evaluation.probes.doubts import Call
from fieldsmith.evaluation.probes.smooth import of_samples
from fieldsmith.tasks.task import Case, Signature

Outputs = Mapping[str, np.ndarray]

STEPS = 0.25
"""Share of the error that shorter steps take away, or add, from which on they are told of."""
FIRST, PARTS = 0.03, 16
"""How near the error that is left comes to what steps of first order leave, of so many parts too: one ratio is also made by a higher order and an error of the grid."""
BOUNDED = 1.5
"""How much more than with the first division the error may be with the second, where it comes to an end."""
DIVISIONS = (4, 256)
"""Into how many parts output intervals are divided; the second finds programs with many steps in each already."""


def steps_in_time(signature: Signature, case: Case, samples: Sequence[int], call: Call) -> dict[str, Any] | None:
    """What the answer at the same times changes by when the output intervals are divided; None where that is not known.

    It is compared with the answer to the same samples and as few intervals: steps that adapt to all samples together are others for the whole batch.

    share: the change in units of the error at these times. left: the error that remains, in the same. divided: into how many
    parts. limit: whether shorter steps take much of the error away. worse: whether they add to it instead. first: whether they
    take away as much as with steps of first order. intervals: how many were divided. bounded: whether what they add comes to an end,
    as what long steps offset of the grid's own error does. all: whether intervals were divided by as much as they can be: before, a program of many
    steps an interval may have taken the same.
    """
    told = None
    for parts in DIVISIONS:
        error, change, left, kept = _errors(signature, case, samples, call, parts)
        if not error:
            return told
        found = {
            "share": change / error,
            "left": left / error,
            "divided": parts,
            "intervals": kept,
            "limit": left < (1.0 - STEPS) * error,
            "worse": left > (1.0 + STEPS) * error,
            "first": False,
            "bounded": False,
            "all": parts == DIVISIONS[-1],
        }
        if found["limit"]:
            seems = parts == DIVISIONS[0] and abs(left / error - 1.0 / parts) < FIRST
            return {**found, "first": seems and _stays_first(signature, case, samples, call)}
        if told and told["worse"]:
            return {**told, "bounded": found["left"] < BOUNDED * told["left"]}
        told = found
    return told


def _stays_first(signature: Signature, case: Case, samples: Sequence[int], call: Call) -> bool:
    """Whether still shorter steps leave what those of first order leave."""
    error, _, left, _ = _errors(signature, case, samples, call, PARTS)
    return error > 0.0 and abs(left / error - 1.0 / PARTS) < FIRST


def _errors(
    signature: Signature, case: Case, samples: Sequence[int], call: Call, parts: int
) -> tuple[float, float, float, int]:
    """Error, change and what is left, as `_distances` has them, with intervals in so many parts; how many were divided."""
    name = next(a.name for a in signature.arguments if a.role == "times")
    times = np.asarray(case.inputs[name])
    kept = max(1, (len(times) - 1) // parts)
    fine = np.interp(np.arange(kept * parts + 1) / parts, np.arange(len(times)), times)
    of_them = of_samples(signature, case, samples)
    own, divided = (call({**of_them, name: asked}) for asked in (times[: kept + 1], fine))
    if own is None or divided is None:
        return 0.0, 0.0, 0.0, kept
    reference = {name: values[list(samples), : kept + 1] for name, values in case.reference.items()}
    return (*_distances(own, {name: values[:, ::parts] for name, values in divided.items()}, reference), kept)


def _distances(own: Outputs, divided: Outputs, reference: Outputs) -> tuple[float, float, float]:
    """Of the answer from the reference, of that with divided intervals from the answer, and of it from the reference; all at the same times."""
    error = change = left = 0.0
    for name, true in reference.items():
        error += float(np.sum((own[name] - true) ** 2))
        change += float(np.sum((own[name] - divided[name]) ** 2))
        left += float(np.sum((divided[name] - true) ** 2))
    return math.sqrt(error), math.sqrt(change), math.sqrt(left)
