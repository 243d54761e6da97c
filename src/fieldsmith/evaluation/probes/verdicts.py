"""What strengths on two grids say of a program: which terms are wrong, and whether the rest is the scheme's.

A factor that both grids agree on is a matter of the program's formulas; a deviation that falls with the spacing is the scheme's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldsmith.equations.expressions import D
from fieldsmith.evaluation.probes.foreign import ALIKE, DAMPS, stays
from fieldsmith.evaluation.probes.strengths import Strengths, Term

OFF = 0.1
"""A term's strength is wrong from this deviation on, whatever the grids."""
LEAST, CLEAR, LASTING = 3e-3, 10.0, 3.0
"""Part of the change that a deviation must make up where both grids agree on it; how many times as much as what the terms leave
over it must be, and how many times where what they leave over is the same on both grids.
"""
BESIDES = 0.01
"""The same part for a derivative that the equation does not have: steps of a length of their own bring a little of it on all grids."""
BOUNDS = (1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Within which terms are said to be right."""
NO_EFFECT = 0.03
FAINT = 0.02
"""Terms that make up a smaller part of the change are not judged."""
UNEXPLAINED = 0.2
"""Part of the change that no terms explain, beyond which nothing is said of them."""
SAME, APART = 0.02, 0.03
"""Strengths that differ by no more are one factor of all terms, which is wrong from the second on."""
GROWS = 0.8
"""Deviation on half as many points, in units of that on the scored grid, below which both do not agree on it."""
RUSH = 2.0
"""How many times too much must change, or too little, where the terms explain nothing."""
CELL = 0.15
"""How near a deviation must come to that of one cell too few, in cells."""
SAID = {
    math.pi: "pi", 1 / math.pi: "1/pi", 2 * math.pi: "2 pi", 1 / (2 * math.pi): "1/(2 pi)", 4 * math.pi**2: "4 pi^2",
    math.pi**2: "pi^2", 2.0: "2", 0.5: "1/2", 3.0: "3", 1 / 3: "1/3", 4.0: "4", 0.25: "1/4",
}  # fmt: skip
"""Factors that slip in or get lost."""


Pairs = Sequence[tuple[Strengths, Strengths]]
"""Of each balance, on the scored grid and on one of half the points."""


def verdicts(first: Sequence[Strengths | None], second: Sequence[Strengths | None], points: int) -> dict[str, Any]:
    """Of the balances' strengths on the scored grid, with that many points along its longest axis, and on half of it.

    Where terms explain nothing but much more changes than should, or much less, that is `everything`, and `unfitted`.
    """
    known: list[tuple[Strengths, Strengths]] = []
    for one, two in zip(first, second, strict=True):
        if one is not None and two is not None and one.terms == two.terms:
            known.append((one, two))
    if not known:
        return {}
    if any(one.misfit > UNEXPLAINED for one, _ in known):
        paces = [one.pace for one, _ in known]
        rushes = min(paces) > RUSH or max(paces) < 1.0 / RUSH
        return {"everything": math.exp(float(np.mean(np.log(paces)))), "unfitted": True} if rushes else {}
    cells = _cells(known, points)
    if cells:
        return {"cells": cells}
    return _of_terms(known, len(known) == len(first))


def _of_terms(known: Pairs, whole: bool) -> dict[str, Any]:
    """Of balances that their terms explain; `whole` says that these are all."""
    wrong, judged = [], []
    for one, two in known:
        faint = FAINT / max(1.0, one.pace)  # of what the equation makes, where the program goes faster
        strong = [_judged(one, two, k) for k in range(len(one.terms)) if one.shares[k] > faint or not one.terms[k].due]
        own = [finding for finding in strong if finding.term.due]
        judged += own
        brought = [_told(f) for f in strong if not f.term.due and abs(f.value) > f.doubt]
        wrong += _in_place(_wrong(own), brought)
    mean = _common(judged)
    same = mean is not None
    sound = not wrong and not same and whole and len(judged) > 0
    smears = [told for one, two in known for told in _smears(one, two)] if sound else []
    return {
        "terms": [] if same else wrong,
        "everything": mean,
        "sound": sound,
        "within": _within(known, judged) if sound else None,
        "order": _order(known) if sound and not smears else None,
        "smears": smears,
    }


def _in_place(wrong: list[dict[str, Any]], brought: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With a further term of what happens in place, those that are wrong there are its counterparts: one formula is another one."""
    further = next((told for told in brought if told["acts"] == "reaction"), None)
    own = [told for told in wrong if told["acts"] == "reaction"]
    if further is None or not own:
        return [*wrong, *brought]
    others = [told for told in (*wrong, *brought) if told["acts"] != "reaction"]
    return [*others, {**further, "kind": "place", "in_equation": [told["term"] for told in own]}]


@dataclass(frozen=True)
class Finding:
    """A term's strength, and how far it must be from the one that is due to be told; `usual` where grids are all that is known.

    `fine` and `coarse` are what was measured on the scored grid and on half as many points.
    """

    term: Term
    value: float
    doubt: float
    usual: float
    fine: float
    coarse: float

    @property
    def elsewhere(self) -> float | None:
        """The strength on half as many points, where both grids do not agree on one and the scheme is not why."""
        apart = abs(self.coarse - self.term.due) < GROWS * abs(self.fine - self.term.due)
        return float(self.coarse) if apart else None


def _judged(one: Strengths, two: Strengths, k: int) -> Finding:
    term, share, misfit = one.terms[k], max(one.shares[k], 1e-12), one.misfit
    off, other = one.values[k] - term.due, two.values[k] - term.due
    measured = one.values[k], two.values[k]
    value = _limit(*measured, term)
    sharp = max(LEAST, CLEAR * misfit) / share if abs(off - other) < ALIKE * abs(off) else math.inf
    if not term.due:
        usual = (2 * OFF + 2 * misfit) / share
        doubt = min(max(sharp, BESIDES / share), usual) if term.expression.has(D) else sharp
        return Finding(term, value, doubt, usual, *measured)
    usual = LASTING * misfit / share if stays(one, two) else OFF + misfit
    return Finding(term, value, min(sharp, usual), usual, *measured)


def _common(judged: Sequence[Finding]) -> float | None:
    """The wrong factor that all terms have, if they do: no scheme makes them alike, so what was measured counts, and no limit."""
    if len(judged) < 2:
        return None
    fine, coarse = [f.fine for f in judged], [f.coarse for f in judged]
    mean, spread = float(np.mean(fine)), max(fine) - min(fine)
    sure = all(abs(finding.value - 1.0) > finding.doubt for finding in judged)
    alike = spread < SAME * abs(mean) and max(coarse) - min(coarse) < LASTING * SAME * abs(float(np.mean(coarse)))
    return mean if (alike and abs(mean - 1.0) > APART) or (sure and spread < ALIKE * abs(mean - 1.0)) else None


def _smears(one: Strengths, two: Strengths) -> list[dict[str, Any]]:
    """Diffusion that goes with the spacing, where it is much of what the equation's own is, or of the change: a scheme's."""
    told = []
    for term, fine, coarse, share in zip(one.terms, one.values, two.values, one.shares, strict=True):
        least = OFF + one.misfit if term.due else 2 * (OFF + one.misfit) / max(share, 1e-12)
        if term.order == 2 and share > FAINT and coarse > fine > term.due + least:
            text = term.written if term.due and not term.text else term.text
            power = math.log2((coarse - term.due) / (fine - term.due))
            told.append({"term": text, "due": term.due, "fine": fine, "coarse": coarse, "power": power})
    return told


def _within(known: Pairs, judged: Sequence[Finding]) -> float:
    """How well the terms are known to be right, as a round number."""
    off = max([abs(f.value - 1.0) for f in judged] + [one.misfit for one, _ in known])
    return next((bound for bound in BOUNDS if off < bound), max(BOUNDS))


def _limit(fine: float, coarse: float, term: Term) -> float:
    """The strength on ever finer grids, were its deviation to fall in proportion to the spacing; as it is where it does not fall.

    What falls faster, or changes its sign without falling, falls to nothing: a limit is never beyond what was measured on the
    finer grid, nor beyond what is due, so that no sign is told that no grid showed. A drift that no term asks for is none of
    a scheme: one of a cell an output interval falls too.
    """
    one, two = fine - term.due, coarse - term.due
    if term.order == 1 and not term.due:
        return fine
    if abs(two) <= abs(one) and (one * two > 0.0 or abs(two) < GROWS * abs(one)):
        return fine
    return 2.0 * fine - coarse if one * two > 0.0 and abs(two) < 2.0 * abs(one) else term.due


def _wrong(own: Sequence[Finding]) -> list[dict[str, Any]]:
    """Terms of a balance with a wrong strength; those of one written term that agree are told as it."""
    told = []
    for written in dict.fromkeys(finding.term.written for finding in own):
        parts = [finding for finding in own if finding.term.written == written]
        values = [part.value for part in parts]
        if max(values) - min(values) < OFF / 2 and len(parts) > 1:
            order = max(part.term.order for part in parts)
            merged = Term(written, parts[0].term.expression, order, written)
            doubt, usual = max(part.doubt for part in parts), max(part.usual for part in parts)
            value, fine, coarse = map(float, np.mean([(part.value, part.fine, part.coarse) for part in parts], axis=0))
            parts = [Finding(merged, value, doubt, usual, fine, coarse)]
        told += [_told(part) for part in parts if abs(part.value - 1.0) > part.doubt]
    return told


def _told(finding: Finding) -> dict[str, Any]:
    term, value = finding.term, finding.value
    size = abs(value)
    near = next((text for factor, text in SAID.items() if abs(size / factor - 1.0) < 0.015), "")
    kind = "brought" if not term.due else "missing" if size < NO_EFFECT else "sign" if value < 0.0 else "strength"
    acts = {0: "reaction", 1: "transport"}.get(term.order, "odd" if term.order % 2 else "decay")
    if not term.due:
        acts = DAMPS.get(str(term.expression), acts)
    return {
        "term": term.written if term.due and not term.text else term.text,
        "kind": kind,
        "acts": acts,
        "factor": float(value),
        "coarse": finding.elsewhere,
        "near": near,
        "alone": abs(size - 1.0) < OFF,
        "due": term.due,
        "delicate": abs(value - term.due) <= finding.usual,
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
