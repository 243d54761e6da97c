"""An equation as it is read for the page of methods: what its terms do, in its own names and at the scored scale."""

from collections.abc import Mapping

import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import Axis, Equation
from fieldsmith.equations.expressions import Expression, Unsuited
from fieldsmith.equations.facts import Rate
from fieldsmith.equations.flows import flow
from fieldsmith.equations.printing import numpy_code, python_code

LONGEST = 160
"""Characters of an expression beyond which it is not shown."""


class Reading(Analysis):
    """An equation understood, with the sizes that it is solved at."""

    def __init__(
        self,
        equation: Equation,
        parameters: Mapping[str, float] | None = None,
        sizes: Mapping[str, int] | None = None,
        span: tuple[float, float] | None = None,
    ) -> None:
        """`sizes` are the lengths of the axes (`time` for the output times), `span` the first and last time."""
        super().__init__(equation, parameters)
        self.sizes, self.span = sizes or {}, span

    def plain(self, text: str) -> str:
        return names.original(text)

    def text(self, expression: Expression) -> str:
        """As code with the equation's own names; empty where it is too long to help."""
        shown = expression.xreplace({mark: sp.Symbol(mark.name) for mark in self.marks.values()})
        text = self.plain(python_code(shown)).replace("Abs(", "abs(")
        return text if len(text) <= LONGEST else ""

    def code(self, expression: Expression) -> str:
        """The same to be a factor: in brackets where it needs them."""
        text = self.text(expression)
        split = expression.is_Rational and not expression.is_Integer
        return f"({text})" if expression.is_Add or split or expression.could_extract_minus_sign() else text

    def magnitude(self, expression: Expression) -> str:
        """Its absolute value as code, to divide by."""
        if expression.is_number:
            text = self.text(abs(expression))
            return f"({text})" if "/" in text else text
        return f"abs({self.text(-expression if expression.is_Mul and expression.could_extract_minus_sign() else expression)})"

    def bound(self, expression: Expression) -> str:
        """A factor's largest size as code, itself where it is the same everywhere and always."""
        if not expression.has(*self.unknowns, *self.places):
            return self.code(expression)
        return f"max({self.text(expression) if expression.is_nonnegative else self.magnitude(expression)})"

    def name(self, i: int) -> str:
        return self.plain(str(self.unknowns[i]))

    def rate(self, i: int, source: Expression) -> Rate:
        orders = [sum(counts) for j in range(len(self.unknowns)) for counts, mark in self.derivatives(j).items() if self.marked_rates[i].has(mark)]  # fmt: skip
        second = [c for c in self.diffusivities(i) if c != 0 and not self.amplifies(c)]
        alike = len(set(self.diffusivities(i))) == 1
        reaction = source if source.has(*self.unknowns) else sp.Integer(0)
        return Rate(
            unknown=self.name(i),
            text=self.text(self.marked_rates[i]),
            order=max(orders, default=0),
            diffusion=self.text(second[0]) if second and alike else "",
            diffusion_varies=any(c.has(*self.unknowns, *self.places) for c in second),
            reaction=self.text(sp.factor(reaction)) if reaction != 0 else "",
            exact_reaction=self._exact(i, reaction) if reaction != 0 else "",
        )

    def _exact(self, i: int, reaction: Expression) -> str:
        others = [u for u in self.unknowns if u != self.unknowns[i]]
        return "" if reaction.has(*others, *self.places) else flow(reaction, self.unknowns[i], self.code)

    def largest(self, expression: Expression) -> str:
        """NumPy source for its largest absolute value over the points; empty where it has no simple formula."""
        if expression.has(*self.coordinates, self.time, *self.marks.values()):
            return ""
        symbols = self.symbols
        constants = {symbols[name]: sp.Float(value) for name, value in self.equation.constants.items()}
        try:
            code = self.plain(numpy_code(sp.Abs(expression.xreplace(constants))))
        except Unsuited:
            return ""
        fields = [symbols[name] for name in self.equation.coefficients]
        code = f"np.max({code})" if expression.has(*self.unknowns, *fields) else code
        return code if len(code) <= LONGEST else ""

    def number(self, expression: Expression) -> float | None:
        value = expression.xreplace(self.numbers)
        return abs(float(value)) if not value.free_symbols and value.is_real else None

    def size(self, expression: Expression) -> float | None:
        """About how large it is for unknowns of about 1, for telling small from large and for nothing else."""
        return self.number(expression.xreplace(dict.fromkeys(self.unknowns, sp.Integer(1))))

    def spacing(self, axis: Axis) -> float | None:
        n = self.sizes.get(axis.name, 0)
        return axis.grid(n)[1] if n > 1 else None

    def interval(self) -> float | None:
        """Time between two output times at the scored scale, if they are evenly spread."""
        frames = self.sizes.get("time", 0)
        return (self.span[1] - self.span[0]) / (frames - 1) if self.span and frames > 1 else None
