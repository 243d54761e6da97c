"""Whether samples of a batch act on each other: the program's answer to one sample alone."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fieldsmith.evaluation.probes.doubts import Call
from fieldsmith.evaluation.probes.smooth import of_samples
from fieldsmith.tasks.task import Case, Signature

Arrays = Mapping[str, np.ndarray]

MUCH, PLAIN = 0.5, 0.02
"""Difference between both answers, in units of the error and of the solution, from which on it is told: steps that follow the fastest
sample of a batch are others for one alone, which changes less.
"""

MOMENT, FRAMES, LASTS = 1.0 / 256.0, 5, 0.1
"""Output times that lie close together, in units of the first interval, and how many; the difference in units of the change that remains
there where samples act on each other by more than the steps that they share.
"""

ERRS = 0.25
"""Error of a sample, in units of the largest, from which on it is one of those that err."""


def answered_otherwise(signature: Signature, case: Case, outputs: Arrays, errors: Sequence[float], call: Call) -> bool:
    """Whether a sample alone is answered by much else than among the others: the smallest of those that err, whom others rule if any does."""
    sizes = [max(float(np.max(np.abs(array[n]))) for array in case.reference.values()) for n in range(len(errors))]
    if len(sizes) < 2:
        return False
    sample = min((n for n in range(len(errors)) if errors[n] >= ERRS * max(errors)), key=lambda n: sizes[n])
    answer = call(of_samples(signature, case, (sample,)))
    if answer is None:
        return False
    difference = error = size = 0.0
    for name, values in case.reference.items():
        difference += float(np.sum((answer[name][0] - outputs[name][sample]) ** 2))
        error += float(np.sum((outputs[name][sample] - values[sample]) ** 2))
        size += float(np.sum(values[sample] ** 2))
    much = math.sqrt(difference) > max(MUCH * math.sqrt(error), PLAIN * math.sqrt(size))
    return much and _from_the_start(signature, case, sample, call)


def _from_the_start(signature: Signature, case: Case, sample: int, call: Call) -> bool:
    """Whether both answers differ after a moment too, for which one step does whatever the others are."""
    name = next((a.name for a in signature.arguments if a.role == "times"), None)
    if name is None:
        return True
    times = np.asarray(case.inputs[name])
    soon = {name: times[0] + MOMENT * (times[1] - times[0]) * np.arange(FRAMES)}
    among = call({**case.inputs, **soon})
    alone = call({**of_samples(signature, case, (sample,)), **soon})
    if among is None or alone is None:
        return True
    pairs = [(alone[result.name][0], among[result.name][sample]) for result in signature.results]
    difference = sum(float(np.sum((one - other) ** 2)) for one, other in pairs)
    change = sum(float(np.sum((one - one[:1]) ** 2)) for one, _ in pairs)
    return not math.sqrt(difference) <= LASTS * math.sqrt(change)
