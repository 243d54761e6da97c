"""An honest simple program for scale: the least that the built-in methods know for a task's equation."""

from collections.abc import Iterator
from typing import Any

from fieldsmith.blocks import Choices
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.numerics.code import analysed
from fieldsmith.numerics.methods import families
from fieldsmith.numerics.space import space
from fieldsmith.tasks.task import Brief

Simple = tuple[str, str]
"""What a method is called, and a program's source."""


def simple_programs(brief: Brief) -> Iterator[Simple]:
    """Of all that a scan goes through, those of the lowest order first, among these those of the cheapest blocks and the smallest numbers, such as steps.

    None for a problem that is no equation, or one for which no method is known.
    """
    if brief.equation is None:
        return
    try:
        analysis = analysed(brief)
        rungs = sorted(space(families(), analysis, brief), key=lambda rung: _crudeness(rung[1].choices))
    except Unsuited:
        return
    for family, variant in rungs:
        try:
            yield f"{family.name}: {variant.name}", family.source(analysis, brief, variant.choices)
        except Unsuited:
            continue


def _crudeness(choices: Choices) -> tuple[Any, ...]:
    """What sorts methods, the crudest first; a block without an order of its own has none to lose."""
    blocks = choices.blocks().values()
    orders = [block.order for block in blocks if block.order is not None]
    return min(orders, default=float("inf")), sum(orders), sum(b.cost for b in blocks), sorted(choices.numbers().items()), str(choices)  # fmt: skip
