"""Why a program for a problem of one's own is far from the solution: what its answer leaves over, how it is arranged, what it ignores."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fieldsmith.boxes.form import TIMES, Form
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.evaluation.probes import clock, left_over, start, steps
from fieldsmith.evaluation.probes.arranged import arranged
from fieldsmith.evaluation.probes.behaviour import copied_frames, left_out, repeated
from fieldsmith.evaluation.probes.doubts import Call, Found
from fieldsmith.evaluation.probes.smooth import Inputs, of_samples
from fieldsmith.tasks.own.estimate import grouped
from fieldsmith.tasks.task import Case, Signature

Arrays = Mapping[str, np.ndarray]
DEPARTS = 1e-3
"""How far the first frame must be from the initial state to be told of."""
SHORT = 3
"""Output times of a call that tells whether a parameter matters."""
SAME = 1e-4
"""Change of an answer, in units of it, from which on a parameter clearly matters."""
ELSEWHERE = (0.2, 0.8)
"""Shares of a parameter's range, of which that is taken that is further from the value of the call."""
ROUGH, WRONG = 4.0, 0.1
"""How many times as much as the solution an answer jumps from point to point that is rough, where it errs by more than this."""
NOISY, RIM = 1.3, 2
"""Size of the second differences of an error, in units of it, from which on it is noise: sqrt(6) of independent numbers; at the ends so many points are left out."""


STEEP = 0.25
"""Difference between neighbouring points, in units of all that the solution spans, that is a front."""
AS_MUCH = 0.3
"""Part of an answer's error which a value at a side leaves over that makes it."""
CHANGES, FEWEST = 0.25, 24
"""Part of a factor's distance from 1 by which it is another on every second point that is a matter of the scheme, and points that are halved."""


def diagnosed(
    form: Form, signature: Signature, case: Case, outputs: Arrays, samples: Sequence[int], call: Call
) -> Found:
    """Of an answer [batch, (time,) *points]; samples: the worst one first. Without a reference the answer is one at groups of times."""
    found: Found = {}
    if case.reference:
        found |= _looked_at(form, signature, case, outputs)
        known = found["unwritten"] or found["offset"] or found["copies"]
        if known or found["own"]["arranged"] or found["own"]["rough"]:
            return {**found, "suspects": list(_causes(found))}
    else:
        found["own"] = {"arranged": None, "rough": [], "noisy": [], "fronts": [], "pace": None, "start": None}
    own = found["own"]
    with np.errstate(all="ignore"):
        own["ignored"] = _ignored(form, signature, case, outputs, call)
        own["conditions"], own["equations"], own["close"] = [], [], False
        if not own["noisy"]:
            own["conditions"] = _conditions(form, case, outputs, samples[0])
            own["equations"], own["close"] = _equations(form, signature, case, outputs, samples, call)
    own["holds"] = bool(own["equations"]) and all(one["share"] < left_over.HOLDS for one in own["equations"])
    if case.reference and form.timed and signature.batched and not list(_causes(found)) and not own["close"]:
        found["start"] = [] if _breaks(form) else start.at_once(signature, case, outputs, samples, call) or []
        found["steps"] = None if found["start"] else steps.steps_in_time(signature, case, samples, call)
    return {**found, "suspects": list(_causes(found))}


def _looked_at(form: Form, signature: Signature, case: Case, outputs: Arrays) -> Found:
    """What is seen without a call."""
    timed = form.timed
    found: Found = {"unwritten": left_out(outputs, case.reference, timed), "offset": 0, "copies": []}
    own: Found = {"arranged": None, "rough": [], "noisy": [], "fronts": [], "pace": None, "start": None}
    if found["unwritten"]:
        return {**found, "own": own}
    if timed:
        share = _relative({n: a[:, :1] for n, a in outputs.items()}, {n: a[:, :1] for n, a in case.reference.items()})
        own["start"] = share if share > DEPARTS else None
    own["arranged"] = arranged(signature, outputs, case.reference)
    if own["arranged"]:
        return {**found, "own": {**own, "start": None}}
    own["rough"] = _rough(form, signature, outputs, case.reference)
    own["fronts"] = _fronts(form, signature, case.reference)
    own["noisy"] = [] if own["rough"] else _noisy(form, signature, outputs, case.reference)
    if timed and not own["start"]:
        found["offset"] = clock.offset(outputs, case.reference)
        found["copies"] = copied_frames(outputs, case.reference)
        pace = clock.pace(outputs, case.reference, np.asarray(case.inputs[TIMES]))
        own["pace"] = pace if pace is not None and abs(pace - 1.0) > DEPARTS else None
    return {**found, "own": own}


def _rough(form: Form, signature: Signature, outputs: Arrays, reference: Arrays) -> list[str]:
    """Axes along which the answer jumps from point to point as the solution does not."""
    if not _relative(outputs, reference) > WRONG:
        return []
    axes = signature.results[0].axes
    found = []
    for axis in form.space:
        n = axes.index(axis) - len(axes)
        own, true = (
            np.sqrt(
                sum(np.sum(np.diff(a, 2, n) ** 2) for a in arrays.values())
                / (sum(np.sum(a**2) for a in arrays.values()) or 1.0)
            )
            for arrays in (outputs, reference)
        )
        if own > ROUGH * true + WRONG:
            found.append(axis)
    return found


def _fronts(form: Form, signature: Signature, reference: Arrays) -> list[str]:
    """Axes along which the solution jumps within a point or two, where differences tell little of its equations."""
    axes = signature.results[0].axes
    return [
        axis
        for axis in form.space
        if any(
            np.max(np.abs(np.diff(a, 1, axes.index(axis) - len(axes)))) > STEEP * np.ptp(a) for a in reference.values()
        )
    ]


def _noisy(form: Form, signature: Signature, outputs: Arrays, reference: Arrays) -> list[str]:
    """Axes along which the error jumps from point to point, as that of loose tolerances does; no derivative of such an answer tells anything."""
    axes = signature.results[0].axes
    found = []
    for axis in form.space:
        n = axes.index(axis) - len(axes)
        rim = 0 if axis in form.system.periodic else RIM
        jumps = size = whole = 0.0
        for name, array in outputs.items():
            error = array - reference[name]
            inner = np.take(error, range(rim, error.shape[n] - rim), n)
            jumps, size = jumps + float(np.sum(np.diff(inner, 2, n) ** 2)), size + float(np.sum(inner**2))
            whole += float(np.sum(error**2))
        if size > WRONG * whole and jumps > NOISY**2 * size:
            found.append(axis)
    return found


def _conditions(form: Form, case: Case, outputs: Arrays, sample: int) -> list[Found]:
    """Those that are clearly missed: of values at a side, which no grid has to approach, also those that leave over as much as the answer errs by."""
    own, true = _raw(form, outputs), _raw(form, case.reference)
    found = left_over.conditions(form, case.inputs, own, true, sample, grouped=not case.reference)
    least = AS_MUCH * _relative(outputs, case.reference) if case.reference else left_over.MISSED
    least = min(max(least, SAME), left_over.MISSED)
    return [one for one in found if one["sure"] and one["share"] > (least if one["value"] else left_over.MISSED)]


def _equations(
    form: Form, signature: Signature, case: Case, outputs: Arrays, samples: Sequence[int], call: Call
) -> tuple[list[Found], bool]:
    """What each equation leaves over; whether close output times are answered by the same state, so that nothing is known of them."""
    if form.timed and case.reference:
        times = np.asarray(case.inputs[TIMES], float)
        inputs = of_samples(signature, case, samples[:1]) | {TIMES: np.asarray(grouped(times[0], times[-1]))}
        answer, sample = call(inputs), 0
        if answer is None:
            return [], False
    else:
        inputs, answer, sample = case.inputs, _raw(form, outputs), samples[0]
    if form.timed and len(repeated(as_samples(signature, answer))) > len(np.asarray(inputs[TIMES])) // 2:
        return [], True
    found = left_over.equations(form, inputs, answer, sample)
    for one in found if any(one["cause"] and one["cause"]["how"] in ("strength", "number") for one in found) else ():
        one["cause"] = _of_the_scheme(form, signature, inputs, one, call)
    return found, False


def _of_the_scheme(form: Form, signature: Signature, inputs: Mapping[str, Any], one: Found, call: Call) -> Found | None:
    """The cause of what an equation leaves over, as one of the scheme where it is another on every second point: no factor of a program does that."""
    cause = one["cause"]
    if cause is None or cause["how"] not in ("strength", "number") or cause["factor"] < 0.0:
        return cause
    rough = _halved(form, signature, inputs)
    answer = call(rough) if rough else None
    if not rough or answer is None:
        return cause
    again = left_over.equations(form, rough, answer, 0)[one["number"] - 1]["cause"]
    if again is None or again["term"] != cause["term"]:
        return cause
    changes = abs(again["factor"] - cause["factor"]) > CHANGES * abs(cause["factor"] - 1.0)
    return {**cause, "how": "scheme"} if changes else cause


def _halved(form: Form, signature: Signature, inputs: Mapping[str, Any]) -> Inputs:
    """The call on every second point; nothing where the ends of the axes are none of these."""
    for axis in form.space:
        points = len(np.asarray(inputs[axis]))
        if points < FEWEST or points % 2 != (axis not in form.system.periodic):
            return {}
    return {
        a.name: np.asarray(inputs[a.name])[tuple(slice(None, None, 2 if axis in form.space else 1) for axis in a.axes)]
        if a.axes
        else inputs[a.name]
        for a in signature.arguments
    }


def _raw(form: Form, arrays: Arrays) -> Arrays:
    """As the program returns them: without a batch where there is none."""
    return arrays if form.batched else {name: array[0] for name, array in arrays.items()}


def _ignored(form: Form, signature: Signature, case: Case, outputs: Arrays, call: Call) -> list[Found]:
    """Ranged parameters whose value the answer does not depend on: name, the value of the call and the other that was tried."""
    found = []
    for one in form.ranged:
        value = float(np.asarray(case.inputs[one.name]))
        if one.low is None or one.high is None or one.low == one.high:
            continue
        ends = [one.low + share * (one.high - one.low) for share in ELSEWHERE]
        other = max(ends, key=lambda end: abs(end - value))
        short = {**case.inputs, **({TIMES: np.asarray(case.inputs[TIMES])[:SHORT]} if form.timed else {})}
        changed = call({**short, one.name: other})
        if changed is None:
            break
        kept = {name: array[:, :SHORT] if form.timed else array for name, array in outputs.items()}
        if _relative(as_samples(signature, changed), kept) > SAME:
            continue
        same = call(short)
        if same is not None and all(np.array_equal(same[name], changed[name]) for name in same):
            found.append({"name": one.name, "value": value, "other": other})
    return found


def _relative(one: Arrays, other: Arrays) -> float:
    """How far arrays are from others, in units of these."""
    size = float(sum(np.sum(array**2) for array in other.values())) or 1.0
    return float(np.sqrt(sum(np.sum((one[name] - other[name]) ** 2) for name in other) / size))


def _breaks(form: Form) -> bool:
    """Whether something is odd about the initial data, which then changes at once."""
    return any(one.weight == "doubt" and one.spot.field.startswith("initial") for one in form.seen.told.ordered())


def _causes(found: Found) -> Iterator[dict[str, str]]:
    own = found["own"]
    if found.get("unwritten"):
        yield {"name": "unwritten", "term": ""}
    if own["arranged"]:
        yield {"name": "arranged", "term": ""}
    if own["rough"]:
        yield {"name": "rough", "term": ", ".join(own["rough"])}
    if found.get("offset"):
        yield {"name": "offset", "term": ""}
    elif found.get("copies") or own.get("close"):
        yield {"name": "frames", "term": ""}
    if own["start"]:
        yield {"name": "data", "term": ""}
    for one in own.get("ignored", ()):
        yield {"name": "ignored", "term": one["name"]}
    named = {one["name"] for one in own.get("ignored", ())}
    for one in own.get("equations", ()):
        cause = one["cause"]
        if cause is not None and cause["how"] != "scheme" and cause["term"] not in named:
            yield {"name": cause["how"], "term": cause["term"]}
        elif cause is None and one["sure"] and one["share"] > left_over.MUCH and not own["fronts"]:
            yield {"name": "equation", "term": one["text"]}
    for one in own.get("conditions", ()):
        if one["cause"] is not None or one["share"] > left_over.AT_SIDES:
            yield {"name": "condition", "term": f"{one['text']} at {one['place']}"}
    if own["pace"] and not any(one["cause"] for one in own.get("equations", ())):
        yield {"name": "elapsed", "term": ""}
    if found.get("start"):
        yield {"name": "data", "term": ""}
    if (found.get("steps") or {}).get("limit"):
        yield {"name": "steps", "term": ""}
