"""Formulas of a balance law as the bodies of a program's functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from fieldsmith.boxes.code import Code
from fieldsmith.boxes.families.volumes.balance import Balance
from fieldsmith.boxes.form import Form
from fieldsmith.problems.jets import Orders, partial
from fieldsmith.problems.system import System


@dataclass(frozen=True)
class Formula:
    """Lines that name what the values hold, and the values."""

    opening: tuple[str, ...]
    values: tuple[str, ...]


class Writer:
    """Writes formulas over `fields` (of the unknowns), `slopes` (along each axis, of each unknown), `place` (coordinates, sampled coefficients), the time and
    `parameters` (those that are arguments)."""

    def __init__(self, form: Form, balance: Balance, more: Sequence[Any]) -> None:
        self.form, self.system = form, form.system
        self.code = Code(form.system)
        self.samples = _samples(form.system, [*balance.everything, *more])
        symbols = {name: sp.Symbol(f"definition {name}") for name in form.system.definitions}
        pairs = [(body, symbols[name]) for name, body in form.system.definitions.items() if body.args]
        self.definitions = dict(reversed(pairs))  # what holds others comes before them
        self.code.printer.words |= {symbol: name for name, symbol in symbols.items()}

    @property
    def first(self) -> str:
        """The array of the first unknown."""
        return self.code.array(self.system.unknowns[0].name, self._orders())

    def _orders(self, axis: int | None = None) -> Orders:
        return tuple(int(axis is not None and k == axis + 1) for k in range(len(self.system.coordinates)))

    def values(self, *expressions: Any, fields: str = "fields", like: bool = True) -> Formula:
        """Values as arrays of the fields' shape (with `like`, what holds no unknown too)."""
        named = [self._named(sp.sympify(e)) for e in expressions]
        used = set[sp.Symbol]().union(*(e.free_symbols for e in named))
        lines = []
        bodies = {symbol: body for body, symbol in self.definitions.items()}
        order = [symbol for symbol in reversed(bodies)]  # as they are declared: each needs only those before it
        for symbol in reversed(order):
            if symbol in used:
                bodies[symbol] = bodies[symbol].xreplace({b: s for b, s in self.definitions.items() if s != symbol})
                used |= bodies[symbol].free_symbols
        for symbol in order:
            if symbol in used:
                lines.append(f"{self.code.numpy(symbol)} = {self.code.numpy(bodies[symbol])}")
        codes = [self._like(e, self.code.numpy(e), bodies) if like else self.code.numpy(e) for e in named]
        needs_first = like and any("zeros_like" in code for code in codes)
        return Formula((*self._openings(used, fields, needs_first), *lines), tuple(codes))

    def _named(self, expression: Any) -> Any:
        """The expression with the names of definitions for what they stand for, as factors of a product too."""
        found = expression.xreplace(self.definitions)
        for body, symbol in self.definitions.items():
            if body.is_Mul:
                parts = set(body.args)
                products = [e for e in found.atoms(sp.Mul) if parts <= set(e.args)]
                found = found.xreplace({e: sp.Mul(symbol, *(set(e.args) - parts)) for e in products})
        return found

    def _like(self, expression: Any, code: str, bodies: dict[Any, Any]) -> str:
        holds = expression.free_symbols
        if self.system.jets.among(expression) or any(self.system.jets.among(bodies[s]) for s in holds & bodies.keys()):
            return code
        zeros = f"np.zeros_like({self.first})"
        return zeros if expression == 0 else f"{code} + {zeros}"

    def _openings(self, used: set[sp.Symbol], fields: str, first: bool) -> list[str]:
        system, meanings = self.system, self.system.jets.meanings
        names = [u.name for u in system.unknowns]
        lines = []
        if first or any(meanings.get(s) == (name, self._orders()) for s in used for name in names):
            lines.append(_opened([self.code.array(name, self._orders()) for name in names], fields))
        for k in range(len(system.axes)):
            if any(meanings.get(s, ("", ()))[1] == self._orders(k) and meanings[s][0] in names for s in used):
                lines.append(_opened([self.code.array(name, self._orders(k)) for name in names], f"slopes[{k}]"))
        places = [system.symbols[axis.name] for axis in system.axes]
        given = [system.jets.field(*key) for key in self.samples]
        if used & {*places, *given}:
            codes = [self.code.symbol(axis.name) for axis in system.axes]
            lines.append(_opened([*codes, *(self.code.array(*key) for key in self.samples)], "place"))
        if used & {system.symbols[p.name] for p in self.form.ranged}:
            lines.append(_opened([self.code.symbol(p.name) for p in self.form.ranged], "parameters"))
        return lines

    def inverse(self, balance: Balance) -> Formula:
        """The unknowns from the quantities."""
        names = [f"quantity_{u.name}" for u in self.system.unknowns]
        self.code.printer.words |= dict(zip(balance.symbols, names, strict=True))
        used = set[sp.Symbol]().union(*(e.free_symbols for e in balance.inverse))
        lines = [_opened([self.code.symbol(name) for name in names], "state"), *self._openings(used, "", False)]
        return Formula(tuple(lines), tuple(self.code.numpy(e) for e in balance.inverse))

    def condition(self, residuals: Sequence[Any], axis: int) -> tuple[Formula, list[list[tuple[str, str]]]]:
        """Residuals of conditions, and for each its slopes in each unknown and in that one's derivative across, empty where these are 0."""
        jets, names = self.system.jets, [u.name for u in self.system.unknowns]
        table = [
            [(partial(r, jets.field(u)), partial(r, jets.field(u, self._orders(axis)))) for u in names]
            for r in residuals
        ]
        whole = self.values(*residuals, *(e for row in table for pair in row for e in pair), like=False)

        def text(slope: Any) -> str:
            return "" if slope == 0 else self.code.numpy(self._named(slope))

        slopes = [[(text(own), text(across)) for own, across in row] for row in table]
        return Formula(whole.opening, whole.values[: len(residuals)]), slopes


def _opened(names: Sequence[str], source: str) -> str:
    return f"({names[0]},) = {source}" if len(names) == 1 else f"{', '.join(names)} = {source}"


def _samples(system: System, expressions: Sequence[Any]) -> tuple[tuple[str, Orders], ...]:
    """Sampled coefficients and derivatives of them that the expressions hold."""
    found = {jet for e in expressions for jet in system.jets.among(sp.sympify(e), given=True)}
    return tuple(sorted(system.jets.meanings[s] for s in found if not system.jets.unknown(s)))
