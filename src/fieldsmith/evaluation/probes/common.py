"""Terms of several balances that one cause explains: they hold the same numbers, such as a viscosity, and are wrong alike."""

from collections.abc import Sequence
from typing import Any

from fieldsmith.evaluation.probes.strengths import Terms

CLOSE = 0.02
"""Strengths that differ by no more, in units of one of them, are those of one wrong factor."""


def told_once(findings: Sequence[dict[str, Any]], terms: Terms) -> list[dict[str, Any]]:
    """Findings as `verdicts.py` has them, of those that say the same only the first, with the texts of the others as `also`."""
    numbers = {
        term.written if term.due and not term.text else term.text: term.expression.free_symbols
        & terms.analysis.numbers.keys()
        for splits in terms.balances
        for split in splits
        for term in split
    }
    kept: list[dict[str, Any]] = []
    for finding in findings:
        own = numbers.get(finding["term"])
        same = next((one for one in kept if own and own == numbers.get(one["term"]) and _alike(one, finding)), None)
        if same is None:
            kept.append(dict(finding))
        else:
            same["also"] = [*same.get("also", ()), finding["term"]]
    return kept


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    same = all(one[name] == other[name] for name in ("kind", "acts", "due", "near", "alone"))
    settled = one["kind"] in ("strength", "sign") and one["coarse"] is None and other["coarse"] is None
    return same and settled and abs(one["factor"] - other["factor"]) < CLOSE * abs(one["factor"])
