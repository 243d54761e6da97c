"""What writes programs from an equation and typed choices, without knowing who asks.

`fieldsmith/blocks.py` defines the words, `catalogue.py` holds the built-in blocks, `family.py` says what a family of methods is. What
stands here by name is what others build on: `blocks` lists all blocks, `families` all families, `menu` says what fits an
equation, `write` makes a program; a family of one's own derives `Family`, its `Choices` are made by `choice` and `number`, it
asks an `Analysis` about the equation and raises `Unsuited` where it does not apply.
"""

import importlib
from typing import TYPE_CHECKING

__all__ = [
    "Analysis",
    "Block",
    "Choices",
    "Family",
    "Unsuited",
    "Variant",
    "blocks",
    "choice",
    "families",
    "menu",
    "number",
    "write",
]

if TYPE_CHECKING:
    from fieldsmith.blocks import Block, Choices, choice, number
    from fieldsmith.equations.analysis import Analysis
    from fieldsmith.equations.expressions import Unsuited
    from fieldsmith.numerics.family import Family, Variant
    from fieldsmith.numerics.methods import blocks, families
    from fieldsmith.numerics.writing import menu, write

_HOMES = {
    "fieldsmith.equations.analysis": ("Analysis",),
    "fieldsmith.equations.expressions": ("Unsuited",),
    "fieldsmith.blocks": ("Block", "Choices", "choice", "number"),
    "fieldsmith.numerics.family": ("Family", "Variant"),
    "fieldsmith.numerics.methods": ("blocks", "families"),
    "fieldsmith.numerics.writing": ("menu", "write"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:  # with SymPy, which a plan's words need not
            return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
