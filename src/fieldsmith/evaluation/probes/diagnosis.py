"""Why a program that runs does not converge: what probes and its own answer tell, and whom they make a suspect."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fieldsmith.equations.expressions import Unsuited
from fieldsmith.evaluation.probes import clock, start, steady, steps, transient
from fieldsmith.evaluation.probes.alone import answered_otherwise
from fieldsmith.evaluation.probes.behaviour import MISSED, copied_frames, course, interpolated, left_out, narrow
from fieldsmith.evaluation.probes.doubts import Call, Found
from fieldsmith.evaluation.probes.layers import across_layers
from fieldsmith.evaluation.probes.smooth import Smooth, smooth
from fieldsmith.tasks.task import Brief, Case

Outputs = Mapping[str, np.ndarray]
NOTHING: Mapping[str, Any] = {
    "unwritten": [],
    "together": False,
    "narrow": None,
    "physics": None,
    "start": [],
    "steady": None,
    "layers": None,
    "steps": None,
    "copies": [],
    "offset": 0,
    "pace": None,
    "visited": [],
    "course": [],
    "own": None,
}
OF_FORMULAS = ("strength", "sign", "missing", "number")
"""What of the equation's own terms and numbers may be wrong."""


def diagnosed(brief: Brief, case: Case, outputs: Outputs, errors: Sequence[float], call: Call) -> Found | None:
    """Of a program that ran, with its answer [batch, time, *points] and the errors of its samples; None where there is no equation."""
    if brief.form is not None:
        from fieldsmith.evaluation.probes import own  # with all that reads problem files, which other tasks need not

        return {**NOTHING, **own.diagnosed(brief.form, brief.signature, case, outputs, _telling(errors), call)}
    if brief.equation is None or not case.reference:
        return None
    if unwritten := left_out(outputs, case.reference, brief.span is not None):
        return {**NOTHING, "unwritten": unwritten, "suspects": [{"name": "unwritten", "term": ""}]}
    if answered_otherwise(brief.signature, case, outputs, errors, call):
        return {**NOTHING, "together": True, "suspects": [{"name": "together", "term": ""}]}
    if brief.span is None:
        return _steady(brief, case, call)
    found: Found = {
        **NOTHING,
        "copies": copied_frames(outputs, case.reference),
        "offset": clock.offset(outputs, case.reference),
        "narrow": narrow(outputs, case.reference, brief.equation),
        "course": course(_named(brief, outputs), _named(brief, case.reference), len(brief.equation.axes)),
    }
    if (ready := smooth(brief, case)) is not None:
        found["physics"] = physics = _physics(ready, call)
        if physics and physics["moved"] == "grid" and not found["narrow"]:
            found["narrow"] = interpolated(outputs, case.reference, brief.equation)
        times = np.asarray(case.inputs[ready.times])
        if physics and physics["everything"] is not None:
            found["pace"] = clock.pace(outputs, case.reference, times)
        if all(cause["name"] == "elapsed" for cause in _causes(found)) and found["pace"] is None:
            found["visited"] = clock.visited(outputs, case.reference, times)
        if not list(_causes(found)):
            telling = _telling(errors)
            found["start"] = start.at_once(brief.signature, case, outputs, telling, call) or []
            found["steps"] = None if found["start"] else steps.steps_in_time(brief.signature, case, telling, call)
    return {**found, "suspects": list(_causes(found))}


def unstable(brief: Brief, case: Case, call: Call) -> Found | None:
    """Of a program whose values are not finite: whether it solves another equation from the start."""
    ready = smooth(brief, case)
    if ready is None:
        return None
    physics = _physics(ready, call)
    if not physics:
        return None
    terms = [term for term in physics["terms"] if term["kind"] in OF_FORMULAS]
    if not (terms or physics["moved"] == "ends"):
        return None  # what else smooth fields show may come of the instability
    physics = {**physics, "terms": terms}
    found: Found = {**NOTHING, "physics": physics}
    return {**found, "suspects": list(_causes(found))}


def _steady(brief: Brief, case: Case, call: Call) -> Found | None:
    if not steady.suited(brief):
        return None
    inputs = steady.smoothed(brief, case)
    outputs = call(inputs)
    if outputs is None:
        return None
    try:
        with np.errstate(all="ignore"):
            balance = steady.balanced(brief, inputs, next(iter(outputs.values())))
            found: Found = {**NOTHING, "steady": balance}
            if balance and not list(_causes(found)):
                found["layers"] = across_layers(brief, case, call)
    except Unsuited:
        return None
    return {**found, "suspects": list(_causes(found))}


def _physics(ready: Smooth, call: Call) -> Found | None:
    try:
        with np.errstate(all="ignore"):
            return transient.physics(ready, call)
    except Unsuited:  # a term that cannot be evaluated
        return None


def _named(brief: Brief, arrays: Outputs) -> Outputs:
    """By what the results are called in the equation."""
    return {result.of or result.name: arrays[result.name] for result in brief.signature.results}


def _telling(errors: Sequence[float]) -> tuple[int, ...]:
    """The worst sample and the median one."""
    if not len(errors):
        return (0,)
    order = np.argsort(errors)
    return tuple(dict.fromkeys((int(order[-1]), int(order[len(order) // 2]))))


def _causes(found: Found) -> Iterator[dict[str, str]]:
    physics = found["physics"] or {}
    if found["narrow"] and found["narrow"]["share"] > MISSED:
        yield {"name": "points", "term": ""}
    if found["offset"]:
        yield {"name": "offset", "term": ""}
    elif found["copies"] or physics.get("still") or physics.get("copied"):
        yield {"name": "frames", "term": ""}
    if physics.get("everything") is not None or found["visited"]:
        yield {"name": "elapsed", "term": ""}
    for term in physics.get("terms", ()):
        yield {"name": term["kind"], "term": term["term"]}
    for name, fact in {"spacing": "cells", "displaced": "displaced"}.items():
        if physics.get(fact):
            yield {"name": name, "term": ""}
    if physics.get("moved") in ("ends", "place"):
        yield {"name": "ends" if physics["moved"] == "ends" else "anchored", "term": ""}
    if found["start"]:
        yield {"name": "data", "term": ""}
    balance = found["steady"] or {}
    for term, _ in balance.get("terms", ()):
        yield {"name": "strength", "term": term}
    for name, fact in {"scale": "factor", "cells": "cells", "boundary": "edges"}.items():
        if balance.get(fact):
            yield {"name": "spacing" if name == "cells" else name, "term": ""}
    if balance.get("turned"):
        yield {"name": "turned", "term": balance["turned"]}
    if balance.get("unexplained"):
        yield {"name": "balance", "term": ""}
    if found["layers"] and found["layers"]["mean"] != "harmonic":
        yield {"name": "jumps", "term": ""}
    if found["steps"] and found["steps"]["limit"]:
        yield {"name": "steps", "term": ""}
