"""An equation taken apart for the page of methods, whatever its dimension: what its terms do, in its own names."""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import Axis, Equation
from fieldsmith.equations.expressions import D, Unsuited
from fieldsmith.equations.facts import Rate
from fieldsmith.equations.flows import flow, printer
from fieldsmith.equations.printing import numpy_code

LONGEST = 160
"""Characters of an expression beyond which it is not shown."""


class Reading:
    """An equation taken apart with SymPy: rates with derivatives of single fields as symbols."""

    def __init__(
        self,
        equation: Equation,
        parameters: Mapping[str, float] | None = None,
        sizes: Mapping[str, int] | None = None,
        span: tuple[float, float] | None = None,
    ) -> None:
        """`sizes` are the lengths of the axes (`time` for the output times) at the scored scale, `span` the first and last time."""
        self.equation, self.parameters = equation, parameters or {}
        self.sizes, self.span = sizes or {}, span
        self.analysis = Analysis(equation)
        self.coordinates = self.analysis.coordinates
        self.unknowns = self.analysis.unknowns
        self.marks: dict[tuple[Any, tuple[int, ...]], Any] = {}
        sides = self.analysis.right_hand_sides if equation.steady else self.analysis.rates
        self.rates = [self._marked(sp.expand(self.analysis.chain(side))) for side in sides]
        self.printer = printer()
        values = {**equation.constants, **self.parameters}
        self.numbers = {
            symbol: sp.Float(values[name]) for name, symbol in self.analysis.symbols.items() if name in values
        }
        given = tuple(self.analysis.symbols[name] for name in equation.coefficients)
        self.places = (*self.coordinates, self.analysis.time, *given)
        """What varies from place to place or in time besides the unknowns."""

    def _marked(self, expression: Any) -> Any:
        """The expression with a symbol such as u_xx for each derivative of a field."""
        replaced = {}
        for atom in expression.atoms(D):
            counts, inner = [0] * len(self.coordinates), atom
            while isinstance(inner, D):
                inner, axis = inner.args
                counts[self.coordinates.index(axis)] += 1
            key = (inner, tuple(counts))
            if key not in self.marks:
                suffix = "".join(str(c) * n for c, n in zip(self.coordinates, counts, strict=True))
                self.marks[key] = sp.Dummy(self.plain(f"{inner}_{suffix}"), real=True)
            replaced[atom] = self.marks[key]
        return expression.xreplace(replaced)

    def plain(self, text: str) -> str:
        return names.original(text)

    def text(self, expression: Any) -> str:
        """As code with the equation's own names; empty where it is too long to help."""
        shown = expression.xreplace({mark: sp.Symbol(mark.name) for mark in self.marks.values()})
        text = self.plain(self.printer.doprint(shown)).replace("Abs(", "abs(")
        return text if len(text) <= LONGEST else ""

    def code(self, expression: Any) -> str:
        """The same to be a factor: in brackets where it needs them."""
        text = self.text(expression)
        split = expression.is_Rational and not expression.is_Integer
        return f"({text})" if expression.is_Add or split or expression.could_extract_minus_sign() else text

    def magnitude(self, expression: Any) -> str:
        """Its absolute value as code, to divide by."""
        if expression.is_number:
            text = self.text(abs(expression))
            return f"({text})" if "/" in text else text
        return f"abs({self.text(-expression if expression.is_Mul and expression.could_extract_minus_sign() else expression)})"

    def bound(self, expression: Any) -> str:
        """A factor's largest size as code, itself where it is the same everywhere and always."""
        if not expression.has(*self.unknowns, *self.places):
            return self.code(expression)
        return f"max({self.text(expression) if expression.is_nonnegative else self.magnitude(expression)})"

    def name(self, i: int) -> str:
        return self.plain(str(self.unknowns[i]))

    def of_unknown(self, i: int) -> dict[tuple[int, ...], Any]:
        """Marks of the derivatives of unknown i by their counts along each axis."""
        return {counts: mark for (base, counts), mark in self.marks.items() if base == self.unknowns[i]}

    def constant(self) -> bool:
        variables = [*self.unknowns, *(mark for (base, _), mark in self.marks.items() if base in self.unknowns)]
        fields = [mark for (base, _), mark in self.marks.items() if base not in self.unknowns]
        slopes = [sp.diff(rate, variable) for rate in self.rates for variable in variables]
        return not any(slope.has(*self.places, *fields) for slope in slopes)

    def still(self, expression: Any) -> Any:
        return expression.xreplace(dict.fromkeys(self.marks.values(), sp.Integer(0)))

    def coefficient(self, i: int, j: int, counts: tuple[int, ...]) -> Any:
        """How rate i changes with that derivative of unknown j, where all else is flat."""
        mark = self.of_unknown(j).get(counts)
        value = sp.Integer(0) if mark is None else self.still(sp.diff(self.rates[i], mark))
        undefined = value.has(sp.nan, sp.zoo, sp.oo, -sp.oo)  # as of abs(u_x) where all is flat
        return sp.Integer(0) if undefined else value

    def unit(self, axis: int, n: int) -> tuple[int, ...]:
        return tuple(n if k == axis else 0 for k in range(len(self.coordinates)))

    def second(self, i: int) -> list[Any]:
        """Diffusion coefficients of unknown i along the axes, empty where there are none."""
        found = [sp.simplify(self.coefficient(i, i, self.unit(k, 2))) for k in range(len(self.coordinates))]
        return found if any(c != 0 for c in found) else []

    def transport(self, axis: int) -> Any:
        """The matrix A of u_t + A u_x = ...; a varying diffusivity's own derivative is no transport."""
        n = len(self.unknowns)
        matrix = sp.zeros(n, n)
        for i in range(n):
            for j in range(n):
                matrix[i, j] = -self.coefficient(i, j, self.unit(axis, 1))
            drift = sp.diff(self.coefficient(i, i, self.unit(axis, 2)), self.coordinates[axis])
            matrix[i, i] = sp.simplify(matrix[i, i] + drift)
        return matrix

    def speeds(self, matrix: Any) -> tuple[Any, ...]:
        """Eigenvalues where they have simple formulas, the matrix's diagonal where it is triangular; empty for none."""
        if matrix.is_zero_matrix:
            return ()
        if matrix.is_upper or matrix.is_lower:
            found = list(matrix.diagonal())
        elif matrix.shape[0] <= 3:
            unknown = sp.Dummy(real=True)
            characteristic = (matrix - unknown * sp.eye(matrix.shape[0])).det()
            polynomial = sp.numer(sp.together(characteristic))
            factors = [pair for pair in sp.factor_list(polynomial)[1] if pair[0].has(unknown)]
            if any(sp.Poly(factor, unknown).degree() > 2 for factor, _ in factors):
                return ()
            found = [sp.simplify(root) for factor, _ in factors for root in sp.solve(factor, unknown)]
        else:
            return ()
        return tuple(dict.fromkeys(speed for speed in found if speed != 0))

    def is_linear(self, rate: Any) -> bool:
        variables = [*self.unknowns, *(mark for (base, _), mark in self.marks.items() if base in self.unknowns)]
        try:
            return sp.Poly(rate, *variables).total_degree() <= 1
        except sp.PolynomialError:
            return False

    def rate(self, i: int, source: Any) -> Rate:
        orders = [sum(counts) for j in range(len(self.unknowns)) for counts, mark in self.of_unknown(j).items() if self.rates[i].has(mark)]  # fmt: skip
        second = [c for c in self.second(i) if c != 0 and not self.amplifies(c)]
        alike = len(set(self.second(i))) == 1
        reaction = source if source.has(*self.unknowns) else sp.Integer(0)
        return Rate(
            unknown=self.name(i),
            text=self.text(self.rates[i]),
            order=max(orders, default=0),
            diffusion=self.text(second[0]) if second and alike else "",
            diffusion_varies=any(c.has(*self.unknowns, *self.places) for c in second),
            reaction=self.text(sp.factor(reaction)) if reaction != 0 else "",
            exact_reaction=self._exact(i, reaction) if reaction != 0 else "",
        )

    def _exact(self, i: int, reaction: Any) -> str:
        others = [u for u in self.unknowns if u != self.unknowns[i]]
        return "" if reaction.has(*others, *self.places) else flow(reaction, self.unknowns[i], self.code)

    def largest(self, expression: Any) -> str:
        """NumPy source for its largest absolute value over the points; empty where it has no simple formula."""
        if expression.has(*self.coordinates, self.analysis.time, *self.marks.values()):
            return ""
        symbols = self.analysis.symbols
        constants = {symbols[name]: sp.Float(value) for name, value in self.equation.constants.items()}
        try:
            code = self.plain(numpy_code(sp.Abs(expression.xreplace(constants))))
        except Unsuited:
            return ""
        fields = [symbols[name] for name in self.equation.coefficients]
        code = f"np.max({code})" if expression.has(*self.unknowns, *fields) else code
        return code if len(code) <= LONGEST else ""

    def number(self, expression: Any) -> float | None:
        value = expression.xreplace(self.numbers)
        return abs(float(value)) if not value.free_symbols and value.is_real else None

    def size(self, expression: Any) -> float | None:
        """About how large it is for unknowns of about 1, for telling small from large and for nothing else."""
        return self.number(expression.xreplace(dict.fromkeys(self.unknowns, sp.Integer(1))))

    def amplifies(self, coefficient: Any) -> bool:
        """Whether a second derivative with this factor makes waves grow whatever the solution is."""
        return coefficient.xreplace(self.numbers).is_negative is True

    def spacing(self, axis: Axis) -> float | None:
        n = self.sizes.get(axis.name, 0)
        return axis.grid(n)[1] if n > 1 else None

    def interval(self) -> float | None:
        """Time between two output times at the scored scale, if they are evenly spread."""
        frames = self.sizes.get("time", 0)
        return (self.span[1] - self.span[0]) / (frames - 1) if self.span and frames > 1 else None
