"""Whether a problem's linear part is a sum over axes that can be diagonalised axis by axis, and what is left over of its equations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from fieldsmith.boxes.families.collocation.demands import Demand, Demands, Field
from fieldsmith.equations.expressions import Unsuited


@dataclass(frozen=True)
class Parts:
    """An equation as linear part and rest: `linear` has for each axis factors by order of the derivative, numbers or functions of that axis."""

    field: Field
    linear: tuple[Mapping[int, Any], ...]
    rest: Any


def parts(demands: Demands) -> tuple[Parts, ...]:
    """The parts of every unknown's equation. Raises Unsuited with what does not fit."""
    form, system = demands.form, demands.system
    if len(system.axes) == 1:
        raise Unsuited("There is one axis only.")
    if form.canonical.constrained and form.timed:
        raise Unsuited(f"{form.canonical.constrained[0]} has no rate.")
    for demand in demands.all:
        if demand.across:
            _constant(demands, demand)
    return tuple(
        _parted(demands, demand) for demand in demands.all if not demand.across and not _trivial(demands, demand)
    )


def _trivial(demands: Demands, demand: Demand) -> bool:
    """That the rate of an unknown of second order in time is its rate."""
    return demands.form.canonical.orders[demand.field.name] == 2 and demand.field.order == 0


def _constant(demands: Demands, demand: Demand) -> None:
    """A condition must hold one unknown, with constant factors and derivatives across its side."""
    system = demands.system
    across = [axis.name for axis in system.axes].index(demand.across)
    for (field, conjugate, along), slope in demands.slopes(demand).items():
        if slope == 0:
            continue
        tangential = any(n for k, n in enumerate(along) if k != across)
        if field != demand.field or conjugate or tangential or _varies(demands, slope):
            raise Unsuited(f"The condition {demand.title} couples unknowns, or its factors change along the side.")


def _varies(demands: Demands, expression: Any, *but: str) -> bool:
    """Whether an expression holds fields, or coordinates and the time apart from those named."""
    system = demands.system
    symbols = {system.symbols[name] for name in system.coordinates if name not in but}
    return bool(system.jets.among(expression, given=True) or expression.free_symbols & symbols)


def _parted(demands: Demands, demand: Demand) -> Parts:
    """Derivatives of even order along an axis with ends and of any along a periodic one belong to the linear part, if their factors are constant or,
    along an axis with ends, functions of its coordinate."""
    system, jets = demands.system, demands.system.jets
    evolving = Field(demand.field.name, 0, demand.field.complex)
    linear: list[dict[int, Any]] = [{} for _ in system.axes]
    rest, order = demand.value, 0
    if demand.mass and demand.mass != {(demand.field, (0,) * len(system.axes)): 1}:
        raise Unsuited("Derivatives in space act on the rate.")
    for jet in jets.among(demand.value):
        field, conjugate, along = demands.meaning(jet)
        slope = demands.slopes(demand)[field, conjugate, along]
        axes = [k for k, n in enumerate(along) if n]
        if field != evolving or conjugate or len(axes) > 1 or slope == 0:
            continue
        places = [k for k, axis in enumerate(system.axes) if system.symbols[axis.name] in slope.free_symbols]
        axis = axes[0] if axes else places[0] if places else 0
        closed = system.axes[axis].name in system.periodic
        if _varies(demands, slope, *(() if closed else (system.axes[axis].name,))) or (along[axis] % 2 and not closed):
            continue
        linear[axis][along[axis]] = slope
        order = max(order, along[axis])
        rest = rest.xreplace({jet: sp.Integer(0)})
    left = max((sum(jets.meanings[jet][1][demands.system.timed :]) for jet in jets.among(rest)), default=-1)
    if not demand.mass and left >= 0:
        raise Unsuited("The equation is not the sum of operators along single axes.")
    if left >= max(order, 2):
        raise Unsuited("The highest derivatives are not linear with constant factors.")
    return Parts(demand.field, tuple(linear), rest)
