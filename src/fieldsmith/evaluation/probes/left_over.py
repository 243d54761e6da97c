"""What an answer to a problem of one's own leaves over in its equations and conditions, and which single term or number would explain it.

If a program solves an equation in which one term T acts with f times its strength, its answer leaves r = (1 - f) T over. So every term is fitted to what is left
over by least squares. What differences of sixth and of fourth order say otherwise is taken for the part that cannot be told from here: fronts, noise, coarse points.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.boxes.form import Form
from fieldsmith.tasks.own.estimate import ORDER, Answer, size

Arrays = Mapping[str, np.ndarray]
Expression = Any
"""Of SymPy, which has no types."""
LOWER = 4
"""Order of the differences that it is compared with."""
FEWEST, RIM = 12, 2
"""Points of an axis with ends from which on this many at each end are left out: differences are one-sided there."""
SURE = 0.25
"""What may be uncertain, in units of what is left over."""
HOLDS, MISSED = 0.01, 0.03
"""Shares left over: of an equation below the first it holds, of a condition from the second on it is missed."""
AT_SIDES, MUCH = 0.1, 0.2
"""Shares from which on a condition, or an equation, is wrong even where no term explains it."""
UNEXPLAINED = 0.25
"""What one term must explain but for."""
PLAIN = 0.12
"""How near a factor must come to -1 or 0 to be told as a sign or a term that is missing."""
CLEARLY = 2.0
"""How much less it must leave unexplained than the next term."""
SLIGHT = 0.02
MOST_OPERATIONS, MOST_TERMS = 150, 24
"""Of an equation whose products are taken apart."""


@dataclass(frozen=True)
class Idea:
    """A part of a residual that may act with another strength: a term, or all that a parameter is a factor of."""

    text: str
    part: Expression
    parameter: str = ""
    value: float = 0.0


def equations(form: Form, inputs: Mapping[str, Any], outputs: Arrays, sample: int) -> list[dict[str, Any]]:
    """What each equation leaves over, of an answer at groups of close times (or of a steady one)."""
    fine, rough = (Answer(form, inputs, outputs, sample, order=order) for order in (ORDER, LOWER))
    inside = (slice(None), *(_inside(form, axis, len(np.asarray(inputs[axis]))) for axis in form.space))
    return [
        {
            "number": n,
            "text": law.text,
            **_left(form, law.residual, fine, inside, _apart(law.residual, fine, rough, inside)),
        }
        for n, law in enumerate(form.system.laws, 1)
    ]


def conditions(
    form: Form, inputs: Mapping[str, Any], outputs: Arrays, reference: Arrays, sample: int, grouped: bool
) -> list[dict[str, Any]]:
    """What each condition leaves over, of the scored answer; what it leaves over of the reference cannot be told. `value`: no derivative is in it."""
    fine, rough = (Answer(form, inputs, outputs, sample, frames=not grouped, order=order) for order in (ORDER, LOWER))
    trusted = Answer(form, inputs, reference, sample, frames=not grouped) if reference else None
    found = []
    for one in form.system.conditions:
        if one.kind == "open" or (not grouped and _rates(form, one.residual)):
            continue
        where = fine.at(one)
        unsure = _apart(one.residual, fine, rough, where)
        if trusted is not None:
            unsure = max(unsure, size(trusted.values([one.residual], where)[0]))
        place = f"{one.axis} = {form.system.axis(one.axis).end(one.side):g}"
        left = _left(form, one.residual, fine, where, unsure)
        value = not any(_derived(form, jet) for jet in one.residual.free_symbols)
        like = left["cause"] is not None and left["cause"]["how"] in ("strength", "number")
        if like and left["share"] < AT_SIDES and not value:
            left["cause"] = None  # a treatment of low order looks like that
        found.append({"place": place, "text": one.text, "value": value, **left})
    return found


def _inside(form: Form, axis: str, points: int) -> slice:
    if axis in form.system.periodic:
        return slice(None)
    rim = RIM if points >= FEWEST else 1
    return slice(rim, -rim)


def _rates(form: Form, residual: Expression) -> bool:
    meanings = form.system.jets.meanings
    return form.timed and any(meanings[jet][1][0] for jet in residual.free_symbols & meanings.keys())


def _derived(form: Form, term: Expression) -> bool:
    """Whether a derivative of an unknown is in it."""
    meanings = form.system.jets.meanings
    return any(any(meanings[jet][1]) for jet in term.free_symbols & meanings.keys())


def _apart(residual: Expression, fine: Answer, rough: Answer, where: Sequence[slice]) -> float:
    """What differences of two orders make of the same."""
    return size(fine.values([residual], where)[0] - rough.values([residual], where)[0])


def _left(form: Form, residual: Expression, answer: Answer, where: Sequence[slice], unsure: float) -> dict[str, Any]:
    """share: of the terms' size. sure: whether it is more than what cannot be told. cause: what explains it, if anything does."""
    terms = answer.values(sp.Add.make_args(residual), where)
    over = np.sum(terms, axis=0)
    scale = max(size(np.sum([np.abs(term) for term in terms], axis=0)), answer.least(residual)) or 1.0
    share, sure = size(over) / scale, bool(unsure < SURE * size(over))
    if not np.isfinite(share):
        return {"share": 0.0, "sure": False, "cause": None}
    told = share > HOLDS and sure
    return {"share": share, "sure": sure, "cause": _cause(form, residual, answer, where, over) if told else None}


def _cause(
    form: Form, residual: Expression, answer: Answer, where: Sequence[slice], over: np.ndarray
) -> dict[str, Any] | None:
    """The idea that explains what is left over: its text, the factor with which it acts, how: sign, missing, strength or number; `or`: others that do as well.

    Where terms are nearly proportional to each other, as in a single wave, the data does not tell which it is.
    """
    ideas = list(_ideas(form, residual, answer))
    fits: list[tuple[float, float, Idea]] = []
    for idea, values in zip(ideas, answer.values([idea.part for idea in ideas], where), strict=True):
        squares = float(np.sum(np.abs(values) ** 2))
        if squares:
            share = float(np.real(np.vdot(values, over))) / squares
            fits.append((size(over - share * values) / size(over), 1.0 - share, idea))
    fits.sort(key=lambda fit: fit[0])
    near = [fit for fit in fits if fit[0] < UNEXPLAINED and fit[0] <= CLEARLY * fits[0][0] + SLIGHT]
    plain = [fit for fit in near if min(abs(fit[1]), abs(fit[1] + 1.0)) < PLAIN and not fit[2].parameter]
    ways = plain or [fit for fit in near if not _changes(form, fit[2])] or near
    if not ways:
        return None
    _, factor, idea = next((fit for fit in ways if fit[2].parameter and len(ways) > 1), ways[0])
    how = "number" if idea.parameter else "missing" if abs(factor) < PLAIN else "sign" if factor < 0.0 else "strength"
    others = [] if plain or idea.parameter else [fit[2].text for fit in ways[1:3]]
    told = {"term": idea.text, "factor": factor, "how": how, "due": idea.value, "seems": factor * idea.value}
    return {**told, "or": others}


def _changes(form: Form, idea: Idea) -> bool:
    """Whether it is a change in time, which acts with f times its strength where all else does with 1/f."""
    return _rates(form, idea.part)


def _ideas(form: Form, residual: Expression, answer: Answer) -> Iterator[Idea]:
    """Terms as they are written, terms of the products taken apart, and what each parameter is a factor of."""
    written = sp.Add.make_args(residual)
    single = residual.count_ops() <= MOST_OPERATIONS
    expanded = sp.Add.make_args(sp.expand(residual)) if single else ()
    seen: set[Expression] = set()
    for term in (*written, *(expanded if len(expanded) <= MOST_TERMS else ())):
        if term not in seen and len(written) + len(expanded) > 2:
            seen.add(term)
            yield Idea(_written(form, term), term)
    for one in form.system.parameters if single else ():
        symbol = form.system.symbols[one.name]
        part = sp.expand(symbol * sp.diff(residual, symbol))
        value = float(answer.inputs[one.name]) if one in form.ranged else one.value
        if part != 0 and sp.diff(residual, symbol, 2) == 0 and value and part not in seen:
            seen.add(part)
            yield Idea(one.name, part, one.name, value)
    plain = [term for term in expanded if not _derived(form, term)]
    if 1 < len(plain) < len(expanded) and (part := sp.Add(*plain)) not in seen:
        seen.add(part)
        yield Idea(_written(form, part), part)


def _written(form: Form, term: Expression) -> str:
    """A term in the words of a problem file, without the sign that it has on its side."""
    coordinates = form.system.coordinates
    names = {}
    for jet in term.free_symbols & form.system.jets.meanings.keys():
        field, orders = form.system.jets.meanings[jet]
        marks = "".join(axis * n for axis, n in zip(coordinates, orders, strict=True))
        names[jet] = sp.Symbol(f"{field}_{marks}" if marks else field)
    plain = (-term if term.could_extract_minus_sign() else term).xreplace(names)
    return sp.sstr(plain, full_prec=False)
