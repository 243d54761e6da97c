"""A problem as balance laws: dq(u)/dt + div F(u) = div G(u, grad u) + S(u), each of place and time too.

What is written as a divergence (`d(f, x)`, `div([f, g])`, `div(a*grad(u))`, `laplace(f)`) or as a rate (`dt(q)`) keeps that form, for the speeds of shocks follow
from it. Of what is left the factors of the derivatives are integrated over the unknowns, which gives a flux where they are the slopes of one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from fieldsmith.boxes.families.volumes.looking import jumps_in_place, vanishes
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems.algebra import Algebra
from fieldsmith.problems.canonical import Canonical
from fieldsmith.problems.faults import Misread, TooLarge
from fieldsmith.problems.grammar import Node
from fieldsmith.problems.jets import Orders, partial, size
from fieldsmith.problems.system import Law, System

TIME = 0
"""The place of the time among the coordinates; axes follow."""
SMALL = 60
"""Nodes of a factor that is integrated."""
SIGNS: Mapping[str, int] = {"d": 1, "dt": 1, "div": 1, "laplace": 1}


@dataclass(frozen=True)
class Balance:
    """The laws in the order of the unknowns. `fluxes` and `viscous` have for each axis one expression a law; `inverse` gives the unknowns from
    `symbols`, which stand for the quantities."""

    quantities: tuple[Any, ...]
    fluxes: tuple[tuple[Any, ...], ...]
    viscous: tuple[tuple[Any, ...], ...]
    sources: tuple[Any, ...]
    symbols: tuple[sp.Symbol, ...]
    inverse: tuple[Any, ...]

    @property
    def plain(self) -> bool:
        """Whether the unknowns are the quantities."""
        return self.inverse == self.symbols

    @property
    def diffuses(self) -> bool:
        return any(part != 0 for row in self.viscous for part in row)

    @property
    def everything(self) -> tuple[Any, ...]:
        return (*self.quantities, *(e for row in (*self.fluxes, *self.viscous) for e in row), *self.sources)


@dataclass
class _Parts:
    """One law while it is taken apart: `rest` is what has no place yet."""

    system: System
    rest: Any
    quantity: Any = sp.S.Zero
    fluxes: list[Any] = field(default_factory=list)
    viscous: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fluxes = [sp.S.Zero for _ in self.system.axes]
        self.viscous = [sp.S.Zero for _ in self.system.axes]

    def take(self, expression: Any, along: int) -> None:
        """The total derivative of an expression along a coordinate goes from the rest to where it belongs."""
        highest = max((sum(orders) for orders in _orders(self.system, expression)), default=0)
        if along == TIME:
            self.quantity += expression
        elif highest:
            self.viscous[along - 1] -= expression
        else:
            self.fluxes[along - 1] += expression
        self.rest -= self.system.jets.total(expression, along)


def balance_of(system: System, form: Canonical) -> Balance:
    """The problem as balance laws. Raises Unsuited with one sentence where it is none."""
    system.jets.work_anew()
    try:
        try:
            laws = [_taken_apart(system, law) for law in form.evolving]
        except Unsuited as reason:
            laws = _from_rates(system, form, reason)
        return _ordered(system, laws)
    except (TooLarge, Misread):
        raise Unsuited("The equations are too large to be put in the form of balance laws.") from None


def _from_rates(system: System, form: Canonical, reason: Unsuited) -> list[_Parts]:
    """The laws solved for the rates and then taken apart; raises the reason that spoke against them as they are written where that is no help."""
    if form.rates is None:
        raise reason
    zeros = (0,) * len(system.axes)
    try:
        return [
            _left_over(system, _Parts(system, system.jets.field(name, (1, *zeros)) - rate), name)
            for name, rate in form.rates.items()
        ]
    except Unsuited:
        raise reason from None


def _taken_apart(system: System, law: Law) -> _Parts:
    parts, algebra = _Parts(system, law.residual), _algebra(system)
    for sign, side in ((1, law.left), (-1, law.right)):
        for along, expression in _divergences(system, algebra, side, sp.Integer(sign)):
            for term in sp.Add.make_args(expression):
                orders = _orders(system, term)
                if all(sum(one) <= (along != TIME) and not one[TIME] for one in orders):
                    parts.take(term, along)
    return _left_over(system, parts, law.text)


def _algebra(system: System) -> Algebra:
    """What names in the laws' trees mean."""
    jets = system.jets
    given = {c.name: jets.field(c.name) if c.expression is None else c.expression for c in system.coefficients}
    fields = {u.name: jets.field(u.name) for u in system.unknowns}
    return Algebra(jets, system.coordinates, system.timed, {**system.symbols, **given, **system.definitions, **fields})


def _divergences(system: System, algebra: Algebra, node: Node, factor: Any) -> list[tuple[int, Any]]:
    """What is differentiated along which coordinate by the terms of a side that are written so, with their constant factors."""
    if node.head == "+":
        return [found for part in node.parts for found in _divergences(system, algebra, part, factor)]
    if node.head == "neg":
        return _divergences(system, algebra, node.parts[0], -factor)
    if node.head == "*":
        inner = [part for part in node.parts if _derives(part)]
        others = [algebra.made(part) for part in node.parts if not _derives(part)]
        constants = {system.symbols[p.name] for p in system.parameters}
        if len(inner) != 1 or any(isinstance(one, tuple) or one.free_symbols - constants for one in others):
            return []
        return _divergences(system, algebra, inner[0], sp.Mul(factor, *others))
    if not _derives(node):
        return []
    return [(along, factor * expression) for along, expression in _differentiated(system, algebra, node)]


def _derives(node: Node) -> bool:
    """Whether a term is one derivative of something (or such a one with a sign)."""
    if node.head == "neg":
        return _derives(node.parts[0])
    return node.head == "call" and node.word in SIGNS


def _differentiated(system: System, algebra: Algebra, node: Node) -> list[tuple[int, Any]]:
    inner = algebra.made(node.parts[0])
    axes = range(1, len(system.coordinates))
    if node.word == "div":
        return list(zip(axes, inner, strict=True)) if isinstance(inner, tuple) else []
    if isinstance(inner, tuple):
        return []
    if node.word == "dt":
        return [(TIME, inner)]
    if node.word == "laplace":
        return [(along, system.jets.total(inner, along)) for along in axes]
    along = [system.coordinates.index(part.word) for part in node.parts[1:] if part.head == "name"]
    if len(along) == 1 and len(node.parts) == 2:
        return [(along[0], inner)]
    twice = len(along) == 1 and node.parts[2].word == "2"
    return [(along[0], system.jets.total(inner, along[0]))] if twice else []


def _orders(system: System, expression: Any) -> list[Orders]:
    return [system.jets.meanings[jet][1] for jet in system.jets.among(expression)]


def _left_over(system: System, parts: _Parts, text: str) -> _Parts:
    """Derivatives that are not written as divergences, by their factors: rates first, then second derivatives, then first ones."""
    jets, axes = system.jets, range(1, len(system.coordinates))
    if any(sum(one) > 2 or (one[TIME] and sum(one) > 1) for one in _orders(system, parts.rest)):
        raise Unsuited("It has derivatives of higher than second order, for which there are no finite volumes here.")
    first = {u.name: jets.field(u.name) for u in system.unknowns}
    rates = {first[name]: slope for (name, _), slope in _slopes(system, parts.rest, [TIME]).items()}
    if rates:
        parts.take(_potential(system, rates, text), TIME)
    for i in axes:
        for j in axes:
            for (name, orders), slope in _slopes(system, parts.rest, [i, j]).items() if i <= j else ():
                if any(map(sum, _orders(system, slope))):
                    raise Unsuited(
                        f"Second derivatives in “{text}” have gradients as factors and are no divergence; write div or d(f, {system.coordinates[i]})."
                    )
                for along, other in ((i, j), (j, i)) if i != j else ((i, i),):
                    along_orders = tuple(int(k == other) for k in range(len(orders)))
                    parts.take(slope * jets.field(name, along_orders) * sp.Rational(1, 1 if i == j else 2), along)
    for i in axes:
        slopes = {first[name]: slope for (name, _), slope in _slopes(system, parts.rest, [i]).items()}
        if slopes:
            flux = _potential(system, slopes, text)
            if jumps_in_place(system, flux):
                raise Unsuited(
                    f"In “{text}” derivatives along {system.coordinates[i]} have factors that jump from place to place; write what is conserved as dt(q) and its flux as d(f, {system.coordinates[i]})."
                )
            parts.take(flux, i)
    still = {jet: sp.S.Zero for jet in jets.among(parts.rest) if sum(jets.meanings[jet][1])}
    for jet in still:
        if not vanishes(partial(parts.rest, jet)):
            raise Unsuited(f"“{text}” is no balance law: what is left has derivatives in it.")
    parts.rest = parts.rest.xreplace(still)
    parts.rest = sp.S.Zero if vanishes(parts.rest) else parts.rest
    return parts


def _slopes(system: System, rest: Any, along: Sequence[int]) -> dict[tuple[str, Orders], Any]:
    """Factors of the unknowns' derivatives along these coordinates, those that vanish left out."""
    wanted = tuple(along.count(k) for k in range(len(system.coordinates)))
    found = {}
    for jet in system.jets.among(rest):
        name, orders = system.jets.meanings[jet]
        if orders == wanted:
            slope = partial(rest, jet)
            # What cancels may hold derivatives still.
            held = {one: sp.S.Zero for one in system.jets.among(slope) if sum(system.jets.meanings[one][1])}
            if held and all(vanishes(partial(slope, one)) for one in held):
                slope = slope.xreplace(held)
            if not vanishes(slope):
                found[name, orders] = slope
    return found


def _potential(system: System, slopes: Mapping[sp.Symbol, Any], text: str) -> Any:
    """The function of the unknowns that has these slopes. Raises Unsuited where there is none or it is not found."""
    others = [system.jets.field(u.name) for u in system.unknowns]
    wanted = {u: slopes.get(u, sp.S.Zero) for u in sorted(others, key=lambda u: u not in slopes)}
    shown = ", ".join(u.name.split(":")[0] for u in slopes)
    no_divergence = Unsuited(
        f"Derivatives of {shown} in “{text}” have factors that make them no divergence, so that nothing says how fast shocks are; "
        "write what is conserved as dt(q) and its flux as d(f, x)."
    )
    if any(sum(one) for slope in slopes.values() for one in _orders(system, slope)):
        raise no_divergence
    found: Any = sp.S.Zero
    done: list[sp.Symbol] = []
    for unknown, slope in wanted.items():
        left = slope - partial(found, unknown)
        if not vanishes(left):
            if any(not vanishes(partial(left, other)) for other in done):
                raise no_divergence
            left = left.xreplace({other: sp.S.One for other in done if left.has(other)})
            integral = _integral(left, unknown)
            if integral is None:
                raise no_divergence
            found += integral
        done.append(unknown)
    if any(not vanishes(slope - partial(found, unknown)) for unknown, slope in wanted.items()):
        raise no_divergence
    return found


def _integral(slope: Any, unknown: sp.Symbol) -> Any:
    """The integral over an unknown: powers at once, what else is small by SymPy's rules for people; None where that is not enough."""
    if not slope.has(unknown):
        return slope * unknown
    total: Any = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(slope)):
        factor, rest = term.as_independent(unknown, as_Add=False)
        base, exponent = rest.as_base_exp()
        if base == unknown and not exponent.has(unknown) and exponent != -1:
            total += factor * unknown ** (exponent + 1) / (exponent + 1)
            continue
        if size(rest, SMALL) >= SMALL:
            return None
        integral = sp.integrate(rest, unknown, manual=True)
        if integral.has(sp.Integral):
            return None
        total += factor * integral
    return total


def _ordered(system: System, laws: Sequence[_Parts]) -> Balance:
    """The laws in the order of the unknowns that they are the balance of, divided by constant factors of these."""
    unknowns = [system.jets.field(u.name) for u in system.unknowns]
    constants = {system.symbols[p.name] for p in system.parameters}
    placed: dict[sp.Symbol, _Parts] = {}
    waiting = []
    for parts in laws:
        owner = next((u for u in unknowns if parts.quantity.has(u)), None)
        factor = parts.quantity / owner if owner is not None else None
        if owner is None or owner in placed or factor is None or factor.free_symbols - constants:
            waiting.append(parts)
            continue
        placed[owner] = parts
        parts.quantity = owner
        parts.fluxes, parts.viscous = ([e / factor for e in row] for row in (parts.fluxes, parts.viscous))
        parts.rest = parts.rest / factor
    rows = [placed.get(u) or waiting.pop(0) for u in unknowns]
    symbols = tuple(sp.Symbol(f"q{k}") for k in range(len(rows)))
    quantities = tuple(one.quantity for one in rows)
    return Balance(
        quantities,
        tuple(tuple(one.fluxes[k] for one in rows) for k in range(len(system.axes))),
        tuple(tuple(one.viscous[k] for one in rows) for k in range(len(system.axes))),
        tuple(-one.rest for one in rows),
        symbols,
        _inverse(quantities, unknowns, symbols),
    )


def _inverse(quantities: Sequence[Any], unknowns: Sequence[sp.Symbol], symbols: Sequence[sp.Symbol]) -> tuple[Any, ...]:
    """The unknowns from the quantities, one after the other: each from a quantity that is linear in it and has no other new one."""
    known: dict[sp.Symbol, Any] = {}
    while len(known) < len(unknowns):
        before = len(known)
        for quantity, symbol in zip(quantities, symbols, strict=True):
            new = [u for u in unknowns if quantity.has(u) and u not in known]
            if len(new) == 1 and not (slope := partial(quantity, new[0])).has(new[0]):
                rest = quantity.xreplace({new[0]: sp.S.Zero})
                known[new[0]] = ((symbol - rest) / slope).xreplace(known)
        if len(known) == before:
            raise Unsuited(
                "The unknowns do not follow one after the other from what is conserved; choose what stands in dt(...) as unknowns."
            )
    return tuple(known[u] for u in unknowns)
