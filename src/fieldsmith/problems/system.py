"""What a problem says, as mathematics: coordinates, unknowns, laws, conditions, given values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import sympy as sp

from fieldsmith.problems.faults import Spot
from fieldsmith.problems.grammar import Node
from fieldsmith.problems.jets import Jets

Side = Literal["low", "high"]
Kind = Literal["dirichlet", "neumann", "robin", "higher", "nonlinear", "open"]


@dataclass(frozen=True)
class Interval:
    """A coordinate and its two ends."""

    name: str
    low: float
    high: float
    meaning: str = ""
    unit: str = ""

    @property
    def length(self) -> float:
        return self.high - self.low

    def end(self, side: Side) -> float:
        return self.low if side == "low" else self.high


@dataclass(frozen=True)
class Parameter:
    """A number with a name; `low` and `high` are its range where it has one."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    meaning: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Unknown:
    name: str
    meaning: str = ""
    unit: str = ""
    complex: bool = False


@dataclass(frozen=True)
class Family:
    """Random fields of one kind; `settings` are its numbers."""

    kind: str
    settings: Mapping[str, float]


@dataclass(frozen=True)
class Samples:
    """An array in a file, over the domain's axes: at both ends of an axis, at the lower end only of a periodic one."""

    file: str
    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Given:
    """A field that is given: an expression, a family to draw from, or samples."""

    name: str
    value: Any
    text: str = ""
    spot: Spot = field(default=Spot(), compare=False)

    @property
    def expression(self) -> Any:
        """The SymPy expression, None for a family or samples."""
        return None if isinstance(self.value, Family | Samples) else self.value


@dataclass(frozen=True)
class Law:
    """One equation as `residual` = 0, with the trees of its sides as they were written."""

    text: str
    left: Node
    right: Node
    residual: Any
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True)
class Condition:
    """What holds at one end of an axis: `residual` = 0 there; of an open end, through which everything leaves, nothing."""

    axis: str
    side: Side
    text: str
    kind: Kind
    residual: Any = sp.S.Zero
    order: int = 0
    """The highest derivative across the side."""
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True)
class Output:
    """What is asked for: points along each axis, times, the relative error wanted, seconds for one call of a solver."""

    points: Mapping[str, int]
    times: tuple[float, ...]
    accuracy: float
    seconds: float


@dataclass(frozen=True)
class System:
    """A problem as it was understood. Derivatives of unknowns are symbols of `jets`, the time is first among `coordinates`."""

    axes: tuple[Interval, ...]
    time: Interval | None
    unknowns: tuple[Unknown, ...]
    parameters: tuple[Parameter, ...]
    definitions: Mapping[str, Any]
    coefficients: tuple[Given, ...]
    laws: tuple[Law, ...]
    periodic: frozenset[str]
    conditions: tuple[Condition, ...]
    initial: Mapping[str, Given]
    """By unknown, and by `u_t` for the rate of one that is of second order in time."""
    exact: Mapping[str, Given]
    conserved: Mapping[str, Given]
    output: Output
    jets: Jets
    symbols: Mapping[str, sp.Symbol]
    """Of coordinates and parameters by name."""

    @property
    def coordinates(self) -> tuple[str, ...]:
        return (*((self.time.name,) if self.time else ()), *(axis.name for axis in self.axes))

    @property
    def timed(self) -> bool:
        return self.time is not None

    @property
    def steady_line(self) -> bool:
        """Whether it is an ordinary differential equation on an interval, without a time."""
        return self.time is None and len(self.axes) == 1

    @property
    def complex(self) -> bool:
        return any(unknown.complex for unknown in self.unknowns)

    @property
    def fields(self) -> tuple[str, ...]:
        """Unknowns as the jets know them: of a complex one its conjugate too."""
        return tuple(
            part for u in self.unknowns for part in ((u.name, self.jets.partners[u.name]) if u.complex else (u.name,))
        )

    @cached_property
    def residuals(self) -> tuple[Any, ...]:
        """The laws' residuals; after each that is complex its conjugate too."""
        return self.with_conjugates(law.residual for law in self.laws)

    def with_conjugates(self, expressions: Iterable[Any]) -> tuple[Any, ...]:
        """Expressions, each that is complex with its conjugate after it, so that they count as many as `fields` do."""
        found = []
        for one in expressions:
            found.append(one)
            if self.complex and not self.jets.is_real(one):
                found.append(self.jets.conjugate(one))
        return tuple(found)

    @property
    def values(self) -> dict[sp.Symbol, float]:
        """Values of parameters by symbol."""
        return {self.symbols[p.name]: p.value for p in self.parameters}

    def axis(self, name: str) -> Interval:
        return next(axis for axis in self.axes if axis.name == name)

    def at(self, axis: str, side: Side) -> tuple[Condition, ...]:
        return tuple(one for one in self.conditions if (one.axis, one.side) == (axis, side))
