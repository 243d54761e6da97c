"""What changes in smooth fields that no strength of the equation's terms explains, the same on every grid: what else would.

A term that is not in the equation stands beside its terms in the fit of `strengths.py`, one at a time; a number of the equation is given other
values until the balance holds. What is found is told only where it explains nearly all that was left, on both grids alike.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.expressions import Expression, derivative
from fieldsmith.evaluation.probes.strengths import SIMPSON, Fields, Strengths, Term, Terms, text_of, weights_of

STAYS = (0.75, 1.33)
"""Between these a misfit on half as many points is, in units of that on the scored grid, where the grid plays no role."""
LEFT = 1e-3
"""Part of the change that is left over by the terms, from which on it is asked what else explains it."""
UNKNOWN = 0.02
"""Part from which on it is told though nothing explains it."""
GAIN = 0.1
"""Part of that which may be left by what is taken for the explanation."""
ALIKE = 0.1
"""How far its factors on both grids may differ."""
DAMPS = {"{}": "damping", "|k|*{}": "filter"}
"""How terms act that are linear in what they change: on waves of all lengths alike, or the more the shorter they are."""
ROUNDS = 6
"""Steps of the secant method for a number."""


@dataclass(frozen=True)
class View:
    """A program's frames of one probe, [samples, *points] each, at equal intervals."""

    terms: Terms
    frames: Sequence[Fields]
    interval: float


def stays(one: Strengths, two: Strengths) -> bool:
    """Whether something is left over that grids do not change."""
    return one.misfit > LEFT and STAYS[0] * one.misfit < two.misfit < STAYS[1] * one.misfit


def explained(
    views: tuple[View, View], first: Sequence[Strengths | None], second: Sequence[Strengths | None]
) -> tuple[list[Strengths | None], list[Strengths | None], list[dict[str, Any]]]:
    """The strengths on both grids, with a foreign term beside them where one explains what they leave over, and what else was found.

    A balance that a number explains has no strengths; one that nothing explains is told, and keeps them.
    """
    fine, coarse, told = list(first), list(second), []
    for n, (one, two) in enumerate(zip(first, second, strict=True)):
        if one is None or two is None or one.terms != two.terms or not stays(one, two):
            continue
        if (found := with_foreign(n, views, (one, two))) is not None:
            fine[n], coarse[n] = found
        elif (other := number(n, views, (one.misfit, two.misfit))) is not None:
            fine[n] = coarse[n] = None
            told.append(other)
        elif one.misfit > UNKNOWN:
            balance = text_of(views[0].terms.analysis.quantities[n])
            told.append(_finding(balance, "unknown", one.misfit, 0.0))
    return fine, coarse, told


def _finding(term: str, kind: str, factor: float, due: float) -> dict[str, Any]:
    """As `verdicts.py` tells of a term."""
    return {"term": term, "kind": kind, "acts": "", "factor": factor, "coarse": None, "due": due, "near": "", "alone": False, "delicate": True}  # fmt: skip


def with_foreign(
    balance: int, views: tuple[View, View], found: tuple[Strengths, Strengths]
) -> tuple[Strengths, Strengths] | None:
    """Strengths on both grids with the term beside them that explains what they leave over; None where none does."""
    fits = zip(_fits(balance, views[0], found[0]), _fits(balance, views[1], found[1]), strict=True)
    one, two = min(fits, key=lambda pair: pair[0].misfit)
    close = abs(one.values[-1] - two.values[-1]) < ALIKE * abs(one.values[-1])
    explained = one.misfit < GAIN * found[0].misfit and two.misfit < GAIN * found[1].misfit
    return (one, two) if close and explained else None


HIGHER = (3, 4)
"""Orders of derivatives that are taken for an explanation; the first and the second stand beside the terms anyway."""


def _forms(quantity: np.ndarray, terms: Terms) -> Iterator[tuple[str, np.ndarray]]:
    yield "{}", quantity
    yield "|k|*{}", terms.roughness(quantity)
    yield "{}**2", quantity**2
    yield "{}**3", quantity**3
    yield "1", np.ones_like(quantity)


def _fits(balance: int, view: View, found: Strengths) -> list[Strengths]:
    quantity = view.terms.analysis.quantities[balance]
    states = [view.terms.values(quantity, fields) for fields in view.frames]
    weights = weights_of(states[4] - states[1], states[0])
    name = text_of(quantity)
    if not isinstance(quantity, sp.Symbol):
        name = f"({name})"
    by_frame = [dict(_forms(state, view.terms)) for state in states[1:]]
    fits = []
    for form in by_frame[0]:
        integral = view.interval * np.tensordot(SIMPSON, np.stack([forms[form] for forms in by_frame]), axes=1)
        term = Term(form.format(name), sp.Symbol(form), 0, "", 0.0)
        fits.append(_beside(found, term, (weights * integral).ravel()))
    for term in _higher(quantity, view.terms, found):
        values = [view.terms.values(term.expression, fields) for fields in view.frames[1:]]
        integral = view.interval * np.tensordot(SIMPSON, np.stack(values), axes=1)
        fits.append(_beside(found, term, (weights * integral).ravel()))
    return fits


def _higher(quantity: Expression, terms: Terms, found: Strengths) -> Iterator[Term]:
    """Derivatives along each axis that the equation does not have."""
    present = {term.text for term in found.terms}
    for order in HIGHER:
        for axis in terms.analysis.coordinates:
            expression = derivative(quantity, *[axis] * order)
            if (text := text_of(expression)) not in present:
                yield Term(text, expression, order, "", 0.0)


def _beside(found: Strengths, term: Term, column: np.ndarray) -> Strengths:
    columns = np.column_stack([found.columns, column])
    sizes = np.linalg.norm(columns, axis=0)
    values = np.linalg.lstsq(columns / sizes, found.change, rcond=1e-9)[0] / sizes
    size = float(np.linalg.norm(found.change)) or 1.0
    misfit = float(np.linalg.norm(found.change - columns @ values)) / size
    return replace(
        found,
        terms=(*found.terms, term),
        values=tuple(map(float, values)),
        shares=(*found.shares, float(sizes[-1]) / size),
        misfit=misfit,
        columns=columns,
    )


def number(balance: int, views: tuple[View, View], least: tuple[float, float]) -> dict[str, Any] | None:
    """A number of the equation with which the balance holds on both grids as it stands, though not with its own value.

    `least` are the misfits on both grids that are to be explained.
    """
    analysis = views[0].terms.analysis
    sides = sp.Tuple(analysis.quantities[balance], analysis.right_hand_sides[balance])
    for symbol, own in analysis.numbers.items():
        if symbol not in sides.free_symbols:
            continue
        name, value = names.original(str(symbol)), float(own)
        terms = Terms(analysis, symbol)
        found, left = _solved(
            lambda p, t=terms, s=symbol: _residual(balance, views[0], t, {str(s): np.asarray(p)}), value
        )
        other = _size(_residual(balance, views[1], terms, {str(symbol): np.asarray(found)}))
        if abs(found / value - 1.0) > LEFT and left < GAIN * least[0] and other < GAIN * least[1]:
            return _finding(name, "number", found, value)
    return None


def _residual(balance: int, view: View, terms: Terms, number: Fields) -> np.ndarray:
    """Of the balance with another value of a number, each sample in units of its change."""
    frames = [{**fields, **number} for fields in view.frames]
    states = [terms.values(terms.analysis.quantities[balance], fields) for fields in frames]
    rates = np.stack([terms.rate(balance, fields) for fields in frames[1:]])
    change = states[4] - states[1]
    rest = change - view.interval * np.tensordot(SIMPSON, rates, axes=1)
    return (weights_of(change, states[0]) * rest).ravel() / np.sqrt(change.size)


def _size(values: np.ndarray) -> float:
    return float(np.linalg.norm(values)) if np.isfinite(values).all() else float("inf")


def _solved(residual: Callable[[float], np.ndarray], value: float) -> tuple[float, float]:
    """The value with the smallest residual, by least squares along secants, and that."""
    last, at = value, value * 0.99
    before = residual(last)
    for _ in range(ROUNDS):
        here = residual(at)
        slope = (here - before) / (at - last)
        steepness = float(slope @ slope)
        if not np.isfinite(steepness) or steepness == 0.0:
            break
        last, before, at = at, here, at - float(slope @ here) / steepness
        if not 0.1 < at / value < 10.0 or abs(at - last) < 1e-9 * abs(value):
            break
    return last, _size(before)
