"""Blocks that numerical methods are made of, choices among them, and a method in words."""

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Generic, Self, TypeVar

from fieldsmith.errors import InputError
from fieldsmith.plugins import meant


@dataclass(frozen=True)
class Block:
    """One part of a numerical method, chosen by its name.

    `title` names it in a sentence, `summary` says what it does; `order` is that of its error, None where it has no fixed
    one or none of its own; `source` says where it is published, and is empty for what does nothing; `cost` is about the
    work of a whole step with it, in units of the cheapest block of its kind that does something.
    """

    kind: str
    name: str
    title: str
    summary: str
    order: float | None = None
    source: str = ""
    cost: float = 1.0

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Number:
    """What a number means and which values it may have; only the blocks in `of` use it, all of them if there are none."""

    summary: str
    low: float
    high: float
    odd: bool = False
    of: tuple[Block, ...] = ()

    @property
    def range(self) -> str:
        return f"{'an odd number ' if self.odd else ''}from {self.low:g} to {self.high:g}"


def choice(*blocks: Block) -> Any:
    """A field of `Choices` for one of these blocks, which are of the kind that the field is named after; usually the first."""
    return field(default=blocks[0], metadata={"blocks": blocks})


def number(default: float, low: float, high: float, summary: str, *of: Block, odd: bool = False) -> Any:
    """A field of `Choices` for a number; a whole one if `default` is."""
    return field(default=default, metadata={"number": Number(summary, low, high, odd, of)})


@dataclass(frozen=True)
class Choices:
    """Which block of each kind a program is made of, and its numbers.

    A family derives a frozen dataclass from it, whose fields are made by `choice` and `number`. Raises InputError for a
    block or number that the family does not know, or that does not go with the others.
    """

    def __post_init__(self) -> None:
        for kind, block in self.blocks().items():
            _known(kind, block, self.options(kind))
        for name, value in self.numbers().items():
            _within(name, value, self.known_numbers()[name], type(_default(type(self), name)))
        for name, about in self.known_numbers().items():
            if getattr(self, name) != _default(type(self), name) and not self.uses(name):
                words = f"{name} is a number of the {' or the '.join(map(str, about.of))}, which is not chosen."
                raise InputError(words, f"Leave {name} out, or choose that.")
        self.check()

    def check(self) -> None:
        """Raises InputError for choices that do not go together."""

    @classmethod
    def kinds(cls) -> list[str]:
        return [f.name for f in fields(cls) if "blocks" in f.metadata]

    @classmethod
    def options(cls, kind: str) -> tuple[Block, ...]:
        """The blocks of one kind that may be chosen, the usual one first."""
        return next(f.metadata["blocks"] for f in fields(cls) if f.name == kind)

    @classmethod
    def known_numbers(cls) -> dict[str, Number]:
        return {f.name: f.metadata["number"] for f in fields(cls) if "number" in f.metadata}

    @classmethod
    def known_blocks(cls) -> list[Block]:
        return [block for kind in cls.kinds() for block in cls.options(kind)]

    def blocks(self) -> dict[str, Block]:
        """The chosen block of each kind."""
        return {kind: getattr(self, kind) for kind in self.kinds()}

    def uses(self, name: str) -> bool:
        """Whether one of the chosen blocks uses this number."""
        of = self.known_numbers()[name].of
        return not of or any(block in of for block in self.blocks().values())

    def numbers(self) -> dict[str, float]:
        """The numbers that the chosen blocks use."""
        return {name: getattr(self, name) for name in self.known_numbers() if self.uses(name)}

    def to_dict(self) -> dict[str, str | float]:
        """Names of the blocks by kind, and the numbers: plain values for JSON, which `from_dict` reads."""
        return {**{kind: block.name for kind, block in self.blocks().items()}, **self.numbers()}

    @classmethod
    def from_dict(cls, given: Mapping[str, object], unfit: Container[Block] = ()) -> Self:
        """Choices from plain values; what is not given is as usual, blocks that are `unfit` passed over.

        Raises InputError for an unknown name, and for a value that is none.
        """
        known = [*cls.kinds(), *cls.known_numbers()]
        for name in given:
            if name not in known:
                hint = f"There are {', '.join(known)}." if known else "There is nothing to choose."
                raise InputError(f"There is no choice {name!r}.{meant(str(name), known)}", hint)
        values: dict[str, Any] = {
            kind: _chosen(kind, given.get(kind), cls.options(kind), unfit) for kind in cls.kinds()
        }
        for name in cls.known_numbers():
            if name in given:
                values[name] = _value(name, given[name], type(_default(cls, name)))
        return cls(**values)

    def __str__(self) -> str:
        """What is not as usual."""
        usual = {f.name: f.default for f in fields(self)}
        told = [f"{kind} {block.name}" for kind, block in self.blocks().items() if block != usual[kind]]
        told += [f"{name} {value:g}" for name, value in self.numbers().items() if value != usual[name]]
        return ", ".join(told) or "as usual"


C = TypeVar("C", bound=Choices)


@dataclass(frozen=True)
class Variant(Generic[C]):
    """One way to use a family.

    `cost` is its work in units that hold across families, `accuracy` orders a family's variants from coarse to fine;
    `again` marks one that is worth writing only after another has blown up.
    """

    name: str
    choices: C
    cost: float = 0
    accuracy: int = 0
    again: bool = False


@dataclass(frozen=True)
class Plan:
    """The numerical strategy behind a program, kept beside it. `expected_order` is the order in space."""

    discretisation: str = ""
    time_integrator: str = ""
    resolution_control: str = ""
    expected_order: float | None = None
    summary: str = ""
    method: str = ""
    """In place of the first two where there is no equation."""


def _default(kind: type[Choices], name: str) -> Any:
    return next(f.default for f in fields(kind) if f.name == name)


def _chosen(kind: str, name: object, options: Sequence[Block], unfit: Container[Block]) -> Block:
    """The block of that name, or the first that fits. Raises InputError for a name that none has."""
    if name is None:
        return next((block for block in options if block not in unfit), options[0])
    return next((b for b in options if b.name == name), None) or _known(kind, name, options)


def _known(kind: str, block: object, options: Sequence[Block]) -> Block:
    if isinstance(block, Block) and block in options:
        return block
    name = block.name if isinstance(block, Block) else str(block)
    names = [option.name for option in options]
    raise InputError(f"There is no {kind} {name!r} to choose.{meant(name, names)}", f"There are {', '.join(names)}.")


def _value(name: str, value: object, kind: type) -> float:
    """A number of the right type. Raises InputError for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InputError(f"{name} is {value!r}, which is not a number.", "Give a finite one.")
    if kind is int and value != int(value):
        raise InputError(f"{name} is {value:g}, which is not whole.", "Give a whole number.")
    return kind(value)


def _within(name: str, value: object, about: Number, kind: type) -> None:
    """Raises InputError for a value that the number may not have."""
    known = _value(name, value, kind)
    if not about.low <= known <= about.high or (about.odd and known % 2 == 0):
        raise InputError(f"{name} is {known:g}, out of range.", f"Give {about.range}: {about.summary}.")
