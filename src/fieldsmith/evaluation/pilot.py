"""Pilots: a program is run on little data at low resolution first, and in full only if it is not hopeless there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from fieldsmith.evaluation import metrics
from fieldsmith.evaluation.evaluation import Pilot
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.tasks.task import NRMSE, Case, Signature, Task

BATCH = "batch"
ZEROS, HELD = "zeros", "held"
"""Answers that take no computation: zeros, and the initial state held at all times."""


def pilot_case(task: Task, samples: int) -> Case | None:
    """The first `samples` of the coarsest data that the order of convergence is measured on; of a task without it, of the dev split.

    None where that would be all that is scored, or there are no samples to choose from: nothing would be saved.
    """
    if samples < 1:
        return None
    study, signature = task.refinement(), task.brief().signature
    case = min(study, key=lambda one: one.resolution) if study else task.split("dev")[0]
    if not signature.batched:
        return case if study else None
    known = signature.sizes(case.inputs).get(BATCH, samples)
    if not study and known <= samples:
        return None
    return first_samples(signature, case, samples)


def first_samples(signature: Signature, case: Case, samples: int) -> Case:
    """The case with no more than its first samples."""

    def cut(array: Any) -> np.ndarray:
        return np.ascontiguousarray(array[:samples])

    inputs: dict[str, np.ndarray | float] = dict(case.inputs)
    for argument in signature.arguments:
        if argument.axes[:1] == (BATCH,):
            inputs[argument.name] = cut(inputs[argument.name])
    return replace(
        case,
        inputs=inputs,
        reference={name: cut(values) for name, values in case.reference.items()},
        reference_errors=None if case.reference_errors is None else cut(case.reference_errors),
        trusted_errors=None if case.trusted_errors is None else cut(case.trusted_errors),
        kinds=case.kinds[:samples],
    )


def described(task: Task, case: Case) -> Pilot:
    """What a pilot is made on, before it is made."""
    signature = task.brief().signature
    samples = signature.sizes(case.inputs).get(BATCH, 1)
    if task.metric != NRMSE or not case.reference:
        return Pilot(samples, case.resolution)
    return Pilot(samples, case.resolution, idle=idle_errors(signature, case))


def idle_errors(signature: Signature, case: Case) -> Mapping[str, float]:
    """nRMSE of the answers that take no computation, by what they are: `zeros`, and `held` where there is a state to hold."""
    answers = {ZEROS: {name: np.zeros_like(values) for name, values in case.reference.items()}}
    if held := _held(signature, case):
        answers[HELD] = held
    return {name: error_of(signature, answer, case) for name, answer in answers.items()}


def error_of(signature: Signature, outputs: Mapping[str, np.ndarray], case: Case) -> float:
    """Mean nRMSE over the samples of a case."""
    with np.errstate(over="ignore", invalid="ignore"):
        errors = metrics.sample_nrmse(as_samples(signature, outputs), as_samples(signature, case.reference))
    return float(np.mean(errors))


def hopeless(pilot: Pilot) -> bool:
    """Whether the answer is further from the solution than the best answer that takes no computation: whoever writes nothing does better.

    The data is smooth, so a sound scheme that is merely coarse is on the other side. An answer whose error is no number is hopeless too.
    """
    return pilot.nrmse is not None and bool(pilot.idle) and not pilot.nrmse <= min(pilot.idle.values())


def _held(signature: Signature, case: Case) -> dict[str, np.ndarray]:
    """The initial state of every unknown at all output times; empty where not every result has one."""
    initial = {argument.of: argument for argument in signature.arguments if argument.role == "initial"}
    held: dict[str, np.ndarray] = {}
    for result in signature.results:
        begun = initial.get(result.of)
        axes = [axis for axis in result.axes if axis != "time"]
        if begun is None or "time" not in result.axes or list(begun.axes) != axes:
            return {}
        state = np.expand_dims(np.asarray(case.inputs[begun.name]), result.axes.index("time"))
        held[result.name] = np.broadcast_to(state, case.reference[result.name].shape)
    return held
