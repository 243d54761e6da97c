"""The families of methods: those here and those of the entry-point group `fieldsmith.methods`, each naming a class."""

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from numbers import Real
from typing import Any

from fieldsmith.blocks import Block, Choices, Variant
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.errors import FieldsmithError
from fieldsmith.numerics.elliptic import Elliptic
from fieldsmith.numerics.family import Family
from fieldsmith.numerics.finite_volumes import FiniteVolumes
from fieldsmith.numerics.lines import MethodOfLines
from fieldsmith.numerics.spectral import Spectral
from fieldsmith.numerics.splitting import Splitting
from fieldsmith.plugins import Group, fault_of_others, warn_once
from fieldsmith.tasks.task import Brief

BUILT_INS: tuple[type[Family[Any]], ...] = (Spectral, Splitting, FiniteVolumes, MethodOfLines, Elliptic)


def _built_ins() -> dict[str, type[Family[Any]]]:
    return {kind.name: kind for kind in BUILT_INS}


def _fault(name: str, part: object) -> str:
    """What is wrong with a family that a plug-in brings, if anything."""
    if not (inspect.isclass(part) and issubclass(part, Family)):
        return "it is not a class derived from fieldsmith.numerics.Family"
    if missing := [member for member in ("name", "choices") if not hasattr(part, member)]:
        return f"it has no {' and no '.join(missing)}"
    if unwritten := sorted(getattr(part, "__abstractmethods__", ())):
        return f"it leaves {', '.join(unwritten)} unwritten"
    choices = getattr(part, "choices", None)
    if not (inspect.isclass(choices) and issubclass(choices, Choices)):
        return "its `choices` is not a class derived from fieldsmith.numerics.Choices"
    return "" if part.name == name else f"its `name` is {part.name!r}, another than its entry point's"


METHODS: Group[type[Family[Any]]] = Group("fieldsmith.methods", "family of methods", _built_ins, _fault)


def families() -> list[Family[Any]]:
    """Every family that can be used, the built-in ones first; of the others it is logged why not."""
    found, refused = METHODS.everything()
    made, why = [], [left.why for left in refused]
    for name in found:
        try:
            made.append(_made(name, found[name]))
        except FieldsmithError as error:
            why.append(error.message)
    for words in why:
        warn_once(words)
    return made


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """While a family is asked what it can do: a fault of a plug-in's is logged and becomes Unsuited, so that others go on."""
    try:
        yield
    except Unsuited:
        raise
    except Exception as error:
        fault = fault_of_others(error)
        if fault is None:
            raise
        warn_once(str(fault))
        raise Unsuited(fault.message) from error


def offered(family: Family[Any], analysis: Analysis, brief: Brief) -> tuple[float, Sequence[Variant[Any]]]:
    """How well a family suits, and its variants. Raises Unsuited, also for an answer of another kind, which is logged."""
    score: object = family.suits(analysis)
    if not isinstance(score, Real):
        raise wrongly_written(family, f"`suits` returns {score!r}, which is no number")
    variants: object = family.variants(analysis, brief)
    if not isinstance(variants, Sequence):
        raise wrongly_written(family, f"`variants` returns {variants!r}, which is no list of Variant")
    for variant in variants:
        if not (isinstance(variant, Variant) and isinstance(variant.choices, family.choices)):
            raise wrongly_written(
                family, f"`variants` holds {variant!r}, which is no Variant of {family.choices.__name__}"
            )
    return float(score), variants


def wrongly_written(family: Family[Any], words: str) -> Unsuited:
    """Of a family that is written wrongly: its author is told too, by the log."""
    warn_once(f"The family of methods {family.name!r} cannot be used: {words}.")
    return Unsuited(f"{words[0].upper()}{words[1:]}")


def family(name: str) -> Family[Any]:
    """The family of that name. Raises InputError for an unknown name, MissingPart for a plug-in that is broken."""
    return _made(name, METHODS.get(name))


def _made(name: str, kind: type[Family[Any]]) -> Family[Any]:
    with METHODS.calling(name):
        return kind()


def blocks(kind: str = "") -> list[Block]:
    """Every block that a family can be made of, or those of one kind; each once."""
    every = [block for one in families() for block in one.choices.known_blocks()]
    return [block for block in dict.fromkeys(every) if kind in ("", block.kind)]
