"""What writes programs from an equation and typed choices, without knowing who asks.

`block.py` defines the words, `catalogue.py` holds the built-in blocks, `family.py` says what a family of methods is.
"""

from typing import TYPE_CHECKING

__all__ = ["blocks", "families", "menu", "write"]

if TYPE_CHECKING:
    from fieldsmith.numerics.methods import blocks, families
    from fieldsmith.numerics.writing import menu, write


def __getattr__(name: str) -> object:
    if name in __all__:  # with SymPy, which a plan's words need not
        from fieldsmith.numerics import methods, writing

        return getattr(writing if name in ("menu", "write") else methods, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
