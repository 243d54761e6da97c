"""What a program does with inputs of the judge's own making: which physics it solves, told without any reference.

Smooth fields, followed for a moment on the scored grid and on one of half the points, tell how strongly each term of the
equation acts (`strengths.py`). A factor that both grids agree on is a matter of the program's formulas; a deviation that
falls with the spacing is the scheme's (`verdicts.py`), and one that falls with the interval of the steps in time.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fieldsmith.evaluation.probes.behaviour import repeated
from fieldsmith.evaluation.probes.common import told_once
from fieldsmith.evaluation.probes.doubts import Call
from fieldsmith.evaluation.probes.foreign import View, explained
from fieldsmith.evaluation.probes.moved import answered
from fieldsmith.evaluation.probes.smooth import Probe, Smooth
from fieldsmith.evaluation.probes.strengths import FRAMES, Strengths
from fieldsmith.evaluation.probes.verdicts import UNEXPLAINED, verdicts

Outputs = Mapping[str, np.ndarray]
STEPS, SAME = 4, 0.2
"""Into how many parts intervals are divided, and by how much a deviation may change then that is not the steps'."""
DISPLACED = 0.05
"""Cells that a solution must be displaced by to be told."""


def physics(smooth: Smooth, call: Call) -> dict[str, Any]:
    """What the program makes of smooth fields, as facts.

    terms: those with a wrong strength. everything: the strength that all of them have, where it is the same wrong one.
    sound: whether all were seen to be right. still: whether fields stay what they are. cells: -1 for a spacing of N - 1
    cells. displaced: by how many cells the solution lies beside its start. moved: why moved data is answered otherwise (`moved.py`).
    interval: between the output times that were asked for. copied: frames that are the one before over again, of which the strengths of terms would be taken wrongly.
    within: how well they were. order: how what it errs by falls with the spacing; none where it does not. smears: diffusion of
    the scheme's own that outweighs much, on both grids, and the power of the spacing that it falls with.
    """
    found: dict[str, Any] = {"terms": [], "everything": None, "sound": False, "within": None, "still": False, "copied": [], "interval": None, "cells": 0, "displaced": [], "moved": "", "order": None, "smears": []}  # fmt: skip
    fine = smooth.probe()
    outputs = call(fine.inputs) if fine else None
    if fine is None or outputs is None:
        return found
    found["interval"] = fine.interval
    if copied := repeated(outputs):
        still = len(copied) == FRAMES - 1
        return {**found, "still": still, "copied": [] if still else copied}
    found["moved"] = answered(smooth, fine, outputs)
    first = _view(smooth, fine, outputs)
    found["displaced"] = _displaced(smooth, fine, outputs, _strengths(first))
    coarse = smooth.probe(2)
    coarser = call(coarse.inputs) if coarse else None
    if coarse is None or coarser is None:
        return found
    second = _view(smooth, coarse, coarser)
    told = _verdicts(first, second, max(smooth.points))
    if told.pop("unfitted", False) and _another(smooth, fine, told["everything"], call):
        told["everything"] = None
    if any(term["delicate"] for term in told.get("terms", ())):
        told = _confirmed(told, smooth, fine, second, call)
    told = _beside(found["moved"], told)
    return {**found, **told, "terms": told_once(told.get("terms", ()), smooth.terms)}


def _beside(moved: str, told: dict[str, Any]) -> dict[str, Any]:
    """What is told of terms, without what the ends, the place or an interpolation make as well."""
    kinds = ("unknown", "number", "brought", "place") if moved == "grid" else ("unknown", "number") if moved else ()
    terms = told.get("terms", [])
    kept = [term for term in terms if term["kind"] not in kinds]
    return {**told, "terms": kept} if kept or not (terms or moved in ("ends", "place")) else {}


def _view(smooth: Smooth, probe: Probe, outputs: Outputs) -> View:
    return View(smooth.terms, smooth.frames(probe, outputs), probe.interval)


def _strengths(view: View) -> list[Strengths | None]:
    with np.errstate(all="ignore"):
        return [view.terms.strengths(n, view.frames, view.interval) for n in range(len(view.terms.balances))]


def _verdicts(first: View, second: View, points: int) -> dict[str, Any]:
    """Of strengths, and of what else explains what they leave over."""
    one, two = _strengths(first), _strengths(second)
    one, two, others = explained((first, second), one, two)
    told = verdicts(one, two, points)
    wrong = [*told.get("terms", ()), *others]
    known = [term for term in wrong if term["kind"] != "unknown"]
    return {**told, "terms": known or wrong, "sound": told.get("sound", False) and not wrong}


def _confirmed(told: dict[str, Any], smooth: Smooth, fine: Probe, second: View, call: Call) -> dict[str, Any]:
    """The same, without what changes when the intervals are divided: that is the steps'."""
    times = smooth.times
    inputs = {**fine.inputs, times: _between(np.asarray(fine.inputs[times]), STEPS)}
    outputs = call(inputs)
    if outputs is None:  # there is no time left
        return told
    kept = {name: values[:, ::STEPS] for name, values in outputs.items()}
    again = _verdicts(_view(smooth, fine, kept), second, max(smooth.points))
    same = {(term["term"], term["kind"]): term["factor"] for term in again.get("terms", ())}
    sure = [term for term in told["terms"] if not term["delicate"] or _close(term, same)]
    return {**told, "terms": sure}


def _another(smooth: Smooth, fine: Probe, pace: float, call: Call) -> bool:
    """Whether another equation is solved, and not the own one at another pace, of which terms explain nothing over these intervals.

    Over intervals that are shorter by as much as `pace`, those explain what goes faster; steps of a length of their own make another pace of it.
    """
    parts = max(STEPS, pace)
    first = float(np.asarray(fine.inputs[smooth.times])[0])
    interval = fine.interval / parts
    times = first + interval * np.arange(FRAMES)
    shorter = replace(fine, interval=interval, inputs={**fine.inputs, smooth.times: times})
    outputs = call(shorter.inputs)
    if outputs is None or repeated(outputs):
        return False
    found = [one for one in _strengths(_view(smooth, shorter, outputs)) if one is not None]
    if not found or all(one.misfit <= UNEXPLAINED for one in found):
        return False
    here = math.exp(float(np.mean([math.log(one.pace) for one in found])))
    return abs(math.log(here / pace)) < math.log(STEPS) / 2


def _close(term: Mapping[str, Any], same: Mapping[tuple[str, str], float]) -> bool:
    """Whether a finding is there again, with much the same deviation."""
    factor, due = same.get((term["term"], term["kind"])), term["due"]
    return factor is not None and abs(factor - term["factor"]) < SAME * abs(term["factor"] - due)


def _between(times: np.ndarray, parts: int) -> np.ndarray:
    """The times with that many intervals in place of each."""
    last = len(times) - 1
    return np.interp(np.arange(last * parts + 1) / parts, np.arange(last + 1), times)


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
