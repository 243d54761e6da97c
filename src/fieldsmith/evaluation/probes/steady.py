"""Which steady equation a program solves: its own answer to smooth coefficients, put into the balance.

Away from the boundary 0 = forcing + sum over terms of c times the term holds for the program's u, every c being 1 where it solves the
equation; derivatives are central differences of second order. The forcing is what does not depend on the unknowns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.evaluation.probes.strengths import Terms, text_of
from fieldsmith.tasks.task import Brief, Case

SAMPLES = 2
WIDTH = 0.1
"""Width of what coefficients are smoothed with, in units of the domain."""
RIM = 0.1
"""Part of the points at each end that is left out."""
OFF, UNEXPLAINED = 0.1, 0.2
"""A deviation of a strength, and a part of the forcing that terms leave over, that are told, or forbid to tell."""
CELL, EXPLAINED = 0.2, 0.02
"""How near a factor must come to that of one cell more, in cells, and what may be left over of the forcing then."""
EDGE = 0.02
"""Departure from the prescribed values on the boundary, in units of the largest value, that is told."""

Inputs = dict[str, np.ndarray | float]


class Differences(Terms):
    """Terms by central differences on a box that is not periodic."""

    def slope(self, values: np.ndarray, axis: int) -> np.ndarray:
        place = axis - len(self.analysis.equation.axes)
        _, spacing = self.analysis.equation.axes[axis].grid(values.shape[place])
        return np.gradient(values, spacing, axis=place, edge_order=2)


def suited(brief: Brief) -> bool:
    """Whether the equation is steady, of one unknown, and all fields are [batch, *space]."""
    equation = brief.equation
    if equation is None or not equation.steady or len(equation.unknowns) != 1 or not equation.coefficients:
        return False
    space = ("batch", *(axis.name for axis in equation.axes))
    fields = [a.axes for a in brief.signature.arguments if a.role == "coefficient"]
    others = [a for a in brief.signature.arguments if a.role not in ("coefficient", "parameter")]
    return not others and all(axes == space for axes in (*fields, *(r.axes for r in brief.signature.results)))


def smoothed(brief: Brief, case: Case) -> Inputs:
    """The first samples' coefficients without what is thin."""
    from scipy.ndimage import gaussian_filter  # a tenth of a second that no other probe needs

    inputs: Inputs = {}
    for argument in brief.signature.arguments:
        value = case.inputs[argument.name]
        if argument.role == "coefficient":
            field = np.asarray(value)[:SAMPLES]
            value = gaussian_filter(field, [0.0, *(WIDTH * n for n in field.shape[1:])], mode="nearest")
        inputs[argument.name] = value
    return inputs


@dataclass(frozen=True)
class Fit:
    """What terms act with in an answer, in the order of their texts, and the part of the forcing that they leave over."""

    terms: tuple[str, ...]
    values: tuple[float, ...]
    rest: float


def fitted(brief: Brief, inputs: Inputs, answer: np.ndarray) -> Fit | None:
    """The strengths that the terms have in an answer to such inputs; None where they cannot be told.

    Raises Unsuited for terms that cannot be evaluated.
    """
    assert brief.equation is not None
    analysis = Analysis(brief.equation, brief.parameters)
    differences = Differences(analysis)
    fields = _fields(brief, analysis, inputs, answer)
    parts = sp.Add.make_args(analysis.right_hand_sides[0])
    own = [part for part in parts if part.has(*analysis.unknowns)]
    inner = (..., *(slice(round(RIM * n), n - round(RIM * n)) for n in answer.shape[1:]))
    forcing = sum((differences.values(p, fields) for p in parts if p not in own), np.zeros(answer.shape))[inner].ravel()
    columns = np.stack([differences.values(part, fields)[inner].ravel() for part in own], axis=1)
    if not np.isfinite(columns).all() or not np.linalg.norm(forcing):
        return None
    found, _, rank, _ = np.linalg.lstsq(columns, -forcing, rcond=1e-6)
    rest = np.linalg.norm(columns @ found + forcing) / np.linalg.norm(forcing)
    return None if rank < len(own) else Fit(tuple(map(text_of, own)), tuple(map(float, found)), float(rest))


def balanced(brief: Brief, inputs: Inputs, answer: np.ndarray) -> dict[str, Any] | None:
    """What the answer to such inputs satisfies.

    factor: by how much the whole solution is too large, where all terms agree. terms: strengths of those that do not. cells:
    1 or -1 where second derivatives act as with one cell more, or less. edges: whether prescribed boundary values are not held.
        turned: how the answer must be turned to satisfy the equation. unexplained: the part of the forcing that the terms leave over,
        where that is much. None where the strengths cannot be told. Raises Unsuited for terms that cannot be evaluated.
    """
    assert brief.equation is not None
    fit = fitted(brief, inputs, answer)
    if fit is None:
        return None
    edges = _leaves_edges(brief, answer)
    told: dict[str, Any] = {"factor": None, "terms": [], "cells": 0, "edges": edges, "turned": "", "unexplained": None}
    if fit.rest > UNEXPLAINED:
        return {
            **told,
            "turned": (turned := _turned(brief, inputs, answer)),
            "unexplained": None if turned else fit.rest,
        }
    mean = float(np.mean(fit.values))
    if max(fit.values) - min(fit.values) > OFF * abs(mean):
        strengths = [[term, value] for term, value in zip(fit.terms, fit.values, strict=True)]
        return {**told, "terms": [one for one in strengths if abs(one[1] - 1.0) > OFF]}
    factor = 1.0 / mean
    if abs(factor - 1.0) > OFF:
        return {**told, "factor": factor}
    intervals = max(answer.shape[1:]) - (brief.equation.axes[0].nodes == "endpoints")
    deviation = (1.0 / factor - 1.0) * intervals / 2.0
    return {**told, "cells": next((c for c in (-1, 1) if fit.rest < EXPLAINED and abs(deviation - c) < CELL), 0)}


def _turned(brief: Brief, inputs: Inputs, answer: np.ndarray) -> str:
    """Which turned answer satisfies the equation: exchanged axes, or one of them reversed; empty if none does."""
    assert brief.equation is not None
    names_of = [axis.name for axis in brief.equation.axes]
    ways = {f"{name} reversed": np.flip(answer, 1 + n) for n, name in enumerate(names_of)}
    for n, m in combinations(range(len(names_of)), 2):
        if answer.shape[1 + n] == answer.shape[1 + m]:
            ways[f"{names_of[n]} and {names_of[m]} exchanged"] = np.swapaxes(answer, 1 + n, 1 + m)
    fits = {way: fit for way, turned in ways.items() if (fit := fitted(brief, inputs, turned)) is not None}
    best = min(fits, key=lambda way: fits[way].rest, default="")
    return best if best and fits[best].rest < 0.5 * UNEXPLAINED else ""


def _leaves_edges(brief: Brief, answer: np.ndarray) -> bool:
    """Whether points on the boundary have other values than the numbers that are prescribed there."""
    assert brief.equation is not None
    for n, axis in enumerate(brief.equation.axes):
        for end, boundary in ((0, axis.lower), (-1, axis.upper)):
            if axis.nodes == "endpoints" and boundary.kind == "dirichlet" and boundary.value in ("0", "0.0"):
                edge = np.take(answer, end, axis=1 + n)
                if np.max(np.abs(edge)) > EDGE * np.max(np.abs(answer)):
                    return True
    return False


def _fields(
    brief: Brief, analysis: Analysis, inputs: Mapping[str, np.ndarray | float], answer: np.ndarray
) -> dict[str, np.ndarray]:
    fields = {str(analysis.unknowns[0]): answer}
    for argument in brief.signature.arguments:
        fields[names.symbol(argument.of)] = np.asarray(inputs[argument.name])
    for n, (axis, symbol) in enumerate(zip(analysis.equation.axes, analysis.coordinates, strict=True)):
        size = answer.shape[1 + n]
        low, h = axis.grid(size)
        fields[str(symbol)] = (low + h * np.arange(size)).reshape(-1, *[1] * (answer.ndim - n - 2))
    return fields
