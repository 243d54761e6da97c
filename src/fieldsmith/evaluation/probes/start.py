"""What a program makes of the scored initial data before its first step: its answer after next to no time."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fieldsmith.evaluation.probes.doubts import Call
from fieldsmith.evaluation.probes.smooth import of_samples
from fieldsmith.tasks.task import Case, Signature

Arrays = Mapping[str, np.ndarray]

MOMENT, FRAMES = 1e-9, 3
"""Output times after the start, in units of the first interval: so soon that no equation on a grid changes anything; how many there are."""
MUCH, LEAST = 0.25, 3e-3
"""Departure from the initial data, in units of the largest error of any frame and in units of the data, from which on it is told: a
scheme that leaves out the shortest waves of kinked data departs by less.
"""
MOST = 100.0
"""Departure in units of the largest error, beyond which next to nothing of it is left at the scored times: the error comes of something else."""
ALIKE = 0.02
"""Part of the departure that one number a sample may leave over."""
RANGE = 0.02
"""Change of the largest or smallest value, in units of the largest there is, that is told."""


def at_once(signature: Signature, case: Case, outputs: Arrays, samples: Sequence[int], call: Call) -> list[Any] | None:
    """Fields that have left their initial state before any time has passed, of these samples; None where that is not known.

    share: how far, in units of their size. cells: along which axes by how many cells, where that is a move of the whole field along periodic
    axes. how: shifted or scaled, where each sample is so by one number; else largest, smallest: these
    values of the initial data and of what it has become, where they changed.
    """
    name = next(a.name for a in signature.arguments if a.role == "times")
    times = np.asarray(case.inputs[name])
    soon = times[0] + MOMENT * (times[1] - times[0]) * np.arange(FRAMES)
    answer = call({**of_samples(signature, case, samples), name: soon})
    if answer is None:
        return None
    found = []
    for result in signature.results:
        true = case.reference[result.name][list(samples)]
        left, start = answer[result.name][:, 1], true[:, 0]
        departure = _norm(left - start)
        worst = max(_norm(outputs[result.name][list(samples), n] - true[:, n]) for n in range(1, true.shape[1]))
        share = departure / (_norm(start) or 1.0)
        if MUCH * worst < departure < MOST * worst and share > LEAST:
            cells = [[axis, by] for axis, by in zip(result.axes[2:], _cells(start, left), strict=True) if by]
            told = {"how": _how(start, left), **_ranges(start, left)}
            found.append({"field": result.name, "share": share, "cells": cells, **told})
    return found


def _cells(start: np.ndarray, left: np.ndarray) -> tuple[int, ...]:
    """By how many cells along each periodic axis all samples [batch, *points] are moved, where nothing else is done to them; else zeros."""
    space = tuple(range(1, start.ndim))
    spectra = [np.fft.fftn(array - array.mean(axis=space, keepdims=True), axes=space) for array in (start, left)]
    likeness = np.fft.ifftn(np.conj(spectra[0]) * spectra[1], axes=space).real.sum(axis=0)
    moved = [int(by) for by in np.unravel_index(np.argmax(likeness), likeness.shape)]
    if _norm(left - np.roll(start, moved, axis=space)) > ALIKE * _norm(left - start):
        return (0,) * len(space)
    return tuple(by - n if by > n // 2 else by for by, n in zip(moved, start.shape[1:], strict=True))


def _how(start: np.ndarray, left: np.ndarray) -> str:
    """In which way every sample departs, where one number of its own says it: shifted, scaled, or neither."""
    space = tuple(range(1, start.ndim))
    departure = left - start
    if _norm(departure - departure.mean(axis=space, keepdims=True)) < ALIKE * _norm(departure):
        return "shifted"
    squares = np.sum(start**2, axis=space, keepdims=True)
    factor = np.sum(start * left, axis=space, keepdims=True) / np.where(squares > 0.0, squares, 1.0)
    return "scaled" if _norm(left - factor * start) < ALIKE * _norm(departure) else ""


def _ranges(start: np.ndarray, left: np.ndarray) -> dict[str, list[float] | None]:
    size = RANGE * float(np.max(np.abs(start)))
    both = {"largest": (start.max(), left.max()), "smallest": (start.min(), left.min())}
    return {
        name: [float(before), float(after)] if abs(before - after) > size else None
        for name, (before, after) in both.items()
    }


def _norm(array: np.ndarray) -> float:
    return math.sqrt(float(np.sum(array**2)))
