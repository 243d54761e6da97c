"""The symbols of an equation, and its sides and rates as expressions in them."""

import math
from collections.abc import Mapping
from functools import cached_property

import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.equation import Axis, Equation
from fieldsmith.equations.expressions import D, Expression, Unsuited, parsed


def _real(name: str) -> sp.Symbol:
    return sp.Symbol(name, real=True)


class Symbols:
    """An equation as SymPy expressions, in any dimension. Raises Unsuited for one that makes no sense.

    Symbols have placeholders for names, which generated programs replace (`names.settled`). Derivatives stay unevaluated as
    `D(f, x)`, so that fluxes keep their conservative form.
    """

    def __init__(self, equation: Equation, parameters: Mapping[str, float] | None = None) -> None:
        self.equation = equation
        self.parameters = dict(parameters or {})
        self.unknowns = tuple(_real(names.symbol(name)) for name in equation.unknowns)
        self.coordinates = tuple(_real(names.symbol(axis.name)) for axis in equation.axes)
        self.time = _real(names.clock("t"))
        given = (*equation.parameters, *equation.constants, *equation.coefficients)
        self.symbols = {name: _real(names.symbol(name)) for name in given}
        self.positive = tuple(names.symbol(name) for name in equation.positive)
        axes = zip((axis.name for axis in equation.axes), self.coordinates, strict=True)
        scope = {**self.symbols, **dict(zip(equation.unknowns, self.unknowns, strict=True)), **dict(axes)}
        self.scope = scope if self.steady else {"t": self.time, **scope}
        values = {**equation.constants, **self.parameters}
        self.numbers = {symbol: sp.Float(values[name]) for name, symbol in self.symbols.items() if name in values}
        """Values of constants and, where they are given, of parameters."""
        self._check()

    def _check(self) -> None:
        """Raises Unsuited for what is wrong whatever the method."""
        equation = self.equation
        named = [*equation.unknowns, *self.symbols, *(axis.name for axis in equation.axes)]
        for name in named:
            if not name.isidentifier():
                raise Unsuited(f"The name “{name}” is not an identifier.")
            if named.count(name) > 1:
                raise Unsuited(f"The name {name} stands for two things.")
        for axis in equation.axes:
            if (axis.lower.kind == "periodic") != (axis.upper.kind == "periodic"):
                raise Unsuited(f"The axis {axis.name} is periodic at one end only.")
            if not (math.isfinite(axis.low) and math.isfinite(axis.high) and axis.low < axis.high):
                raise Unsuited(f"The axis {axis.name} does not go from a number up to a larger one.")
            for boundary in (axis.lower, axis.upper):
                if self.parse(boundary.value).has(D, *self.unknowns):
                    raise Unsuited(f"A boundary value on {axis.name} depends on the solution.")
        if not equation.axes or not equation.unknowns or len(equation.balances) != len(equation.unknowns):
            raise Unsuited("There must be an axis, and as many balances as unknowns.")
        if any(q.has(D, self.time) for q in self.quantities):
            raise Unsuited("What is balanced must not hold derivatives or the time.")
        _ = self.right_hand_sides

    def parse(self, text: str) -> Expression:
        return parsed(text, self.scope, self.coordinates)

    @property
    def axis(self) -> Axis:
        return self.equation.axes[0]

    @property
    def dimensions(self) -> int:
        return len(self.equation.axes)

    @property
    def periodic(self) -> bool:
        return all(axis.periodic for axis in self.equation.axes)

    @property
    def steady(self) -> bool:
        return self.equation.steady

    @property
    def places(self) -> tuple[sp.Basic, ...]:
        """What varies from place to place or in time besides the unknowns."""
        return (*self.coordinates, self.time, *(self.symbols[name] for name in self.equation.coefficients))

    @property
    def varying(self) -> tuple[sp.Basic, ...]:
        """Symbols that change over the domain or with the solution."""
        return (*self.unknowns, *self.places)

    @cached_property
    def right_hand_sides(self) -> tuple[Expression, ...]:
        return tuple(self.parse(balance.rhs) for balance in self.equation.balances)

    @cached_property
    def quantities(self) -> tuple[Expression, ...]:
        return tuple(self.parse(balance.quantity or "0") for balance in self.equation.balances)

    @property
    def direct(self) -> bool:
        """Whether each balance is for one unknown itself, in order."""
        return self.quantities == self.unknowns

    @cached_property
    def rates(self) -> tuple[Expression, ...]:
        """d(unknown)/dt for each unknown: the balances solved for them, by the chain rule unless they are direct."""
        if self.direct:
            return self.right_hand_sides
        jacobian = sp.Matrix([[sp.diff(q, w) for w in self.unknowns] for q in self.quantities])
        rhs = sp.Matrix([self.chain(side) for side in self.right_hand_sides])
        try:
            solved = jacobian.LUsolve(rhs)
        except ValueError:
            raise Unsuited("The balances cannot be solved for the unknowns' rates.") from None
        return tuple(sp.expand(sp.simplify(rate)) for rate in solved)

    def chain(self, expression: Expression) -> Expression:
        """All derivatives carried through to derivatives of single unknowns or coefficients."""
        fields = (*self.unknowns, *(self.symbols[name] for name in self.equation.coefficients))

        def differentiate(inner: Expression, axis: Expression) -> Expression:
            inner = self.chain(inner)
            marks = {atom: sp.Dummy() for atom in inner.atoms(D)}
            plain = inner.xreplace(marks)
            result = sp.diff(plain, axis)
            for field in fields:
                result += sp.diff(plain, field) * D(field, axis)
            for atom, mark in marks.items():
                result += sp.diff(plain, mark) * D(atom, axis)
            return result.xreplace({mark: atom for atom, mark in marks.items()})

        if isinstance(expression, D):
            inner, axis = expression.args
            if inner in fields or (isinstance(inner, D) and self._is_chain(inner, fields)):
                return expression
            return differentiate(inner, axis)
        if not expression.args or not expression.has(D):
            return expression
        return expression.func(*(self.chain(arg) for arg in expression.args))

    def _is_chain(self, expression: sp.Basic, fields: tuple[sp.Symbol, ...]) -> bool:
        while isinstance(expression, D):
            expression = expression.args[0]
        return expression in fields

    def valued(self, expression: Expression) -> Expression:
        """The expression with numbers for constants and parameters."""
        return sp.simplify(expression.xreplace(self.numbers))
