"""What a program does with inputs of the judge's own making: which physics it solves, told without any reference.

Smooth fields, followed for a moment on the scored grid and on one of half the points, tell how strongly each term of the
equation acts (`strengths.py`). A factor that both grids agree on is a matter of the program's formulas; a deviation that
falls with the spacing is the scheme's. The scored inputs at more output times tell what the steps in time do.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fieldsmith.evaluation.probes.doubts import Call
from fieldsmith.evaluation.probes.smooth import Inputs, Probe, Smooth
from fieldsmith.evaluation.probes.strengths import Strengths, Term
from fieldsmith.tasks.task import Case, Signature

Outputs = Mapping[str, np.ndarray]
Pairs = Sequence[tuple[Strengths, Strengths]]
"""Of each balance, on the scored grid and on one of half the points."""

OFF = 0.1
"""A term's strength is wrong from this deviation on."""
NO_EFFECT = 0.03
FAINT = 0.02
"""Terms that make up a smaller part of the change are not judged."""
UNEXPLAINED = 0.2
"""Part of the change that no terms explain, beyond which nothing is said of them."""
SAME, APART = 0.02, 0.03
"""Strengths that differ by no more are one factor of all terms, which is wrong from the second on."""
RUSH = 2.0
"""How many times too much must change, or too little, where the terms explain nothing."""
CELL = 0.15
"""How near a deviation must come to that of one cell too few, in cells."""
MOVED = 0.02
"""Departure of the answer to moved data from the moved answer, in units of the change."""
DISPLACED = 0.05
"""Cells that a solution must be displaced by to be told."""
STEPS = 0.25
"""Share of the error that shorter steps take away, or add, from which on they are told of."""
FIRST = 0.03
"""How near that share comes to what steps of first order make."""
DIVISIONS = (4, 256)
"""Into how many parts output intervals are divided; the second finds programs with many steps in each already."""
SAID = {
    math.pi: "pi", 1 / math.pi: "1/pi", 2 * math.pi: "2 pi", 1 / (2 * math.pi): "1/(2 pi)", 4 * math.pi**2: "4 pi^2",
    math.pi**2: "pi^2", 2.0: "2", 0.5: "1/2", 3.0: "3", 1 / 3: "1/3", 4.0: "4", 0.25: "1/4",
}  # fmt: skip
"""Factors that slip in or get lost."""


def physics(smooth: Smooth, call: Call) -> dict[str, Any]:
    """What the program makes of smooth fields, as facts.

    terms: those with a wrong strength. everything: the strength that all of them have, where it is the same wrong one.
    sound: whether all were seen to be right. still: whether fields stay what they are. cells: -1 for a spacing of N - 1
    cells. displaced: by how many cells the solution lies beside its start. moved: whether moved data is answered otherwise.
    order: how what it errs by falls with the spacing; none where it does not.
    """
    found: dict[str, Any] = {"terms": [], "everything": None, "sound": False, "still": False, "cells": 0, "displaced": [], "moved": False, "order": None}  # fmt: skip
    fine = smooth.probe()
    outputs = call(fine.inputs) if fine else None
    if fine is None or outputs is None:
        return found
    if all(np.array_equal(array[:, 1:], array[:, :-1]) for array in outputs.values()):
        return {**found, "still": True}
    found["moved"] = _answers_moved_otherwise(smooth, fine, outputs)
    first = _strengths(smooth, fine, outputs)
    found["displaced"] = _displaced(smooth, fine, outputs, first)
    coarse = smooth.probe(2)
    coarser = call(coarse.inputs) if coarse else None
    second = _strengths(smooth, coarse, coarser) if coarse and coarser else [None] * len(first)
    verdicts = _verdicts(first, second, smooth.points)
    if found["moved"] and not verdicts.get("terms"):
        verdicts = {}
    return {**found, **verdicts}


def _strengths(smooth: Smooth, probe: Probe, outputs: Outputs) -> list[Strengths | None]:
    frames = smooth.frames(probe, outputs)
    with np.errstate(all="ignore"):
        return [smooth.terms.strengths(n, frames, probe.interval) for n in range(len(smooth.terms.balances))]


def _answers_moved_otherwise(smooth: Smooth, probe: Probe, outputs: Outputs) -> bool:
    """Whether data moved by some points is answered by something else than the answer moved by them."""
    for values in outputs.values():
        own, moved = values[: probe.moved], values[probe.samples :]
        change = np.max(np.abs(own - own[:, :1]))
        if np.max(np.abs(smooth.rolled(own, probe.shift) - moved)) > MOVED * change + 1e-9 * np.max(np.abs(own)):
            return True
    return False


def _displaced(smooth: Smooth, probe: Probe, outputs: Outputs, found: Sequence[Strengths | None]) -> list[list[Any]]:
    """By how many cells along which axis the first step moves the fields, beyond what the equation does."""
    axes, told = smooth.axes, []
    start = smooth.frames(probe, outputs)[0]
    for n, strengths in enumerate(found):
        if strengths is None:
            continue
        slopes = smooth.slopes(n, start)
        columns = np.stack([slope.ravel() for slope in slopes], axis=1)
        by, *_ = np.linalg.lstsq(columns, -strengths.start.ravel(), rcond=None)
        left = np.linalg.norm(strengths.start.ravel() + columns @ by)
        if left < 0.3 * np.linalg.norm(strengths.start):
            cells = [float(b) / axis.grid(m)[1] for b, axis, m in zip(by, axes, smooth.points, strict=True)]
            told += [[axis.name, c] for axis, c in zip(axes, cells, strict=True) if abs(c) > DISPLACED]
    return told[: len(axes)]


def _verdicts(
    first: Sequence[Strengths | None], second: Sequence[Strengths | None], points: Sequence[int]
) -> dict[str, Any]:
    known: list[tuple[Strengths, Strengths]] = []
    for one, two in zip(first, second, strict=True):
        if one is not None and two is not None and one.terms == two.terms:
            known.append((one, two))
    if not known:
        return {}
    if any(one.misfit > UNEXPLAINED for one, _ in known):
        paces = [one.pace for one, _ in known]
        rushes = min(paces) > RUSH or max(paces) < 1.0 / RUSH
        return {"everything": math.exp(float(np.mean(np.log(paces))))} if rushes else {}
    cells = _cells(known, max(points))
    if cells:
        return {"cells": cells}
    wrong, factors = [], []
    for one, two in known:
        strong = [(t, _limit(v, w, t), s) for t, v, w, s in zip(one.terms, one.values, two.values, one.shares, strict=True)]  # fmt: skip
        own = [(term, value) for term, value, share in strong if term.due and share > FAINT]
        factors += [value for _, value in own]
        wrong += _wrong(own, one.misfit)
        wrong += [_told(t, v) for t, v, share in strong if not t.due and abs(v) * share > 2 * OFF + 2 * one.misfit]
    alike = len(factors) > 1 and max(factors) - min(factors) < SAME * abs(np.mean(factors))
    same = alike and abs(np.mean(factors) - 1.0) > APART
    sound = not wrong and not same and len(known) == len(first) and len(factors) > 0
    return {
        "terms": [] if same else wrong,
        "everything": float(np.mean(factors)) if same else None,
        "sound": sound,
        "order": _order(known) if sound else None,
    }


def _limit(fine: float, coarse: float, term: Term) -> float:
    """The strength on ever finer grids, were its deviation to fall in proportion to the spacing; as it is where it does not fall.

    A drift that no term asks for is none of a scheme: one of a cell an output interval falls too.
    """
    one, two = fine - term.due, coarse - term.due
    if term.order == 1 and not term.due:
        return fine
    return 2.0 * fine - coarse if one * two > 0.0 and abs(one) < abs(two) < 4.5 * abs(one) else fine


def _wrong(own: Sequence[tuple[Term, float]], misfit: float) -> list[dict[str, Any]]:
    """Terms of a balance with a wrong strength; those of one written term that agree are told as it."""
    told = []
    for written in dict.fromkeys(term.written for term, _ in own):
        parts = [(term, value) for term, value in own if term.written == written]
        values = [value for _, value in parts]
        if max(values) - min(values) < OFF / 2 and len(parts) > 1:
            parts = [
                (Term(written, parts[0][0].expression, max(t.order for t, _ in parts), written), float(np.mean(values)))
            ]
        told += [_told(term, value) for term, value in parts if abs(value - 1.0) > OFF + misfit]
    return told


def _told(term: Term, value: float) -> dict[str, Any]:
    size = abs(value)
    near = next((text for factor, text in SAID.items() if abs(size / factor - 1.0) < 0.015), "")
    kind = "brought" if not term.due else "missing" if size < NO_EFFECT else "sign" if value < 0.0 else "strength"
    acts = {0: "reaction", 1: "transport"}.get(term.order, "odd" if term.order % 2 else "decay")
    text = term.written if term.due and not term.text else term.text
    return {
        "term": text,
        "kind": kind,
        "acts": acts,
        "factor": float(value),
        "near": near,
        "alone": abs(size - 1.0) < OFF,
    }


def _cells(known: Pairs, points: int) -> int:
    """-1 or 1 where every derivative acts as with that many cells more than there are, which its order tells exactly.

    With N - 1 cells a derivative of order p is (1 - 1/N)^p of what it should be: p times as much as 1/N, on every grid.
    """
    seen = []
    for one, two in known:
        for term, fine, coarse, share in zip(one.terms, one.values, two.values, one.shares, strict=True):
            if term.due and term.order and share > FAINT:
                seen.append(_first_order(fine - 1.0, coarse - 1.0) * points / term.order)
    return next((cells for cells in (-1, 1) if seen and all(abs(d - cells) < CELL for d in seen)), 0)


def _first_order(fine: float, coarse: float) -> float:
    """The part a/N of a deviation a/N + b/N^2 that is known on a grid and on half of it; 0 where it does not fall like that."""
    falls = fine * coarse > 0.0 and 1.7 * abs(fine) < abs(coarse) < 4.2 * abs(fine)
    return (4.0 * fine - coarse) / 2.0 if falls else 0.0


def _order(known: Pairs) -> float | None:
    """Of the scheme in space, from what it errs by on both grids; 0 where the grid plays no role."""
    one, two = (sum(_errs(pair[k]) for pair in known) for k in (0, 1))
    if not one > 3e-4 or not two:
        return None
    return max(0.0, math.log2(two / one))


def _errs(found: Strengths) -> float:
    off = [abs(v - t.due) * s for t, v, s in zip(found.terms, found.values, found.shares, strict=True)]
    return math.hypot(found.misfit, max(off, default=0.0))


def steps_in_time(
    signature: Signature, case: Case, outputs: Outputs, samples: Sequence[int], call: Call
) -> dict[str, Any] | None:
    """What the answer at the same times changes by when the output intervals are divided; None where that is not known.

    share: the change in units of the error at these times. left: the error that remains, in the same. divided: into how many
    parts. limit: whether shorter steps take much of the error away. worse: whether they add to it instead. first: whether they
    take away as much as with steps of first order. intervals: how many were divided.
    """
    told = None
    for parts in DIVISIONS:
        inputs, kept = _divided(signature, case, samples, parts)
        error, change, left = _distances(call(inputs), outputs, case.reference, samples, kept)
        if not error:
            return told
        found = {
            "share": change / error,
            "left": left / error,
            "divided": parts,
            "intervals": kept,
            "limit": left < (1.0 - STEPS) * error,
            "worse": left > (1.0 + STEPS) * error,
            "first": parts == DIVISIONS[0] and abs(left / error - 1.0 / parts) < FIRST,
        }
        if found["limit"]:
            return found
        told = told if told and told["worse"] else found
    return told


def _divided(signature: Signature, case: Case, samples: Sequence[int], parts: int) -> tuple[Inputs, int]:
    """Inputs with the first output intervals divided, of these samples; how many intervals there are."""
    name = next(a.name for a in signature.arguments if a.role == "times")
    times = np.asarray(case.inputs[name])
    kept = max(1, (len(times) - 1) // parts)
    fine = np.interp(np.arange(kept * parts + 1) / parts, np.arange(len(times)), times)
    inputs: Inputs = {}
    for argument in signature.arguments:
        value = case.inputs[argument.name]
        inputs[argument.name] = np.asarray(value)[list(samples)] if argument.axes[:1] == ("batch",) else value
    return {**inputs, name: fine}, kept


def _distances(
    fine: Outputs | None, outputs: Outputs, reference: Outputs, samples: Sequence[int], kept: int
) -> tuple[float, float, float]:
    """At the common times: of the answer from the reference, of that with divided intervals from the answer, and of it from the reference."""
    if fine is None:
        return 0.0, 0.0, 0.0
    error = change = left = 0.0
    for name, values in reference.items():
        parts = (fine[name].shape[1] - 1) // kept
        own, true = outputs[name][list(samples), : kept + 1], values[list(samples), : kept + 1]
        error += float(np.sum((own - true) ** 2))
        change += float(np.sum((own - fine[name][:, ::parts]) ** 2))
        left += float(np.sum((fine[name][:, ::parts] - true) ** 2))
    return math.sqrt(error), math.sqrt(change), math.sqrt(left)
