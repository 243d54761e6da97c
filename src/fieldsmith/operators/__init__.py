"""Learned operators: what a solver is measured against, trained on samples of a task and judged as programs are.

Operators of other distributions come by the entry-point group `fieldsmith.operators`, each naming a class derived from `Operator`.
"""

import importlib
import inspect
from collections.abc import Mapping

from fieldsmith.errors import MissingPart
from fieldsmith.operators.equilibrium import FNODEQ
from fieldsmith.operators.kinds import FNO, FactorisedFNO, UNetOperator
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.memno import MemoryOperator
from fieldsmith.operators.operator import ONE_SHOT, STEPWISE, Operator, Shape
from fieldsmith.plugins import Group

__all__ = ["ONE_SHOT", "STEPWISE", "Layout", "Operator", "Shape", "names", "need_torch", "open_operator"]


def _built_ins() -> Mapping[str, type[Operator]]:
    return {kind.name: kind for kind in (FNO, FactorisedFNO, UNetOperator, FNODEQ, MemoryOperator)}


def _fault(name: str, part: object) -> str:
    """What is wrong with an operator that a plug-in brings, if anything."""
    if not (inspect.isclass(part) and issubclass(part, Operator)):
        return "it is not a class derived from fieldsmith.operators.Operator"
    if missing := [one for one in ("name", "title", "source", "settings") if not hasattr(part, one)]:
        return f"it has no {' and no '.join(missing)}"
    if inspect.isabstract(part):
        return f"it leaves {', '.join(sorted(part.__abstractmethods__))} unwritten"
    return "" if part.name == name else f"its `name` is {part.name!r}, another than its entry point's"


OPERATORS: Group[type[Operator]] = Group("fieldsmith.operators", "operator", _built_ins, _fault)


def names() -> list[str]:
    """The names of all operators that can be asked for."""
    return OPERATORS.names()


def open_operator(name: str) -> Operator:
    """The operator of that name. Raises InputError for an unknown one, MissingPart for a plug-in that is broken or fails."""
    kind = OPERATORS.get(name)
    with OPERATORS.calling(name):
        return kind()


def need_torch() -> None:
    """Raises MissingPart where torch, which all networks are written in, is not installed."""
    try:
        importlib.import_module("torch")
        importlib.import_module("safetensors")
    except ImportError as error:
        words = f"Operators need torch and safetensors, which cannot be imported: {error}."
        raise MissingPart(words, "pip install 'fieldsmith[operators]'") from None
