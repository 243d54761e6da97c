"""Equations solved for the highest time derivatives: rates and constraints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.problems.faults import Findings, Spot
from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.system import Law, System

LARGEST = 4
"""Rates that are solved for together."""


@dataclass(frozen=True)
class Canonical:
    """`orders` in time by unknown; `rates` gives the highest time derivative of each evolving unknown, None where it is not explicit.

    `implicit` is set where space derivatives act on the highest time derivative (u_t - u_xxt = …).
    """

    orders: Mapping[str, int]
    rates: Mapping[str, Any] | None
    evolving: tuple[Law, ...]
    constraints: tuple[Law, ...]
    implicit: bool = False

    @property
    def order(self) -> int:
        return max(self.orders.values(), default=0)

    @property
    def constrained(self) -> tuple[str, ...]:
        """Unknowns without a time derivative, in a problem that has a time."""
        return tuple(name for name, order in self.orders.items() if not order)


def canonical(system: System, told: Findings, spot: Spot) -> Canonical | None:
    """The canonical form; None where there is none, which is told. Raises TooLarge."""
    jets = system.jets
    names = [unknown.name for unknown in system.unknowns]
    orders = dict.fromkeys(names, 0)
    if not system.timed:
        return Canonical(orders, {}, (), system.laws)
    for law in system.laws:
        for jet in jets.among(law.residual):
            name, order = jets.meanings[jet]
            name = jets.partners.get(name, name) if name not in orders else name
            orders[name] = max(orders[name], order[0])
    if not _low(system, orders, told):
        return None
    top = {jet for jet in jets.meanings if _is_top(system, jet, orders)}
    evolving = tuple(law for law in system.laws if law.residual.free_symbols & top)
    constraints = tuple(law for law in system.laws if not law.residual.free_symbols & top)
    moving = [name for name in names if orders[name]]
    if not moving:
        told.fault(
            spot,
            f"No equation has a derivative along the time {system.time.name if system.time else ''}.",
            "Leave the time out of [domain] for a steady problem.",
        )
        return None
    for law in evolving:
        if any(partial(law.residual, jet).free_symbols & top for jet in law.residual.free_symbols & top):
            told.fault(
                law.spot,
                "The equation is not linear in its highest time derivative.",
                "Solve it for that derivative: u_t = ….",
            )
            return None
    if len(evolving) != len(moving):
        told.fault(
            spot,
            f"{len(evolving)} equation{'s' * (len(evolving) != 1)} hold{'s' * (len(evolving) == 1)} the highest time derivatives of {len(moving)} unknowns ({', '.join(moving)}).",
            "As many of each are needed.",
        )
        return None
    if any(sum(jets.meanings[jet][1][1:]) for law in evolving for jet in law.residual.free_symbols & top):
        return Canonical(orders, None, evolving, constraints, implicit=True)
    return _solved(system, orders, evolving, constraints, moving, told, spot)


def _low(system: System, orders: Mapping[str, int], told: Findings) -> bool:
    for name, order in orders.items():
        if order > 2:
            spot = next((law.spot for law in system.laws if _holds(system, law, name, order)), Spot())
            told.fault(
                spot,
                f"{name} has a time derivative of order {order}.",
                "Up to second order in time is read; give the lower derivative a name and an equation of its own.",
            )
            return False
    return True


def _holds(system: System, law: Law, name: str, order: int) -> bool:
    meanings = system.jets.meanings
    return any(meanings[jet][0] == name and meanings[jet][1][0] == order for jet in system.jets.among(law.residual))


def _is_top(system: System, jet: sp.Symbol, orders: Mapping[str, int]) -> bool:
    name, order = system.jets.meanings[jet]
    name = name if name in orders else system.jets.partners.get(name, name)
    return bool(orders.get(name)) and order[0] == orders[name]


def _solved(
    system: System, orders: Mapping[str, int], evolving: Sequence[Law], constraints: Sequence[Law], moving: Sequence[str],
    told: Findings, spot: Spot,
) -> Canonical | None:  # fmt: skip
    """Cramer's rule, or division where each equation has one rate."""
    rest = (0,) * (len(system.coordinates) - 1)
    wanted = [system.jets.field(name, (orders[name], *rest)) for name in moving]
    matrix = [[partial(law.residual, jet) for jet in wanted] for law in evolving]
    zero = dict.fromkeys(wanted, sp.Integer(0))
    sources = [-law.residual.xreplace(zero) for law in evolving]
    rates: dict[str, Any] = {}
    if all(sum(entry != 0 for entry in row) == 1 for row in matrix) and all(
        sum(row[k] != 0 for row in matrix) == 1 for k in range(len(wanted))
    ):
        for row, source in zip(matrix, sources, strict=True):
            k = next(k for k, entry in enumerate(row) if entry != 0)
            rates[moving[k]] = source / row[k]
        return Canonical(orders, {name: rates[name] for name in moving}, tuple(evolving), tuple(constraints))
    if _singular(matrix):
        told.fault(
            spot,
            f"The equations cannot be solved for the rates of {', '.join(moving)}.",
            "Each rate must follow from the equations.",
        )
        return None
    if len(wanted) > LARGEST:
        return Canonical(orders, None, tuple(evolving), tuple(constraints))
    whole = sp.Matrix(matrix)
    divisor: Any = whole.det(method="berkowitz")
    for k, name in enumerate(moving):
        exchanged = whole.copy()
        exchanged[:, k] = sp.Matrix(sources)
        replaced: Any = exchanged.det(method="berkowitz")
        rates[name] = replaced / divisor
    return Canonical(orders, rates, tuple(evolving), tuple(constraints))


def _singular(matrix: Sequence[Sequence[Any]]) -> bool:
    """Whether the rates' matrix has no inverse at a general point, which numbers drawn at random tell."""
    symbols = sorted(set().union(*(entry.free_symbols for row in matrix for entry in row)), key=str)
    rng = np.random.default_rng(3)
    values = {symbol: rng.uniform(0.5, 1.5) for symbol in symbols}
    numbers = np.array([[complex(evaluate(entry, values)) for entry in row] for row in matrix])
    return bool(np.isfinite(numbers).all() and np.linalg.cond(numbers) > 1e12)
