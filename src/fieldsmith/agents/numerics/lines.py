"""Method of lines on Chebyshev points, for one dimension with boundaries."""

from collections.abc import Sequence

import sympy as sp

from fieldsmith.agents.author import Plan
from fieldsmith.agents.numerics.analysis import Analysis, code_name
from fieldsmith.agents.numerics.code import call_values, fixed_values, named_derivatives, numpy_code, safe_names
from fieldsmith.agents.numerics.family import Variant, render
from fieldsmith.tasks.task import Brief


class MethodOfLines:
    """Chebyshev collocation in space, an implicit Runge-Kutta method (Radau IIA, order 5) in time."""

    name = "method of lines"

    def suits(self, analysis: Analysis) -> float:
        if analysis.steady or analysis.dimensions != 1 or analysis.periodic or not safe_names(analysis):
            return 0.0
        return 0.0 if analysis.equation.coefficients else 1.0

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        def variant(name: str, accuracy: int, points: int, tolerance: float, levels: int) -> Variant:
            return Variant(name, {"points": points, "tolerance": tolerance, "levels": levels}, accuracy, accuracy)

        return (
            variant("32 Chebyshev points, tolerance 1e-6", 2, 32, 1e-6, 1),
            variant("refined to 1e-7", 4, 32, 1e-7, 3),
            variant("refined to 1e-9", 6, 40, 1e-9, 3),
            variant("24 Chebyshev points, tolerance 1e-4", 1, 24, 1e-4, 1),
        )

    def plan(self, analysis: Analysis, variant: Variant) -> Plan:
        return Plan(
            "Chebyshev collocation, boundary values from the boundary conditions",
            "Radau IIA of order 5, adaptive steps",
            variant.name,
            None,
        )

    def source(self, analysis: Analysis, brief: Brief, variant: Variant) -> str:
        unknowns = [w.name for w in analysis.unknowns]
        rates, derivatives = [], {}
        for rate in analysis.rates:
            plain, names = named_derivatives(sp.expand(analysis.chain(rate)))
            derivatives.update(names)
            rates.append(numpy_code(sp.factor_terms(plain)))
        axis = analysis.axis
        return render(
            "lines.py.jinja",
            **call_values(brief),
            equation_text=[f"d({b.quantity})/dt = {b.rhs}" for b in analysis.equation.balances],
            axis=axis.name,
            low=axis.low,
            high=axis.high,
            length=axis.length,
            nodes=axis.nodes,
            lower=axis.lower.kind,
            upper=axis.upper.kind,
            lower_value=numpy_code(analysis.parse(axis.lower.value)),
            upper_value=numpy_code(analysis.parse(axis.upper.value)),
            constants=fixed_values(analysis, brief),
            settings=variant.settings,
            budget=round(0.35 * brief.time_limit, 1),
            unknowns=unknowns,
            rates=rates,
            derivatives=[(name, field, order) for name, (field, order) in sorted(derivatives.items())],
            orders=sorted({order for _, order in derivatives.values()}),
            passed=[code_name(a.of) for a in brief.signature.arguments if a.role == "parameter"],
            example_arguments=[(a.role, a.of, a.name) for a in brief.signature.arguments],
            parameters=dict(brief.parameters),
            span=brief.span,
            positive=analysis.equation.positive,
        )
