"""All that is known for an equation, in the order in which it is worth trying."""

from collections.abc import Iterable
from typing import Any

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.numerics.family import Family, Variant
from fieldsmith.numerics.methods import asking
from fieldsmith.tasks.task import Brief

Rung = tuple[Family[Any], Variant[Any]]


def _rungs(family: Family[Any], analysis: Analysis, brief: Brief) -> tuple[float, list[Rung]]:
    """How well a family suits, and its variants. Raises Unsuited."""
    score = family.suits(analysis)
    rungs = [(family, variant) for variant in family.variants(analysis, brief)]
    if not rungs:
        raise Unsuited("It offers no variants")
    family.source(analysis, brief, rungs[0][1].choices)  # some expressions cannot be written with NumPy
    return score, rungs


def ladder(families: Iterable[Family[Any]], analysis: Analysis, brief: Brief) -> list[Rung]:
    """Every variant of every family that suits, the best family's first guess first. Raises Unsuited if none does."""
    suited: list[tuple[float, list[Rung]]] = []
    reasons: dict[str, list[str]] = {}
    for family in families:
        try:
            with asking():
                suited.append(_rungs(family, analysis, brief))
        except Unsuited as reason:
            reasons.setdefault(str(reason), []).append(family.name)
    if not suited:
        listed = (f"{reason.rstrip('.')} ({', '.join(names)})." for reason, names in reasons.items())
        raise Unsuited(" ".join(listed))
    # The best family's second rung comes before another family's first.
    best, *others = [rungs for _, rungs in sorted(suited, key=lambda pair: -pair[0])]
    padded = [best[1:], *others]
    longest = max(map(len, padded))
    return best[:1] + [column[n] for n in range(longest) for column in padded if n < len(column)]
