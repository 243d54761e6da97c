"""Speeds of signals: the eigenvalues of a flux's Jacobian, in closed form where that is found at once.

Where all eigenvalues but two are one known expression (the velocity of a gas, 0 in acoustics), those two follow from the traces of the Jacobian and of its
square.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.boxes.families.volumes.balance import Balance
from fieldsmith.boxes.families.volumes.looking import POINTS, drawn
from fieldsmith.problems.functions import Absolute
from fieldsmith.problems.jets import partial, size
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.system import System

SIMPLE = 400
"""Nodes of a rational expression that is brought to one fraction."""


@dataclass(frozen=True)
class Speeds:
    """`jacobian` acts on the unknowns; where `known`, the eigenvalues are `middle` - sqrt(`squared`), `middle` + sqrt(`squared`) and `others`."""

    jacobian: tuple[tuple[Any, ...], ...]
    known: bool
    middle: Any = sp.S.Zero
    squared: Any = sp.S.Zero
    others: tuple[Any, ...] = ()


def speeds_of(system: System, balance: Balance, axis: int) -> Speeds:
    """The signals along one axis (0 for the first). Raises TooLarge."""
    unknowns = [system.jets.field(u.name) for u in system.unknowns]
    count = len(unknowns)
    slopes = [[partial(flux, u) for u in unknowns] for flux in balance.fluxes[axis]]
    jacobian = tuple(map(tuple, turned(system, balance, slopes)))
    if count == 1:
        return Speeds(jacobian, True, jacobian[0][0])
    other = sp.S.Zero if count == 2 else _repeated(unknowns, balance, axis, jacobian)
    if other is None:
        return Speeds(jacobian, False)
    trace = sp.Add(*(jacobian[i][i] for i in range(count)))
    squares = sp.Add(*(jacobian[i][j] * jacobian[j][i] for i in range(count) for j in range(count)))
    first, second = trace - (count - 2) * other, squares - (count - 2) * other**2
    middle, squared = _fraction(system, first / 2), _fraction(system, second / 2 - first**2 / 4)
    return Speeds(jacobian, True, middle, squared, (other,) if count > 2 else ())


def _repeated(
    unknowns: Sequence[sp.Symbol], balance: Balance, axis: int, jacobian: Sequence[Sequence[Any]]
) -> Any:  # fmt: skip
    """An expression that is all eigenvalues but two, None where none is seen."""
    count = len(unknowns)
    ratios = [f / q for f, q in zip(balance.fluxes[axis], balance.quantities, strict=True)]
    candidates = [sp.S.Zero, *ratios, *(jacobian[i][i] for i in range(count))]
    symbols = set().union(
        *(entry.free_symbols for row in jacobian for entry in row), *(c.free_symbols for c in candidates)
    )
    values = drawn(list(symbols))
    memo: dict[Any, Any] = {}
    table = np.array([[np.broadcast_to(evaluate(e, values, memo), (POINTS,)) for e in row] for row in jacobian])
    sound = np.isfinite(table).all(axis=(0, 1))
    if not sound.any():
        return None
    eigenvalues = np.linalg.eigvals(np.moveaxis(table, -1, 0)[sound].astype(float))
    scale = np.abs(eigenvalues).max(axis=1, keepdims=True) + 1e-300
    for one in candidates:
        value = np.broadcast_to(evaluate(one, values, memo), (POINTS,))[sound]
        near = np.abs(eigenvalues - value[:, None]) < 1e-5 * scale
        if np.all(near.sum(axis=1) >= count - 2):
            return one
    return None


def _fraction(system: System, expression: Any) -> Any:
    """One fraction in lowest terms, of a rational expression of moderate size; with a definition (a pressure) as a factor where that is shorter."""
    if size(expression, SIMPLE) >= SIMPLE or not expression.is_rational_function(*expression.free_symbols):
        return expression
    above, below = sp.fraction(sp.cancel(sp.together(expression)))
    found = sp.factor_terms(above) / below
    for body in system.definitions.values():
        if body.free_symbols <= found.free_symbols and body.is_rational_function(*body.free_symbols) and body.args:
            other = sp.cancel(found / body)
            if size(other) + 2 < size(found) and not other.free_symbols.issuperset(body.free_symbols):
                return other * body
    return found


def turned(system: System, balance: Balance, slopes: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Slopes of rates of the quantities in the unknowns as those of rates of the unknowns."""
    if balance.plain:
        return [list(row) for row in slopes]
    count = range(len(system.unknowns))
    back = dict(zip(balance.symbols, balance.quantities, strict=True))
    turn = [[partial(one, q).xreplace(back) for q in balance.symbols] for one in balance.inverse]
    return [[sp.Add(*(turn[i][k] * slopes[k][j] for k in count)) for j in count] for i in count]


def spreads(system: System, balance: Balance, axis: int) -> list[Any]:
    """Bounds of the diffusivities along one axis."""
    names, coordinates = [u.name for u in system.unknowns], range(len(system.coordinates))
    found = []
    for along in range(len(system.axes)):
        orders = [int(k == along + 1) for k in coordinates]
        slopes = [[partial(flux, system.jets.field(u, orders)) for u in names] for flux in balance.viscous[axis]]
        found.append(turned(system, balance, slopes))
    return largest([[entry for table in found for entry in table[i]] for i in range(len(names))])


def largest(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Sums of sizes of the rows' entries, which bound the eigenvalues of a matrix (Gershgorin); rows of zeros are left out."""
    sizes: list[list[Any]] = [[Absolute(entry) for entry in row if entry != 0] for row in rows]
    sums = [sp.Add(*row) for row in sizes]
    return [one for one in dict.fromkeys(sums) if one != 0]
