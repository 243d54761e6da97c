"""What a prompt says about the equation of a brief."""

import re
from collections.abc import Iterator

from fieldsmith.equations.equation import Equation
from fieldsmith.equations.facts import Methods
from fieldsmith.tasks.task import Brief


def methods_of(brief: Brief) -> Methods | None:
    """The facts, None without an equation or for one that is not understood: then the page stays away."""
    if brief.equation is None:
        return None
    from fieldsmith.equations.expressions import Unsuited
    from fieldsmith.equations.methods import methods
    from fieldsmith.equations.reading import Reading

    try:
        reading = Reading(brief.equation, brief.parameters, brief.sizes, brief.span)
        return methods(reading, set(_spoken_of(brief, brief.equation)))
    except Unsuited:
        return None
    except Exception:  # SymPy raises what it likes; a page less must never end a run
        return None


def _spoken_of(brief: Brief, equation: Equation) -> Iterator[str]:
    """Names that a reader knows: the statement has them or the program is given them."""
    given = [argument.name for argument in brief.signature.arguments]
    for name in (*equation.parameters, *equation.constants):
        if name in given or re.search(rf"\b{re.escape(name)}\b", brief.statement):
            yield name
