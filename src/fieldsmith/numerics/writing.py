"""Programs from explicit choices, and what there is to choose for an equation."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from fieldsmith.blocks import Choices, Plan
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.errors import InputError
from fieldsmith.numerics.code import analysed
from fieldsmith.numerics.family import Family, Variant
from fieldsmith.numerics.methods import asking, families, family, offered
from fieldsmith.tasks.task import Brief

FITTING = "`fieldsmith.numerics.menu` says which families and blocks fit the equation."
NO_METHOD = "The built-in methods know none for it; a model may."


@dataclass(frozen=True)
class Written:
    """A program's source text with its plan and all choices behind it, as plain values that `write` takes."""

    source: str
    plan: Plan
    choices: Mapping[str, str | float]


def write(brief: Brief, choices: Mapping[str, object]) -> Written:
    """The program for a family's name and choices of it; what is not given is the usual that fits the equation.

    Raises InputError for an unknown family, block or number, for one that does not fit the equation, and for an equation that
    cannot be read or is ill-posed.
    """
    if not isinstance(choices.get("family"), str):
        raise InputError("The choices name no family.", f"Give one: {', '.join(one.name for one in families())}.")
    chosen = family(str(choices["family"]))
    analysis = _understood(brief)
    with _told(FITTING):
        offered(chosen, analysis, brief)  # refuses values of parameters that rule the family out
        blocks = chosen.choose(analysis, {name: value for name, value in choices.items() if name != "family"})
        plan = chosen.plan(analysis, Variant(str(blocks), blocks))
        return Written(chosen.text(analysis, brief, blocks), plan, as_dict(chosen, blocks))


def as_dict(family: Family[Any], choices: Choices) -> dict[str, str | float]:
    """A family's name and choices of it: plain values for JSON, which `write` takes."""
    return {"family": family.name, **choices.to_dict()}


def menu(brief: Brief) -> list[dict[str, Any]]:
    """What there is to choose, a dictionary of plain values a family.

    `why_not` says why the family does not suit the equation, and is empty if it does; `blocks` holds the blocks of every kind, the
    usual one first, each with its own `why_not`; `numbers` what each means, its range, the blocks that use it and its usual value.
    Raises InputError for an equation that cannot be read or is ill-posed.
    """
    analysis = _understood(brief)
    return [_course(one, analysis, brief) for one in families()]


def _understood(brief: Brief) -> Analysis:
    with _told(NO_METHOD):
        return analysed(brief)


@contextmanager
def _told(hint: str) -> Iterator[None]:
    """What families say to each other by Unsuited is to a caller from outside a mistake of his own."""
    try:
        yield
    except Unsuited as reason:
        raise InputError(str(reason), hint) from None


def _course(family: Family[Any], analysis: Analysis, brief: Brief) -> dict[str, Any]:
    kind = family.choices
    try:
        with asking():
            offered(family, analysis, brief)
            objections, why_not = family.objections(analysis), ""
    except Unsuited as reason:
        objections, why_not = {}, str(reason)
    usual = kind.from_dict({}, objections)
    blocks = {k: [{**asdict(b), "why_not": objections.get(b, "")} for b in kind.options(k)] for k in kind.kinds()}
    numbers = {
        name: {
            "summary": about.summary,
            "low": about.low,
            "high": about.high,
            "odd": about.odd,
            "usual": getattr(usual, name),
            "of": [str(block) for block in about.of],
        }
        for name, about in kind.known_numbers().items()
    }
    return {"family": family.name, "why_not": why_not, "blocks": blocks, "numbers": numbers}
