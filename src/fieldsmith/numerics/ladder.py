"""All that is known for an equation, in the order in which it is worth trying."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.numerics.family import Family, Variant
from fieldsmith.numerics.methods import asking, offered, wrongly_written
from fieldsmith.tasks.task import Brief

Rung = tuple[Family[Any], Variant[Any]]
R = TypeVar("R")
Suited = tuple[float, Family[Any], Sequence[Variant[Any]]]


def _variants(family: Family[Any], analysis: Analysis, brief: Brief) -> tuple[float, Sequence[Variant[Any]]]:
    """How well a family suits, and its variants. Raises Unsuited."""
    score, variants = offered(family, analysis, brief)
    if not variants:
        raise Unsuited("It offers no variants")
    text: object = family.source(analysis, brief, variants[0].choices)  # some expressions cannot be written with NumPy
    if not isinstance(text, str):
        raise wrongly_written(family, f"`text` returns {text!r}, which is no text")
    return score, variants


def suited(families: Iterable[Family[Any]], analysis: Analysis, brief: Brief) -> list[Suited]:
    """The families that suit, each with how well and with its variants, the best first. Raises Unsuited if none does."""
    found: list[Suited] = []
    reasons: dict[str, list[str]] = {}
    for family in families:
        try:
            with asking():
                score, variants = _variants(family, analysis, brief)
                found.append((score, family, variants))
        except Unsuited as reason:
            reasons.setdefault(str(reason), []).append(family.name)
    if not found:
        listed = (f"{reason.rstrip('.')} ({', '.join(names)})." for reason, names in reasons.items())
        raise Unsuited(" ".join(listed))
    return sorted(found, key=lambda one: -one[0])


def ladder(families: Iterable[Family[Any]], analysis: Analysis, brief: Brief) -> list[Rung]:
    """Every variant of every family that suits, the best family's first guess first. Raises Unsuited if none does."""
    return climbed([[(family, v) for v in variants] for _, family, variants in suited(families, analysis, brief)])


def climbed(columns: Sequence[Sequence[R]]) -> list[R]:
    """The variants of several families, the best family first, in the order in which they are worth trying."""
    best, *others = columns
    padded = [best[1:], *others]  # the best family's second rung comes before another family's first
    longest = max(map(len, padded))
    return [*best[:1]] + [column[n] for n in range(longest) for column in padded if n < len(column)]
