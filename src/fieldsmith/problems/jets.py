"""Fields and their derivatives as symbols, so that an equation is an expression without derivatives in it (a function on jet space)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.problems.faults import Misread, TooLarge
from fieldsmith.problems.functions import Power
from fieldsmith.problems.numbers import evaluate

Orders = tuple[int, ...]
HIGHEST = 8
"""Order of derivatives that are read."""
MOST_NODES = 6_000
"""Nodes that one derivative may make."""
LARGE = 150
"""Nodes from which on nothing is evaluated that SymPy would look at signs for."""
MOST_WORK = 40_000
"""Parts of nodes that all derivatives of a problem may look at while it is read, and as many again while it is judged: a count and no time,
so that a problem is understood alike on every machine."""
TRIES = 7
"""Points of jet space at which an expression is looked at."""
ZERO, ONE = sp.Integer(0), sp.Integer(1)


@dataclass
class Jets:
    """The derivatives of fields along coordinates, made as they are met.

    A complex field u has a partner, its conjugate: the two are independent symbols, as in the calculus of Wirtinger.
    """

    coordinates: tuple[sp.Symbol, ...]
    """The time first, where there is one."""
    symbols: dict[tuple[str, Orders], sp.Symbol] = field(default_factory=dict)
    meanings: dict[sp.Symbol, tuple[str, Orders]] = field(default_factory=dict)
    partners: dict[str, str] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    """Given fields, such as coefficients: what they are is no question of the equations."""
    work: list[int] = field(default_factory=lambda: [MOST_WORK])
    """What is left of it."""

    def work_anew(self) -> None:
        self.work[0] = MOST_WORK

    def field(self, name: str, orders: Sequence[int] = ()) -> sp.Symbol:
        key = (name, tuple(orders) or (0,) * len(self.coordinates))
        if key not in self.symbols:
            if sum(key[1]) > HIGHEST:
                raise Misread(f"A derivative of {name} has order {sum(key[1])}.", 0, f"Up to {HIGHEST} is read.")
            marks = "".join(f"{n}" for n in key[1])
            self.symbols[key] = sp.Symbol(f"{name}:{marks}")
            self.meanings[self.symbols[key]] = key
        return self.symbols[key]

    def along(self, jet: sp.Symbol, coordinate: int) -> sp.Symbol:
        name, orders = self.meanings[jet]
        return self.field(name, tuple(n + (k == coordinate) for k, n in enumerate(orders)))

    def total(self, expression: Any, coordinate: int) -> Any:
        """The total derivative along a coordinate. Raises TooLarge, and Misread for an order that is too high."""
        here = self.coordinates[coordinate]

        def leaf(symbol: sp.Symbol) -> Any:
            if symbol == here:
                return ONE
            return self.along(symbol, coordinate) if symbol in self.meanings else ZERO

        return differentiated(expression, leaf, self.work)

    def conjugate(self, expression: Any) -> Any:
        """The complex conjugate: fields and their partners change places, and I its sign."""
        swap: dict[Any, Any] = {sp.I: -sp.I}
        for symbol in expression.free_symbols & self.meanings.keys():
            name, orders = self.meanings[symbol]
            if name in self.partners:
                swap[symbol] = self.field(self.partners[name], orders)
        return _exchanged(expression, swap)

    def is_real(self, expression: Any) -> bool:
        """Whether an expression is a real number, or one times a constant phase, for all values of the fields: numbers drawn at random tell."""
        rng = np.random.default_rng(17)
        values: dict[Any, Any] = {}
        for symbol in sorted(expression.free_symbols, key=str):
            values[symbol] = rng.uniform(0.3, 1.7, TRIES)
        for symbol in sorted(expression.free_symbols & self.meanings.keys(), key=lambda s: self.meanings[s]):
            name, orders = self.meanings[symbol]
            if name in self.partners:
                drawn = rng.uniform(0.3, 1.7, TRIES) + 1j * rng.uniform(-1.0, 1.0, TRIES)
                values[symbol], values[self.field(self.partners[name], orders)] = drawn, np.conj(drawn)
        found = np.broadcast_to(np.asarray(evaluate(expression, values), complex), (TRIES,))
        found = found[np.isfinite(found) & (found != 0)]
        return bool(np.all(np.abs(np.imag(found * np.conj(found[:1]))) <= 1e-9 * np.abs(found) * np.abs(found[:1])))

    def unknown(self, symbol: Any) -> bool:
        return symbol in self.meanings and self.meanings[symbol][0] not in self.fixed

    def among(self, expression: Any, *, given: bool = False) -> list[sp.Symbol]:
        """The jets of unknowns (or, with `given`, of given fields too) in an expression, in a settled order."""
        found = [s for s in expression.free_symbols if s in self.meanings and (given or self.unknown(s))]
        return sorted(found, key=lambda s: self.meanings[s])


def _exchanged(node: Any, swap: dict[Any, Any]) -> Any:
    """Atoms exchanged, the imaginary unit among them, which SymPy hides in numbers as no node of its own."""
    if node in swap:
        return swap[node]
    return node.func(*(_exchanged(part, swap) for part in node.args)) if node.args else node


def differentiated(expression: Any, leaf: Callable[[sp.Symbol], Any], work: list[int] | None = None) -> Any:
    """The derivative of a tree by the chain rule, `leaf` giving that of each symbol. Raises TooLarge, also where no `work` is left."""
    memo: dict[Any, Any] = {}
    room = [MOST_NODES]
    work = [MOST_WORK] if work is None else work

    def slope(node: Any) -> Any:
        if isinstance(node, sp.Symbol):
            return leaf(node)
        if not node.args:
            return ZERO
        if node not in memo:
            room[0] -= len(node.args)
            work[0] -= len(node.args)
            if room[0] < 0 or work[0] < 0:
                raise TooLarge
            memo[node] = _rule(node, slope, room)
        return memo[node]

    return slope(expression)


def _rule(node: Any, slope: Callable[[Any], Any], room: list[int]) -> Any:
    if node.is_Add:
        return sp.Add(*map(slope, node.args))
    if node.is_Mul:
        terms = []
        for k, part in enumerate(node.args):
            if (inner := slope(part)) != 0:
                room[0] -= len(node.args)
                if room[0] < 0:
                    raise TooLarge
                terms.append(sp.Mul(inner, *node.args[:k], *node.args[k + 1 :]))
        return sp.Add(*terms)
    if node.is_Pow:
        base, exponent = node.args
        down, up = slope(base), slope(exponent)
        found = exponent * power(base, exponent - 1) * down if down != 0 else ZERO
        return found + (node * sp.log(base) * up if up != 0 else 0)
    terms = [(k, inner) for k, part in enumerate(node.args, 1) if (inner := slope(part)) != 0]
    return sp.Add(*(inner * node.fdiff(k) for k, inner in terms))


def power(base: Any, exponent: Any) -> Any:
    """A power; of a large base one that SymPy does not ask for its sign, which takes as long as it takes."""
    large = not exponent.is_Integer and size(base, LARGE) >= LARGE
    return Power(base, exponent) if large else sp.Pow(base, exponent)


def applied(function: Callable[..., Any], *arguments: Any) -> Any:
    """A function of arguments; of large ones one that SymPy leaves as it is."""
    if isinstance(function, type) and issubclass(function, sp.Function) and size(sp.Tuple(*arguments), LARGE) >= LARGE:
        return function(*arguments, evaluate=False)
    return function(*arguments)


def partial(expression: Any, symbol: sp.Symbol) -> Any:
    """The partial derivative with respect to one symbol. Raises TooLarge."""
    return differentiated(expression, lambda other: ONE if other == symbol else ZERO)


def size(expression: Any, most: int = MOST_NODES) -> int:
    """The number of nodes, counted no further than `most`."""
    count, waiting = 0, [expression]
    while waiting and count < most:
        node = waiting.pop()
        count += 1
        waiting.extend(node.args)
    return count
