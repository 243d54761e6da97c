"""What lies beyond the ends of axes that are not periodic.

Where the conditions are those of a mirror (`m = 0` at a wall, `u_x = 0`) and the fluxes allow it, cells are reflected, odd ones with the other sign. Elsewhere the
state at the end is made of what leaves, extrapolated from inside, and of what the conditions say of the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sympy as sp

from fieldsmith.boxes.families.volumes.balance import Balance
from fieldsmith.boxes.families.volumes.looking import vanishes
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems.jets import partial
from fieldsmith.problems.system import Condition, Side, System

Free = Literal["all", "held", "entering"]
NEWTON = 4
"""Steps towards a state that meets nonlinear conditions."""


@dataclass(frozen=True)
class End:
    """One end. `signs` are those of the reflected quantities of a mirror, () where there is none; `free` is what the conditions may change of the
    state at the end: everything, the unknowns in `held`, or the waves that enter."""

    axis: int
    side: Side
    signs: tuple[int, ...] = ()
    residuals: tuple[Any, ...] = ()
    free: Free = "entering"
    held: tuple[int, ...] = ()
    steps: int = 1
    sloped: bool = False

    @property
    def key(self) -> tuple[int, int]:
        return self.axis, int(self.side == "high")


def ends_of(system: System, balance: Balance) -> tuple[End, ...]:
    """The ends of the axes that are not periodic. Raises Unsuited for a condition that finite volumes do not take."""
    sides: tuple[Side, ...] = ("low", "high")
    return tuple(
        _end(system, balance, k, side)
        for k, axis in enumerate(system.axes)
        if axis.name not in system.periodic
        for side in sides
    )


def _end(system: System, balance: Balance, axis: int, side: Side) -> End:
    name = system.axes[axis].name
    if not system.at(name, side) and any(part != 0 for part in balance.viscous[axis]):
        where = f"{name} = {system.axes[axis].end(side):g}"
        raise Unsuited(f"Diffusion vanishes at {where}, which has no condition; cells beyond it would need one.")
    given = [one for one in system.at(name, side) if one.kind != "open"]
    for one in given:
        _taken(system, balance, one)
    signs = _mirror(system, balance, axis, given, side) if given else ()
    if signs:
        return End(axis, side, signs)
    jets = system.jets
    residuals = tuple(one.residual for one in given)
    met = [jet for one in residuals for jet in jets.among(one)]
    names = [u.name for u in system.unknowns]
    held = tuple(k for k, u in enumerate(names) if any(jets.meanings[jet][0] == u for jet in met))
    free: Free = "all" if len(given) == len(names) else "held" if balance.diffuses and given else "entering"
    straight = all(vanishes(partial(partial(r, a), b)) for r in residuals for a in met for b in met)
    sloped = any(sum(jets.meanings[jet][1]) for jet in met)
    return End(axis, side, (), residuals, free, held, 1 if straight else NEWTON, sloped)


def _taken(system: System, balance: Balance, one: Condition) -> None:
    """Raises Unsuited for a condition that is not one on values and slopes across."""
    where = f"at {one.axis} = {system.axis(one.axis).end(one.side):g}"
    along = system.coordinates.index(one.axis)
    for jet in system.jets.among(one.residual):
        orders = system.jets.meanings[jet][1]
        if sum(orders) > 1 or sum(orders) != orders[along]:
            raise Unsuited(
                f"The condition “{one.text}” {where} has derivatives along the end or of second order, which finite volumes do not take."
            )
        if sum(orders) and not balance.plain:
            raise Unsuited(
                f"The condition “{one.text}” {where} is one on slopes of unknowns that are not what is conserved."
            )
    if any(system.jets.meanings[s][0] in system.jets.fixed for s in system.jets.among(one.residual, given=True)):
        raise Unsuited(f"The condition “{one.text}” {where} holds a coefficient that is given by samples.")


def _mirror(system: System, balance: Balance, axis: int, given: Sequence[Condition], side: Side) -> tuple[int, ...]:
    """Signs of the quantities in a mirror that the conditions describe, () where they describe none or the laws are not symmetric in it."""
    jets, along = system.jets, axis + 1
    odd: dict[str, bool] = {}
    for one in given:
        met = jets.among(one.residual)
        if len(met) != 1 or not vanishes(one.residual.xreplace({met[0]: sp.S.Zero})):
            return ()
        if jets.among(partial(one.residual, met[0])):
            return ()
        name, orders = jets.meanings[met[0]]
        if odd.setdefault(name, orders[along] == 0) != (orders[along] == 0):
            return ()
    turned: dict[Any, Any] = {}
    for unknown in system.unknowns:
        sign = -1 if odd.get(unknown.name) else 1
        for (name, orders), jet in list(jets.symbols.items()):
            if name == unknown.name and not orders[0] and sum(orders) <= 1:
                turned[jet] = jet * sign * (-1) ** orders[along]
    place = {jets.coordinates[along]: sp.Float(system.axes[axis].end(side), 17)}
    signs = tuple(_parity(q.xreplace(place), turned) for q in balance.quantities)
    fluxes = zip(signs, balance.fluxes[axis], balance.viscous[axis], strict=True)
    through = ((sign, part.xreplace(place)) for sign, flux, viscous in fluxes for part in (flux, viscous) if part != 0)
    symmetric = all(signs) and all(vanishes(part.xreplace(turned) + sign * part) for sign, part in through)
    return signs if symmetric else ()


def _parity(quantity: Any, turned: dict[Any, Any]) -> int:
    """1 for what a mirror keeps, -1 for what changes its sign, 0 for what does neither."""
    return next((sign for sign in (1, -1) if vanishes(quantity.xreplace(turned) - sign * quantity)), 0)
