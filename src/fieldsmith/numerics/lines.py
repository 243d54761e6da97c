"""Method of lines on Chebyshev points, for one dimension with boundaries."""

from collections.abc import Sequence

import sympy as sp

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import D, Expression, Unsuited, derivative, field_and_axes
from fieldsmith.equations.printing import named_derivatives, numpy_code, timed_factors
from fieldsmith.numerics.code import call_values, equation_values
from fieldsmith.numerics.family import Variant, render
from fieldsmith.numerics.plan import Plan
from fieldsmith.numerics.spectral import PATIENCE_SHARE, WORK_SHARE
from fieldsmith.tasks.task import Brief

EVALUATIONS_A_SECOND = 5e3
"""Evaluations of the rates, everything around them included, that a core does a second (3.4e3 to 8.5e3 on an AMD EPYC)."""
UNDIFFUSED = "An unknown without diffusion of its own cannot take a condition at both ends."


class MethodOfLines:
    """Chebyshev collocation in space, an implicit Runge-Kutta method (Radau IIA, order 5) in time."""

    name = "method of lines"

    def suits(self, analysis: Analysis) -> float:
        if analysis.steady:
            raise Unsuited("The equation is steady.")
        if analysis.dimensions != 1:
            raise Unsuited("There is more than one axis.")
        if analysis.periodic:
            raise Unsuited("The axis is periodic.")
        if analysis.equation.coefficients:
            raise Unsuited("Coefficients are given as fields.")
        x = analysis.coordinates[0]
        for rate, unknown in zip(_rates(analysis), analysis.unknowns, strict=True):
            if any(len(field_and_axes(atom)[1]) > 2 for atom in rate.atoms(D)):
                raise Unsuited("Derivatives above the second order need more than one condition at an end.")
            if rate.coeff(derivative(unknown, x, x)) == 0:
                raise Unsuited(UNDIFFUSED)
        return 1.0

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        x = analysis.coordinates[0]
        for rate, unknown in zip(_rates(analysis), analysis.unknowns, strict=True):
            if analysis.valued(rate.coeff(derivative(unknown, x, x))).is_zero:
                raise Unsuited(UNDIFFUSED)

        def variant(
            name: str, accuracy: int, cost: float, points: int, tolerance: float, levels: int, steps: int = 1
        ) -> Variant:
            settings = {"points": points, "tolerance": tolerance, "levels": levels, "steps": steps}
            return Variant(name, settings, cost, accuracy, again=steps > 1)

        return (
            variant("32 Chebyshev points, tolerance 1e-6", 2, 10, 32, 1e-6, 1),
            variant("refined to 1e-7", 4, 60, 32, 1e-7, 3),
            variant("refined to 1e-9", 6, 160, 40, 1e-9, 3),
            variant("24 Chebyshev points, tolerance 1e-4", 1, 4, 24, 1e-4, 1),
            variant("refined to 1e-7, at least 1000 steps", 5, 120, 32, 1e-7, 3, 1000),
        )

    def plan(self, analysis: Analysis, variant: Variant) -> Plan:
        once = variant.settings["levels"] == 1
        return Plan(
            "Chebyshev collocation, boundary values from the boundary conditions",
            "Radau IIA of order 5, adaptive steps",
            variant.name + (": no refinement" if once else ": half as many points again until two answers agree"),
            None,
        )

    def source(self, analysis: Analysis, brief: Brief, variant: Variant) -> str:
        rates, derivatives = [], {}
        for rate in _rates(analysis):
            plain, found = named_derivatives(rate)
            derivatives.update(found)
            rates.append(numpy_code(sp.factor_terms(plain)))
        axis = analysis.axis
        lower, upper = analysis.parse(axis.lower.value), analysis.parse(axis.upper.value)
        return render(
            "lines.py.jinja",
            **call_values(brief),
            **equation_values(analysis, brief),
            lower=axis.lower.kind,
            upper=axis.upper.kind,
            lower_value=numpy_code(lower),
            upper_value=numpy_code(upper),
            settings=variant.settings,
            work=WORK_SHARE * brief.time_limit * EVALUATIONS_A_SECOND / max(1, brief.sizes.get("batch", 1)),
            patience=round(PATIENCE_SHARE * brief.time_limit, 1),
            rates=rates,
            derivatives=[(name, field, order) for name, (field, order) in sorted(derivatives.items())],
            orders=sorted({order for _, order in derivatives.values()}),
            explicit=_explicit(analysis, (*_rates(analysis), lower, upper)),
        )


def _rates(analysis: Analysis) -> list[Expression]:
    return [sp.expand(analysis.chain(rate)) for rate in analysis.rates]


def _explicit(analysis: Analysis, expressions: Sequence[Expression]) -> list[tuple[str, str]]:
    """Factors that hold the time, each with its partial derivative along it, derivatives in space taken as 1."""
    found = timed_factors(
        (e.xreplace({atom: sp.Integer(1) for atom in e.atoms(D)}) for e in expressions), analysis.time
    )
    return [(numpy_code(factor), numpy_code(slope)) for factor, slope in found]
