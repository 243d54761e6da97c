"""What a numerical analyst reads off an equation before choosing a method.

An `Equation` is parsed with SymPy; derivatives stay unevaluated as `D(f, x)` so that fluxes keep their
conservative form. Terms are split into a constant-coefficient linear part, which becomes a Fourier symbol,
and the rest, grouped by the number of derivatives in front.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp
from sympy.parsing.sympy_parser import parse_expr

from fieldsmith.tasks.equation import Axis, Equation

Expression = Any
"""A SymPy expression; SymPy's own annotations are too narrow to check against."""

# Names that generated programs use for their own purposes; an equation's symbol of that name gets an underscore.
RESERVED = frozenset(
    [
        "np",
        "fft",
        "time",
        "sparse",
        "spsolve",
        "os",
        "k",
        "ik",
        "t",
        "h",
        "dt",
        "n",
        "m",
        "j",
        "i",
        "b",
        "q",
        "q0",
        "q1",
        "q2",
        "points",
        "state",
        "spectra",
        "fields",
        "first",
        "nodes",
        "inner",
        "start",
        "starts",
        "times",
        "limit",
        "rate",
        "speed",
        "one",
        "two",
        "a_coarse",
        "left",
        "right",
        "through",
        "scale",
        "gain",
        "memory",
        "stages",
        "x0",
        "values",
        "self",
        "problem",
        "steps",
        "level",
        "answer",
        "finer",
        "coarse",
        "fine",
        "source",
        "west",
        "south",
        "diagonal",
        "ax",
        "ay",
        "hx",
        "hy",
        "wx",
        "wy",
        "u_",
        "number",
        "load",
        "drift",
        "fixed",
        "value",
        "free",
        "matrix",
        "COURANT",
        "LEVELS",
        "TOLERANCE",
        "OVERSAMPLING",
        "BUDGET",
        "LOW",
        "HIGH",
        "LENGTH",
        "FACTOR",
        "FLOOR",
        "POINTS",
        "COARSE",
        "FINE",
        "KINDS",
        "lambda",
        "def",
    ]
)


def code_name(name: str) -> str:
    """The name that an equation's symbol has in generated programs."""
    return f"{name}_" if name in RESERVED else name


class D(sp.Function):
    """Unevaluated partial derivative of the first argument along the second."""

    nargs = 2


def _derivative(expression: Expression, *axes: sp.Symbol) -> Expression:
    for axis in axes:
        expression = D(expression, axis)
    return expression


@dataclass(frozen=True)
class Terms:
    """Right-hand side of one balance in one dimension.

    `linear` maps the number of derivatives n to the constant coefficient of d^n(unknown)/dx^n; `fluxes` maps n
    to an expression whose n-th derivative is added.
    """

    linear: Mapping[int, Expression]
    fluxes: Mapping[int, Expression]


class Analysis:
    """An equation, understood. Raises ValueError for an expression that cannot be parsed."""

    def __init__(self, equation: Equation) -> None:
        self.equation = equation
        self.unknowns = tuple(sp.Symbol(code_name(name), real=True) for name in equation.unknowns)
        self.coordinates = tuple(sp.Symbol(axis.name, real=True) for axis in equation.axes)
        self.time = sp.Symbol("t", real=True)
        names = (*equation.parameters, *equation.constants, *equation.coefficients)
        self.symbols = {name: sp.Symbol(code_name(name), real=True) for name in names}
        self.positive = tuple(code_name(name) for name in equation.positive)
        self.scope = {
            **self.symbols,
            **dict(zip(equation.unknowns, self.unknowns, strict=True)),
            **{symbol.name: symbol for symbol in (*self.coordinates, self.time)},
            "d": _derivative,
        }

    def parse(self, text: str) -> Expression:
        return parse_expr(text, local_dict=dict(self.scope))

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
    def varying(self) -> tuple[sp.Basic, ...]:
        """Symbols that change over the domain or with the solution."""
        given = tuple(self.symbols[name] for name in self.equation.coefficients)
        return (*self.unknowns, *self.coordinates, self.time, *given)

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
        solved = jacobian.LUsolve(rhs)
        return tuple(sp.expand(sp.simplify(rate)) for rate in solved)

    @cached_property
    def terms(self) -> tuple[Terms, ...]:
        """Each unknown's rate split into linear symbol and fluxes (one dimension)."""
        return tuple(self._split(rate, unknown) for rate, unknown in zip(self.rates, self.unknowns, strict=True))

    @cached_property
    def linear(self) -> bool:
        """Whether all is linear with constant coefficients and without sources."""
        return all(not terms.fluxes for terms in self.terms)

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

    def _split(self, expression: Expression, unknown: sp.Symbol) -> Terms:
        linear: dict[int, Expression] = {}
        fluxes: dict[int, Expression] = {}
        for term in sp.Add.make_args(sp.expand(expression)):
            factor, rest = term.as_independent(*self.varying, D)
            if rest == unknown:
                linear[0] = linear.get(0, sp.Integer(0)) + factor
            elif isinstance(rest, D):
                inner = self._split(rest.args[0], unknown)
                for n, coefficient in inner.linear.items():
                    linear[n + 1] = linear.get(n + 1, sp.Integer(0)) + factor * coefficient
                for n, flux in inner.fluxes.items():
                    fluxes[n + 1] = fluxes.get(n + 1, sp.Integer(0)) + factor * flux
            else:
                fluxes[0] = fluxes.get(0, sp.Integer(0)) + term
        return Terms(linear, {n: self.chain(flux) for n, flux in fluxes.items() if flux != 0})

    @cached_property
    def transport(self) -> sp.Matrix:
        """A[i, j] = minus the coefficient of d(unknown j)/dx in d(unknown i)/dt: its eigenvalues are wave speeds."""
        axis = self.coordinates[0]
        rows = []
        for terms, unknown in zip(self.terms, self.unknowns, strict=True):
            total = self._remainder(terms) + terms.linear.get(1, sp.Integer(0)) * D(unknown, axis)
            plain = self._no_derivatives(total)
            rows.append([-sp.expand(total).coeff(D(w, axis)).xreplace(plain) for w in self.unknowns])
        return sp.Matrix(rows)

    def _remainder(self, terms: Terms) -> Expression:
        """All that is not in the linear symbol, expanded into derivatives of single unknowns."""
        return sum((self._expanded(flux, n) for n, flux in terms.fluxes.items()), sp.Integer(0))

    def _expanded(self, flux: Expression, order: int) -> Expression:
        return sp.expand(self.chain(_derivative(flux, *[self.coordinates[0]] * order)))

    def _no_derivatives(self, expression: Expression) -> dict[Any, Any]:
        return {atom: sp.Integer(0) for atom in expression.atoms(D)}

    @cached_property
    def diffusion(self) -> tuple[Expression, ...]:
        """Coefficient of each unknown's own second derivative in the part that is not in its linear symbol."""
        axis = self.coordinates[0]
        found = []
        for terms, unknown in zip(self.terms, self.unknowns, strict=True):
            coefficient: Expression = sp.expand(self._remainder(terms)).coeff(_derivative(unknown, axis, axis))
            found.append(coefficient.xreplace(self._no_derivatives(coefficient)))
        return tuple(found)

    @cached_property
    def reaction(self) -> tuple[Expression, ...]:
        """d(rate of unknown)/d(unknown) of the parts without derivatives: how fast things change in place."""
        return tuple(
            sp.diff(
                terms.fluxes.get(0, sp.Integer(0)).xreplace(self._no_derivatives(terms.fluxes.get(0, sp.Integer(0)))), w
            )
            for terms, w in zip(self.terms, self.unknowns, strict=True)
        )
