"""All that can be chosen for an equation: what a scan without reasoning goes through."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from fieldsmith.blocks import Block, Choices
from fieldsmith.equations.analysis import Analysis
from fieldsmith.errors import InputError
from fieldsmith.numerics.family import Family, Variant
from fieldsmith.numerics.ladder import Rung, suited
from fieldsmith.tasks.task import Brief


def space(families: Iterable[Family[Any]], analysis: Analysis, brief: Brief) -> list[Rung]:
    """Every setting of every family that suits, each once, in no order that means anything.

    Numbers go together (a tolerance with its levels and steps), so they are taken as the family's own variants set them, with the blocks
    by which variants differ; of every other kind each block that fits is combined with each variant. A variant's name says what is not as
    usual in its family. Raises Unsuited if no family suits.
    """
    rungs = {}
    for _, family, variants in suited(families, analysis, brief):
        objections = family.objections(analysis)
        for choices in _settings([variant.choices for variant in variants], objections):
            rungs[family.name, str(choices)] = (family, Variant(str(choices), choices))
    return list(rungs.values())


def _settings(known: list[Choices], unfit: Iterable[Block]) -> Iterator[Choices]:
    """Each of the known choices, combined with the blocks that none of them tells apart."""
    refused = set(unfit)
    told_apart = {kind for kind in known[0].kinds() if len({choices.blocks()[kind] for choices in known}) > 1}
    for choices in known:
        kinds = [
            [block for block in choices.options(kind) if block not in refused] if kind not in told_apart else [chosen]
            for kind, chosen in choices.blocks().items()
        ]
        for blocks in itertools.product(*kinds):
            made = _with(choices, dict(zip(choices.kinds(), blocks, strict=True)))
            if made is not None:
                yield made


def _with(choices: Choices, blocks: dict[str, Block]) -> Choices | None:
    """The choices with other blocks, and with the numbers that these use; None where they do not go together."""
    of = choices.known_numbers()
    numbers = {
        name: value
        for name, value in choices.numbers().items()
        if not of[name].of or any(block in of[name].of for block in blocks.values())
    }
    try:
        return type(choices)(**blocks, **numbers)  # type: ignore[arg-type]
    except InputError:
        return None
