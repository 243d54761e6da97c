"""Expressions looked at by numbers: whether they vanish, and their values at points drawn at random."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import sympy as sp

from fieldsmith.boxes.form import Form
from fieldsmith.problems import functions as own
from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.system import Family, System


class Flows(Protocol):
    """What moves and what spreads, by axis and law: `balance.Balance`."""

    @property
    def fluxes(self) -> tuple[tuple[Any, ...], ...]: ...

    @property
    def viscous(self) -> tuple[tuple[Any, ...], ...]: ...


POINTS = 24
ROUNDING = 1e-9


def drawn(symbols: Sequence[sp.Symbol], seed: int = 0) -> dict[sp.Symbol, np.ndarray]:
    """Numbers around 1 for symbols, the same for the same names."""
    rng = np.random.default_rng(seed)
    return {symbol: rng.uniform(0.4, 1.6, POINTS) for symbol in sorted(symbols, key=str)}


def vanishes(expression: Any) -> bool:
    """Whether an expression is 0 wherever it has a value, as far as rounding tells."""
    expression = sp.sympify(expression)
    if expression == 0 or expression.is_Number:
        return expression == 0
    values, memo = drawn(list(expression.free_symbols)), dict[Any, Any]()
    terms = [np.broadcast_to(evaluate(term, values, memo), (POINTS,)) for term in sp.Add.make_args(expression)]
    sound = np.isfinite(terms).all(axis=0)
    if not sound.any():
        return False
    total, bound = np.sum(terms, axis=0)[sound], np.sum(np.abs(terms), axis=0)[sound]
    if len(terms) == 1:  # a product of sums that cancel
        bound = np.maximum(bound, 1.0)
    return bool(np.all(np.abs(total) <= ROUNDING * bound))


def starts_with_jumps(system: System) -> bool:
    """Whether an initial value is written with jumps or drawn with them."""
    for given in system.initial.values():
        if isinstance(given.value, Family) and given.value.kind == "two-valued":
            return True
        if given.expression is not None and given.expression.has(own.Where, own.Heaviside, own.Sign, own.Below):
            return True
    return False


def jumps_in_place(system: System, expression: Any) -> bool:
    """Whether an expression jumps along coordinates, or holds a coefficient that is drawn with jumps."""
    jumps = expression.atoms(own.Where, own.Heaviside, own.Sign, own.Below)
    places = {system.symbols[name] for name in system.coordinates}
    drawn_so = {c.name for c in system.coefficients if isinstance(c.value, Family) and c.value.kind == "two-valued"}
    held = {system.jets.meanings[jet][0] for jet in system.jets.among(expression, given=True)}
    return any(jump.free_symbols & places for jump in jumps) or bool(held & drawn_so)


def start_values(form: Form) -> dict[sp.Symbol, Any]:
    """Values of all symbols at the points asked for at the start; a field that is given by samples by one of its draws."""
    system = form.system
    lines = [np.linspace(axis.low, axis.high, system.output.points[axis.name]) for axis in system.axes]
    mesh = np.meshgrid(*lines, indexing="ij")
    places = {axis.name: place for axis, place in zip(system.axes, mesh, strict=True)}
    found: dict[sp.Symbol, Any] = {**system.values, **{system.symbols[name]: place for name, place in places.items()}}
    if system.time:
        found[system.symbols[system.time.name]] = np.full(mesh[0].shape, system.time.low)
    with np.errstate(all="ignore"):
        for unknown in system.unknowns:
            found[system.jets.field(unknown.name)] = form.problem.field(unknown.name, places)
        for one in form.sampled:
            found[system.jets.field(one.name)] = form.problem.field(one.name, places)
    return found


def spread_of(form: Form, balance: Flows) -> float:
    """The width of a shock, in spaces between the points asked for: what spreads over the range of signals; large where it is not known."""
    system = form.system
    values, widest = start_values(form), 0.0
    for k, axis in enumerate(system.axes):
        spacing = axis.length / system.output.points[axis.name]
        for flux, viscous in zip(balance.fluxes[k], balance.viscous[k], strict=True):
            for unknown in system.unknowns:
                slope = partial(
                    viscous, system.jets.field(unknown.name, [int(j == k + 1) for j in range(len(system.coordinates))])
                )
                if slope.free_symbols - values.keys():
                    return np.inf
                spread = np.max(np.abs(evaluate(slope, values)))
                passing = evaluate(partial(flux, system.jets.field(unknown.name)), values)
                if spread and np.ptp(passing):
                    widest = max(widest, float(spread / np.ptp(passing) / spacing))
    return widest
