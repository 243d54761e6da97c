"""An equation taken apart for the page of methods, whatever its dimension: what its terms do, in its own names."""

import re
from typing import Any

from fieldsmith.agents.prompts import traits
from fieldsmith.agents.prompts.couplings import couplings_of
from fieldsmith.agents.prompts.flows import flow, printer
from fieldsmith.agents.prompts.limits import limits_of
from fieldsmith.agents.prompts.methods import Methods, Rate, Waves
from fieldsmith.agents.prompts.slopes import squared_slopes
from fieldsmith.agents.prompts.splitting import bounded, parted, reaction_rate, symbol_of
from fieldsmith.tasks.equation import Axis, Equation
from fieldsmith.tasks.task import Brief

LONGEST = 160
"""Characters of an expression beyond which it is not shown."""


class Reading:
    """An equation taken apart with SymPy: rates with derivatives of single fields as symbols."""

    def __init__(self, brief: Brief) -> None:
        import sympy as sp

        from fieldsmith.agents.numerics.analysis import Analysis
        from fieldsmith.agents.numerics.expressions import D

        equation = brief.equation
        assert equation is not None
        self.sp, self.brief = sp, brief
        self.equation: Equation = equation
        self.analysis = Analysis(equation)
        self.coordinates = self.analysis.coordinates
        self.unknowns = self.analysis.unknowns
        self.marks: dict[tuple[Any, tuple[int, ...]], Any] = {}
        sides = self.analysis.right_hand_sides if equation.steady else self.analysis.rates
        self.rates = [self._marked(sp.expand(self.analysis.chain(side))) for side in sides]
        self.derivative, self.printer = D, printer()
        values = {**equation.constants, **brief.parameters}
        self.numbers = {
            symbol: sp.Float(values[name]) for name, symbol in self.analysis.symbols.items() if name in values
        }
        given = tuple(self.analysis.symbols[name] for name in equation.coefficients)
        self.places = (*self.coordinates, self.analysis.time, *given)
        """What varies from place to place or in time besides the unknowns."""

    def methods(self) -> Methods:
        equation, analysis = self.equation, self.analysis
        marks = list(self.marks.values())
        along = [self._transport(k) for k in range(len(self.coordinates))]
        speeds = next((s for s in map(self.speeds, along) if s), ())
        steepens = any(entry.has(*self.unknowns) for matrix in along for entry in matrix)
        sources = [rate.xreplace(dict.fromkeys(marks, self.sp.Integer(0))) for rate in self.rates]
        linear = all(self._linear(rate) for rate in self.rates)
        constant = self._constant()
        diffuses = any(c != 0 and not self.amplifies(c) for i in range(len(self.unknowns)) for c in self.second(i))
        fields = tuple(self._rate(i, sources[i]) for i in range(len(self.rates)))
        reacts = any(source.has(*self.unknowns) for source in sources)
        squares = squared_slopes(self)
        crossing, oscillations = couplings_of(self)
        limits = () if equation.steady else tuple(limits_of(self, along, oscillations, squares))
        walls = [analysis.parse(end.value) for axis in equation.axes for end in (axis.lower, axis.upper)]
        values = {**equation.constants, **self.brief.parameters}
        shown = (*equation.parameters, *equation.constants)
        return Methods(
            steady=equation.steady,
            rates=fields,
            axes=equation.axes,
            periodic=analysis.periodic,
            linear=linear,
            constant=constant,
            forced=any(source.xreplace(dict.fromkeys(self.unknowns, self.sp.Integer(0))) != 0 for source in sources),
            conservative=traits.conservative(self),
            order=max((rate.order for rate in fields), default=0),
            varies=traits.varies(self),
            speeds=tuple(map(self.text, speeds)),
            steepens=steepens,
            diffuses=diffuses,
            reacts=reacts,
            coupled=len(self.unknowns) > 1,
            sharp=steepens and traits.sharp(self),
            squares=tuple(self.name(i) for i, _ in squares),
            kinks=bool(squares) and traits.sharp(self),
            crossing=crossing,
            oscillations=tuple(
                Waves(*one.pair, self.text(one.speed), "" if one.certain else self.text(one.squared), one.order)
                for one in oscillations
            ),
            signed=traits.signed(self),
            high_varies=traits.high_varies(self),
            floats=equation.steady and traits.floats(self),
            inside=tuple(dict.fromkeys(self._plain(str(base)) for base, _ in self.marks if base not in self.unknowns)),
            permeable=traits.permeable(self),
            symbol=symbol_of(self, sources) if linear and constant and analysis.periodic else "",
            limits=limits,
            positive=equation.positive,
            balanced=() if analysis.direct or equation.steady else equation.balances,
            values={name: float(values[name]) for name in shown if name in values and self._spoken_of(name)},
            reaction_rate=reaction_rate(self, sources),
            bounded=bounded(self),
            front=traits.front(self, sources),
            timed=any(rate.has(analysis.time) for rate in (*self.rates, *walls)),
            **parted(self),
        )

    def _spoken_of(self, name: str) -> bool:
        """Whether a reader knows the name: the statement has it or the program is given it."""
        given = [argument.name for argument in self.brief.signature.arguments]
        return name in given or re.search(rf"\b{re.escape(name)}\b", self.brief.statement) is not None

    def _marked(self, expression: Any) -> Any:
        """The expression with a symbol such as u_xx for each derivative of a field."""
        from fieldsmith.agents.numerics.expressions import D

        replaced = {}
        for atom in expression.atoms(D):
            counts, inner = [0] * len(self.coordinates), atom
            while isinstance(inner, D):
                inner, axis = inner.args
                counts[self.coordinates.index(axis)] += 1
            key = (inner, tuple(counts))
            if key not in self.marks:
                suffix = "".join(str(c) * n for c, n in zip(self.coordinates, counts, strict=True))
                self.marks[key] = self.sp.Dummy(self._plain(f"{inner}_{suffix}"), real=True)
            replaced[atom] = self.marks[key]
        return expression.xreplace(replaced)

    def _plain(self, text: str) -> str:
        from fieldsmith.agents.numerics import names

        return names.original(text)

    def text(self, expression: Any) -> str:
        """As code with the equation's own names; empty where it is too long to help."""
        shown = expression.xreplace({mark: self.sp.Symbol(mark.name) for mark in self.marks.values()})
        text = self._plain(self.printer.doprint(shown)).replace("Abs(", "abs(")
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
        return self._plain(str(self.unknowns[i]))

    def of_unknown(self, i: int) -> dict[tuple[int, ...], Any]:
        """Marks of the derivatives of unknown i by their counts along each axis."""
        return {counts: mark for (base, counts), mark in self.marks.items() if base == self.unknowns[i]}

    def _constant(self) -> bool:
        variables = [*self.unknowns, *(mark for (base, _), mark in self.marks.items() if base in self.unknowns)]
        fields = [mark for (base, _), mark in self.marks.items() if base not in self.unknowns]
        slopes = [self.sp.diff(rate, variable) for rate in self.rates for variable in variables]
        return not any(slope.has(*self.places, *fields) for slope in slopes)

    def still(self, expression: Any) -> Any:
        return expression.xreplace(dict.fromkeys(self.marks.values(), self.sp.Integer(0)))

    def coefficient(self, i: int, j: int, counts: tuple[int, ...]) -> Any:
        """How rate i changes with that derivative of unknown j, where all else is flat."""
        mark = self.of_unknown(j).get(counts)
        value = self.sp.Integer(0) if mark is None else self.still(self.sp.diff(self.rates[i], mark))
        undefined = value.has(self.sp.nan, self.sp.zoo, self.sp.oo, -self.sp.oo)  # as of abs(u_x) where all is flat
        return self.sp.Integer(0) if undefined else value

    def unit(self, axis: int, n: int) -> tuple[int, ...]:
        return tuple(n if k == axis else 0 for k in range(len(self.coordinates)))

    def second(self, i: int) -> list[Any]:
        """Diffusion coefficients of unknown i along the axes, empty where there are none."""
        found = [self.sp.simplify(self.coefficient(i, i, self.unit(k, 2))) for k in range(len(self.coordinates))]
        return found if any(c != 0 for c in found) else []

    def _transport(self, axis: int) -> Any:
        """The matrix A of u_t + A u_x = ...; a varying diffusivity's own derivative is no transport."""
        n = len(self.unknowns)
        matrix = self.sp.zeros(n, n)
        for i in range(n):
            for j in range(n):
                matrix[i, j] = -self.coefficient(i, j, self.unit(axis, 1))
            drift = self.sp.diff(self.coefficient(i, i, self.unit(axis, 2)), self.coordinates[axis])
            matrix[i, i] = self.sp.simplify(matrix[i, i] + drift)
        return matrix

    def speeds(self, matrix: Any) -> tuple[Any, ...]:
        """Eigenvalues where they have simple formulas, the matrix's diagonal where it is triangular; empty for none."""
        if matrix.is_zero_matrix:
            return ()
        if matrix.is_upper or matrix.is_lower:
            found = list(matrix.diagonal())
        elif matrix.shape[0] <= 3:
            unknown = self.sp.Dummy(real=True)
            characteristic = (matrix - unknown * self.sp.eye(matrix.shape[0])).det()
            polynomial = self.sp.numer(self.sp.together(characteristic))
            factors = [pair for pair in self.sp.factor_list(polynomial)[1] if pair[0].has(unknown)]
            if any(self.sp.degree(factor, unknown) > 2 for factor, _ in factors):
                return ()
            found = [self.sp.simplify(root) for factor, _ in factors for root in self.sp.solve(factor, unknown)]
        else:
            return ()
        return tuple(dict.fromkeys(speed for speed in found if speed != 0))

    def _linear(self, rate: Any) -> bool:
        variables = [*self.unknowns, *(mark for (base, _), mark in self.marks.items() if base in self.unknowns)]
        try:
            return self.sp.Poly(rate, *variables).total_degree() <= 1
        except self.sp.PolynomialError:
            return False

    def _rate(self, i: int, source: Any) -> Rate:
        orders = [sum(counts) for j in range(len(self.unknowns)) for counts, mark in self.of_unknown(j).items() if self.rates[i].has(mark)]  # fmt: skip
        second = [c for c in self.second(i) if c != 0 and not self.amplifies(c)]
        alike = len(set(self.second(i))) == 1
        reaction = source if source.has(*self.unknowns) else self.sp.Integer(0)
        return Rate(
            unknown=self.name(i),
            text=self.text(self.rates[i]),
            order=max(orders, default=0),
            diffusion=self.text(second[0]) if second and alike else "",
            diffusion_varies=any(c.has(*self.unknowns, *self.places) for c in second),
            reaction=self.text(self.sp.factor(reaction)) if reaction != 0 else "",
            exact_reaction=self._exact(i, reaction) if reaction != 0 else "",
        )

    def _exact(self, i: int, reaction: Any) -> str:
        others = [u for u in self.unknowns if u != self.unknowns[i]]
        return "" if reaction.has(*others, *self.places) else flow(reaction, self.unknowns[i], self.code)

    def largest(self, expression: Any) -> str:
        """NumPy source for its largest absolute value over the points; empty where it has no simple formula."""
        from fieldsmith.agents.numerics.code import numpy_code
        from fieldsmith.agents.numerics.expressions import Unsuited

        if expression.has(*self.coordinates, self.analysis.time, *self.marks.values()):
            return ""
        symbols = self.analysis.symbols
        constants = {symbols[name]: self.sp.Float(value) for name, value in self.equation.constants.items()}
        try:
            code = self._plain(numpy_code(self.sp.Abs(expression.xreplace(constants))))
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
        return self.number(expression.xreplace(dict.fromkeys(self.unknowns, self.sp.Integer(1))))

    def amplifies(self, coefficient: Any) -> bool:
        """Whether a second derivative with this factor makes waves grow whatever the solution is."""
        return coefficient.xreplace(self.numbers).is_negative is True

    def spacing(self, axis: Axis) -> float | None:
        n = self.brief.sizes.get(axis.name, 0)
        return axis.grid(n)[1] if n > 1 else None

    def interval(self) -> float | None:
        """Time between two output times at the scored scale, if they are evenly spread."""
        frames = self.brief.sizes.get("time", 0)
        return (self.brief.span[1] - self.brief.span[0]) / (frames - 1) if self.brief.span and frames > 1 else None
