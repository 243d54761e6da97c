"""Operator splitting for periodic scalar equations whose parts can be solved exactly."""

from collections.abc import Sequence

import sympy as sp

from fieldsmith.agents.author import Plan
from fieldsmith.agents.numerics.analysis import Analysis, Expression, code_name
from fieldsmith.agents.numerics.code import call_values, fixed_values, numpy_code, safe_names
from fieldsmith.agents.numerics.family import Variant, render
from fieldsmith.agents.numerics.spectral import linear_symbol
from fieldsmith.tasks.task import Brief


def quadratic_reaction(analysis: Analysis) -> tuple[Expression, Expression, Expression] | None:
    """(a, b, c) of a reaction a + b u + c u^2 with constant coefficients, c not zero; None where it is not one.

    Everything with derivatives must be linear with constant coefficients.
    """
    if analysis.steady or analysis.dimensions != 1 or not analysis.periodic or len(analysis.unknowns) != 1:
        return None
    terms, u = analysis.terms[0], analysis.unknowns[0]
    if set(terms.fluxes) != {0}:
        return None
    reaction = sp.expand(terms.fluxes[0] + terms.linear.get(0, sp.Integer(0)) * u)
    if reaction.free_symbols & set(analysis.varying) != {u} or not reaction.is_polynomial(u):
        return None
    if sp.Poly(reaction, u).degree() != 2:
        return None
    return reaction.coeff(u, 0), reaction.coeff(u, 1), reaction.coeff(u, 2)


class Splitting:
    """Strang splitting of two exact flows, raised to fourth order by Richardson extrapolation."""

    name = "splitting"

    def suits(self, analysis: Analysis) -> float:
        if not safe_names(analysis) or analysis.axis.nodes == "endpoints" or analysis.equation.coefficients:
            return 0.0
        return 0.8 if quadratic_reaction(analysis) is not None else 0.0

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        return (
            Variant("4 steps a frame, extrapolated", {"steps": 4}, 2, 4),
            Variant("16 steps a frame, extrapolated", {"steps": 16}, 4, 6),
            Variant("1 step a frame, extrapolated", {"steps": 1}, 0, 2),
        )

    def plan(self, analysis: Analysis, variant: Variant) -> Plan:
        return Plan(
            "Fourier, linear part with derivatives solved exactly",
            "Strang splitting with the exact flow of the reaction, Richardson extrapolation to order 4",
            variant.name,
            None,
        )

    def source(self, analysis: Analysis, brief: Brief, variant: Variant) -> str:
        reaction = quadratic_reaction(analysis)
        assert reaction is not None
        return render(
            "splitting.py.jinja",
            **call_values(brief),
            equation_text=[f"d({b.quantity})/dt = {b.rhs}" for b in analysis.equation.balances],
            axis=analysis.axis.name,
            low=analysis.axis.low,
            length=analysis.axis.length,
            nodes=analysis.axis.nodes,
            constants=fixed_values(analysis, brief),
            settings=variant.settings,
            unknown=analysis.unknowns[0].name,
            symbol=linear_symbol(analysis, 0, lowest=1),
            reaction=[numpy_code(part) for part in reaction],
            passed=[code_name(a.of) for a in brief.signature.arguments if a.role == "parameter"],
            example_arguments=[(a.role, a.of, a.name) for a in brief.signature.arguments],
            parameters=dict(brief.parameters),
            span=brief.span,
            positive=analysis.equation.positive,
        )
