"""What a numerical analyst reads off an equation before choosing a method.

An `Equation` is parsed with SymPy; derivatives stay unevaluated as `D(f, x)` so that fluxes keep their
conservative form. Terms are split into a constant-coefficient linear part, which becomes a Fourier symbol,
and the rest, grouped by the number of derivatives in front.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.equation import Axis, Equation
from fieldsmith.equations.expressions import D, Expression, Unsuited, base_and_order, derivative, parsed


def _real(name: str) -> sp.Symbol:
    return sp.Symbol(name, real=True)


@dataclass(frozen=True)
class Terms:
    """Right-hand side of one balance in one dimension.

    `linear` maps the number of derivatives n to the constant coefficient of d^n(unknown)/dx^n, `coupling` maps
    another unknown and n to that of d^n(other)/dx^n; `fluxes` maps n to an expression whose n-th derivative is added.
    """

    linear: Mapping[int, Expression]
    coupling: Mapping[tuple[sp.Symbol, int], Expression]
    fluxes: Mapping[int, Expression]

    @property
    def apart(self) -> "Terms":
        """The same with the coupling among the fluxes."""
        fluxes = dict(self.fluxes)
        for (other, n), coefficient in self.coupling.items():
            fluxes[n] = fluxes.get(n, sp.Integer(0)) + coefficient * other
        return Terms(self.linear, {}, fluxes)


class Analysis:
    """An equation, understood. Raises Unsuited for one that cannot be.

    Symbols have placeholders for names, which generated programs replace (`names.settled`).
    """

    def __init__(self, equation: Equation) -> None:
        self.equation = equation
        self.unknowns = tuple(_real(names.symbol(name)) for name in equation.unknowns)
        self.coordinates = tuple(_real(names.symbol(axis.name)) for axis in equation.axes)
        self.time = _real(names.clock("t"))
        given = (*equation.parameters, *equation.constants, *equation.coefficients)
        self.symbols = {name: _real(names.symbol(name)) for name in given}
        self.positive = tuple(names.symbol(name) for name in equation.positive)
        axes = zip((axis.name for axis in equation.axes), self.coordinates, strict=True)
        scope = {**self.symbols, **dict(zip(equation.unknowns, self.unknowns, strict=True)), **dict(axes)}
        self.scope = scope if self.steady else {"t": self.time, **scope}
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
        try:
            solved = jacobian.LUsolve(rhs)
        except ValueError:
            raise Unsuited("The balances cannot be solved for the unknowns' rates.") from None
        return tuple(sp.expand(sp.simplify(rate)) for rate in solved)

    @cached_property
    def _split_rates(self) -> tuple[Terms, ...]:
        return tuple(self._split(rate, unknown) for rate, unknown in zip(self.rates, self.unknowns, strict=True))

    @cached_property
    def coupled(self) -> bool:
        """Whether the linear part is to be taken as one matrix: coupling by second or higher derivatives is stiff."""
        orders = {n for terms in self._split_rates for _, n in terms.coupling}
        return max(orders, default=0) >= 2 or (bool(orders) and not any(terms.fluxes for terms in self._split_rates))

    @cached_property
    def terms(self) -> tuple[Terms, ...]:
        """Each unknown's rate split into linear symbol, coupling where it is taken with it, and fluxes."""
        return self._split_rates if self.coupled else tuple(terms.apart for terms in self._split_rates)

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
        coupling: dict[tuple[sp.Symbol, int], Expression] = {}
        fluxes: dict[int, Expression] = {}

        def add(terms: dict[Any, Expression], key: Any, value: Expression) -> None:
            terms[key] = terms.get(key, sp.Integer(0)) + value

        for term in sp.Add.make_args(sp.expand(expression)):
            factor, rest = term.as_independent(*self.varying, D)
            if rest == unknown:
                add(linear, 0, factor)
            elif rest in self.unknowns:
                add(coupling, (rest, 0), factor)
            elif isinstance(rest, D):
                inner = self._split(rest.args[0], unknown)
                for n, coefficient in inner.linear.items():
                    add(linear, n + 1, factor * coefficient)
                for (other, n), coefficient in inner.coupling.items():
                    add(coupling, (other, n + 1), factor * coefficient)
                for n, flux in inner.fluxes.items():
                    add(fluxes, n + 1, factor * flux)
            else:
                add(fluxes, 0, term)
        return Terms(linear, coupling, {n: self.chain(flux) for n, flux in fluxes.items() if flux != 0})

    @cached_property
    def transport(self) -> sp.Matrix:
        """A[i, j] = minus the coefficient of d(unknown j)/dx in d(unknown i)/dt: its eigenvalues are wave speeds."""
        axis = self.coordinates[0]
        rows = []
        for terms, unknown in zip(self.terms, self.unknowns, strict=True):
            total = self._remainder(terms) + terms.linear.get(1, sp.Integer(0)) * D(unknown, axis)
            total += sum((c * D(other, axis) for (other, n), c in terms.coupling.items() if n == 1), sp.Integer(0))
            plain = self._no_derivatives(total)
            rows.append([-sp.expand(total).coeff(D(w, axis)).xreplace(plain) for w in self.unknowns])
        return sp.Matrix(rows)

    @cached_property
    def stiffness(self) -> Mapping[tuple[int, int], Mapping[int, Expression]]:
        """By (i, j) and n >= 2, how the rate of unknown i changes with d^n(unknown j)/dx^n, by terms that no symbol holds.

        An unknown's own diffusion is left out as far as `diffusion` has it, unless there is a matrix of symbols.
        """
        found: dict[tuple[int, int], dict[int, Expression]] = {}
        for i, terms in enumerate(self.terms):
            rest = self._remainder(terms)
            marks = {atom: sp.Dummy() for atom in rest.atoms(D)}
            marked, back = rest.xreplace(marks), {mark: atom for atom, mark in marks.items()}
            for atom, mark in marks.items():
                unknown, n = base_and_order(atom)
                slope = sp.diff(marked, mark).xreplace(back)
                if n == 2 and unknown == self.unknowns[i] and not self.coupled:
                    slope -= self.diffusion[i]
                slope = sp.simplify(slope)
                if n >= 2 and slope != 0 and unknown in self.unknowns:
                    found.setdefault((i, self.unknowns.index(unknown)), {})[n] = slope
        return found

    def _remainder(self, terms: Terms) -> Expression:
        """All that is not in the linear symbol, expanded into derivatives of single unknowns."""
        return sum((self._expanded(flux, n) for n, flux in terms.fluxes.items()), sp.Integer(0))

    def _expanded(self, flux: Expression, order: int) -> Expression:
        return sp.expand(self.chain(derivative(flux, *[self.coordinates[0]] * order)))

    def _no_derivatives(self, expression: Expression) -> dict[Any, Any]:
        return {atom: sp.Integer(0) for atom in expression.atoms(D)}

    @cached_property
    def diffusion(self) -> tuple[Expression, ...]:
        """Coefficient of each unknown's own second derivative in the part that is not in its linear symbol."""
        axis = self.coordinates[0]
        found = []
        for terms, unknown in zip(self.terms, self.unknowns, strict=True):
            coefficient: Expression = sp.expand(self._remainder(terms)).coeff(derivative(unknown, axis, axis))
            found.append(coefficient.xreplace(self._no_derivatives(coefficient)))
        return tuple(found)

    @cached_property
    def reaction(self) -> tuple[Expression, ...]:
        """d(rate of unknown)/d(unknown) of the parts without derivatives: how fast things change in place."""
        slopes = []
        for terms, unknown in zip(self.terms, self.unknowns, strict=True):
            local = terms.fluxes.get(0, sp.Integer(0))
            slope = sp.diff(local.xreplace(self._no_derivatives(local)), unknown)
            # Steps such as Heaviside(u) change at once, at any step.
            slopes.append(slope.replace(sp.DiracDelta, lambda *_: sp.Integer(0)))
        return tuple(slopes)
