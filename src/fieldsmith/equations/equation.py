"""A partial differential equation as data, so that an author can reason about it without knowing its name.

Expressions are strings in Python syntax over the names of unknowns, parameters, constants, coefficients
and coordinates, with `d(f, x)` for the partial derivative of `f` along `x` (`d(f, x, x)` twice) and the
functions of one variable that SymPy knows (`exp`, `sin`, `sqrt`, `tanh`, ...). Examples:

    advection            Balance("u", "-beta*d(u, x)")
    viscous Burgers      Balance("u", "-d(u**2/2, x) + nu*d(u, x, x)")
    Darcy flow (steady)  Balance("", "d(a*d(u, x), x) + d(a*d(u, y), y) + 1")
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fieldsmith.errors import InputError

Nodes = Literal["cell_centres", "endpoints", "left_edges"]


@dataclass(frozen=True)
class Boundary:
    """What holds at one end of an axis; `value` is the prescribed value or outward derivative, an expression."""

    kind: Literal["periodic", "dirichlet", "neumann"]
    value: str = "0"


PERIODIC = Boundary("periodic")


@dataclass(frozen=True)
class Axis:
    """One coordinate and where its samples lie.

    With n samples on [low, high] and h the spacing: `cell_centres` x_j = low + (j + 1/2) h, h = (high - low)/n;
    `left_edges` x_j = low + j h, same h; `endpoints` x_j = low + j h, h = (high - low)/(n - 1), boundary included.
    """

    name: str
    low: float
    high: float
    nodes: Nodes = "cell_centres"
    lower: Boundary = PERIODIC
    upper: Boundary = PERIODIC

    @property
    def periodic(self) -> bool:
        return self.lower.kind == "periodic"

    @property
    def length(self) -> float:
        return self.high - self.low

    def grid(self, n: int) -> tuple[float, float]:
        """The place of the first of n samples and the spacing."""
        h = self.length / (max(1, n - 1) if self.nodes == "endpoints" else n)
        return self.low + (0.5 * h if self.nodes == "cell_centres" else 0.0), h


@dataclass(frozen=True)
class Balance:
    """d(quantity)/dt = rhs; with an empty quantity the steady balance 0 = rhs."""

    quantity: str
    rhs: str


LISTED: tuple[tuple[str, type, str], ...] = (
    ("unknowns", str, 'unknowns=("u",)'),
    ("axes", Axis, 'axes=(Axis("x", 0.0, 1.0),)'),
    ("balances", Balance, 'balances=(Balance("u", "-d(u, x)"),)'),
    ("parameters", str, 'parameters=("nu",)'),
    ("coefficients", str, 'coefficients=("a",)'),
    ("positive", str, 'positive=("u",)'),
)
"""What an equation lists: of which kind, and how that is written."""


@dataclass(frozen=True)
class Equation:
    """A first-order-in-time system (or a steady one) on a box.

    `unknowns` are the fields a solver takes and returns; `balances` may be written for conserved
    combinations of them. `parameters` are symbols whose values arrive as arguments, `constants` are fixed
    numbers, `coefficients` are given fields. `positive` names unknowns that must stay positive.
    """

    unknowns: tuple[str, ...]
    axes: tuple[Axis, ...]
    balances: tuple[Balance, ...]
    parameters: tuple[str, ...] = ()
    constants: Mapping[str, float] = field(default_factory=dict)
    coefficients: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises InputError for a text or one thing alone where several are listed, and for things of another kind."""
        for name, kind, example in LISTED:
            given = getattr(self, name)
            if isinstance(given, str) or not isinstance(given, Sequence):
                raise InputError(f"The {name} of the equation are {given!r}, which is no list.", f"Write {example}.")
            for one in given:
                if not isinstance(one, kind):
                    raise InputError(f"The {name} of the equation hold {one!r}.", f"Write {example}.")

    @property
    def steady(self) -> bool:
        return all(balance.quantity == "" for balance in self.balances)
