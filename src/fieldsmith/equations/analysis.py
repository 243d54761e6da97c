"""What a numerical analyst reads off an equation before choosing a method, in any dimension.

Everything here is symbolic: formulas in the equation's own symbols. How large things are at the scored scale is told by
`reading.Reading`.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.expressions import D, Expression, derivative, field_and_axes, slope_of
from fieldsmith.equations.printing import derivative_name
from fieldsmith.equations.symbols import Symbols
from fieldsmith.equations.terms import Counts, Terms, along, split

UNDEFINED = (sp.nan, sp.zoo, sp.oo, -sp.oo)


class Analysis(Symbols):
    """An equation, understood. Raises Unsuited for one that cannot be."""

    @cached_property
    def _taken_apart(self) -> tuple[tuple[Expression, ...], dict[tuple[sp.Symbol, Counts], sp.Dummy]]:
        marks: dict[tuple[sp.Symbol, Counts], sp.Dummy] = {}
        sides = self.right_hand_sides if self.steady else self.rates
        return tuple(self._marked(sp.expand(self.chain(side)), marks) for side in sides), marks

    def _marked(self, expression: Expression, marks: dict[tuple[sp.Symbol, Counts], sp.Dummy]) -> Expression:
        replaced = {}
        for atom in expression.atoms(D):
            field, axes = field_and_axes(atom)
            key = (field, tuple(axes.count(x) for x in self.coordinates))
            if key not in marks:
                name = names.original(derivative_name(field, along(self.coordinates, key[1])))
                marks[key] = sp.Dummy(name, real=True)
            replaced[atom] = marks[key]
        return expression.xreplace(replaced)

    @property
    def marks(self) -> Mapping[tuple[sp.Symbol, Counts], sp.Dummy]:
        """The symbol that stands for a derivative in `marked_rates`, by its field and its counts along each axis."""
        return self._taken_apart[1]

    @property
    def marked_rates(self) -> tuple[Expression, ...]:
        """Rates (steady: residuals) by derivatives of single fields, each of them a symbol of its own."""
        return self._taken_apart[0]

    def derivatives(self, i: int) -> dict[Counts, sp.Dummy]:
        """Marks of the derivatives of unknown i that occur, by counts along each axis."""
        return {counts: mark for (field, counts), mark in self.marks.items() if field == self.unknowns[i]}

    @property
    def flat(self) -> Counts:
        return (0,) * self.dimensions

    def unit(self, axis: int, n: int) -> Counts:
        return tuple(n if k == axis else 0 for k in range(self.dimensions))

    def still(self, expression: Expression) -> Expression:
        """The expression where all is flat."""
        return expression.xreplace(dict.fromkeys(self.marks.values(), sp.Integer(0)))

    @cached_property
    def slopes(self) -> Mapping[tuple[int, int, Counts], Expression]:
        """By (i, j, counts): how rate i changes with that derivative of unknown j (with j itself where nothing is counted)."""
        variables = [
            (j, counts, mark) for j in range(len(self.unknowns)) for counts, mark in self._variables(j).items()
        ]
        return {
            (i, j, counts): slope_of(rate, variable)
            for i, rate in enumerate(self.marked_rates)
            for j, counts, variable in variables
        }

    def _variables(self, j: int) -> dict[Counts, sp.Symbol]:
        return {self.flat: self.unknowns[j], **self.derivatives(j)}

    def slope(self, i: int, j: int, counts: Counts) -> Expression:
        """How rate i changes with that derivative of unknown j, 0 where it does not occur."""
        return self.slopes.get((i, j, counts), sp.Integer(0))

    def coefficient(self, i: int, j: int, counts: Counts) -> Expression:
        """The same where all else is flat; 0 where that is undefined, as of abs(u_x)."""
        return self.defined(self.slope(i, j, counts))

    def defined(self, expression: Expression) -> Expression:
        """The expression where all is flat; 0 where that is undefined."""
        value = self.still(expression)
        return sp.Integer(0) if value.has(*UNDEFINED) else value

    def amplifies(self, coefficient: Expression, order: int = 2) -> bool:
        """Whether an even derivative with this factor makes waves grow whatever the solution is: (ik)^n = (-1)^(n/2) k^n."""
        return (coefficient * (-1) ** (order // 2)).xreplace(self.numbers).is_positive is True

    def diffusivities(self, i: int) -> list[Expression]:
        """Coefficients of unknown i's own second derivatives along the axes, empty where there are none."""
        found = self._second[i]
        return list(found) if any(c != 0 for c in found) else []

    @cached_property
    def _second(self) -> tuple[tuple[Expression, ...], ...]:
        size, axes = range(len(self.unknowns)), range(self.dimensions)
        return tuple(tuple(sp.simplify(self.coefficient(i, i, self.unit(k, 2))) for k in axes) for i in size)

    @cached_property
    def transports(self) -> tuple[sp.Matrix, ...]:
        """For each axis the matrix A of u_t + A u_x = ...; a varying diffusivity's own derivative is no transport."""
        return tuple(map(self._transport, range(self.dimensions)))

    def _transport(self, axis: int) -> sp.Matrix:
        n = len(self.unknowns)
        matrix = sp.Matrix(n, n, lambda i, j: -self.coefficient(i, j, self.unit(axis, 1)))
        for i in range(n):
            # Of d(D u_x)/dx = D u_xx + D_x u_x the last is no transport; in a rate with D u_xx alone there is none.
            drift = sp.diff(self.coefficient(i, i, self.unit(axis, 2)), self.coordinates[axis])
            plain = sp.simplify(-self.coefficient(i, i, self.unit(axis, 1)))
            matrix[i, i] = min(sp.simplify(plain + drift), plain, key=sp.count_ops)
        return matrix

    def source(self, i: int) -> Expression:
        """Rate i where all is flat: what happens in place."""
        return self.still(self.marked_rates[i])

    @cached_property
    def affine(self) -> bool:
        """Whether every rate is linear in the unknowns and their derivatives, but for what does not depend on them."""
        return all(map(self._affine, self.marked_rates))

    def _affine(self, rate: Expression) -> bool:
        try:
            return sp.Poly(rate, *self.unknowns, *self._own_marks()).total_degree() <= 1
        except sp.PolynomialError:
            return False

    def _own_marks(self) -> list[sp.Dummy]:
        return [mark for (field, _), mark in self.marks.items() if field in self.unknowns]

    @cached_property
    def constant(self) -> bool:
        """Whether all coefficients of the unknowns and their derivatives are the same everywhere and always."""
        fields = [mark for (field, _), mark in self.marks.items() if field not in self.unknowns]
        return not any(slope.has(*self.places, *fields) for slope in self.slopes.values())

    @cached_property
    def forced(self) -> bool:
        """Whether there are terms that do not depend on the unknowns."""
        nothing = dict.fromkeys((*self.unknowns, *self._own_marks()), sp.Integer(0))
        return any(rate.xreplace(nothing) != 0 for rate in self.marked_rates)

    @cached_property
    def linear(self) -> bool:
        """Whether all is linear with constant coefficients and without sources."""
        return self.affine and self.constant and not self.forced

    @cached_property
    def _split_rates(self) -> tuple[Terms, ...]:
        sides = self.right_hand_sides if self.steady else self.rates
        return tuple(split(self, side, unknown) for side, unknown in zip(sides, self.unknowns, strict=True))

    @cached_property
    def coupled(self) -> bool:
        """Whether the linear part is to be taken as one matrix: coupling by second or higher derivatives is stiff."""
        orders = {sum(counts) for terms in self._split_rates for _, counts in terms.coupling}
        return max(orders, default=0) >= 2 or (bool(orders) and not any(terms.fluxes for terms in self._split_rates))

    @cached_property
    def terms(self) -> tuple[Terms, ...]:
        """Each unknown's rate split into linear symbol, coupling where it is taken with it, and fluxes."""
        return self._split_rates if self.coupled else tuple(terms.apart for terms in self._split_rates)

    def damped(self, i: int) -> bool:
        """Whether the highest even derivative of unknown i along each axis damps."""
        orders = [
            [sum(c) for c in self.derivatives(i) if c[k] == sum(c) and not sum(c) % 2] for k in range(self.dimensions)
        ]
        highest = [max((n for n in found if self._own(i, k, n) != 0), default=0) for k, found in enumerate(orders)]
        return all(n and not self.amplifies(self._own(i, k, n), n) for k, n in enumerate(highest))

    def _own(self, i: int, axis: int, order: int) -> Expression:
        return self.coefficient(i, i, self.unit(axis, order))

    def unmarked(self, expression: Expression) -> Expression:
        """The expression with derivatives in place of their marks."""
        back = {
            mark: derivative(field, *along(self.coordinates, counts)) for (field, counts), mark in self.marks.items()
        }
        return expression.xreplace(back)

    def speeds(self, axis: int) -> tuple[Expression, ...] | None:
        """Wave speeds other than 0 along an axis; None where they have no simple formulas."""
        return self._speeds[axis]

    @cached_property
    def _speeds(self) -> tuple[tuple[Expression, ...] | None, ...]:
        return tuple(map(self._speeds_along, range(self.dimensions)))

    def _speeds_along(self, axis: int) -> tuple[Expression, ...] | None:
        matrix = self.transports[axis]
        if matrix.is_zero_matrix:
            return ()
        if matrix.is_upper or matrix.is_lower:
            return _different(matrix.diagonal())
        if matrix.shape[0] > 3:
            return None
        speed = sp.Dummy(real=True)
        characteristic = sp.numer(sp.together((matrix - speed * sp.eye(matrix.shape[0])).det()))
        factors = [factor for factor, _ in sp.factor_list(characteristic)[1] if factor.has(speed)]
        if any(sp.Poly(factor, speed).degree() > 2 for factor in factors):
            return None
        return _different(sp.simplify(root) for factor in factors for root in sp.solve(factor, speed))


def _different(speeds: Iterable[Expression]) -> tuple[Expression, ...]:
    return tuple(dict.fromkeys(speed for speed in speeds if speed != 0))
