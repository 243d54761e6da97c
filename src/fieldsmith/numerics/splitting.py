"""Operator splitting for periodic scalar equations whose parts can be solved exactly."""

from collections.abc import Sequence

import sympy as sp

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Expression, Unsuited
from fieldsmith.equations.flows import powers_of
from fieldsmith.equations.fourier import symbol_code
from fieldsmith.equations.printing import numpy_code
from fieldsmith.numerics.code import call_values, equation_values
from fieldsmith.numerics.family import Variant, periodic_line, render
from fieldsmith.numerics.plan import Plan
from fieldsmith.tasks.task import Brief


def quadratic_reaction(analysis: Analysis) -> tuple[Expression, Expression, Expression]:
    """(a, b, c) of a reaction a + b u + c u^2 with constant coefficients, c not zero. Raises Unsuited if there is none.

    Everything with derivatives must be linear with constant coefficients.
    """
    if len(analysis.unknowns) != 1:
        raise Unsuited("There is more than one unknown.")
    terms, u = analysis.terms[0], analysis.unknowns[0]
    if set(terms.fluxes) != {analysis.flat}:
        raise Unsuited("What has derivatives is not linear with constant coefficients beside a reaction.")
    reaction = sp.expand(analysis.source(0))
    powers = powers_of(reaction, u)
    if reaction.free_symbols & set(analysis.varying) != {u} or powers is None:
        raise Unsuited("The reaction is not a polynomial of the unknown alone.")
    if max(powers) != 2:
        raise Unsuited("The reaction is not quadratic.")
    zero = sp.Integer(0)
    return powers.get(0, zero), powers.get(1, zero), powers[2]


class Splitting:
    """Strang splitting of two exact flows, raised to fourth order by Richardson extrapolation."""

    name = "splitting"

    def suits(self, analysis: Analysis) -> float:
        periodic_line(analysis)
        quadratic_reaction(analysis)
        return 0.8

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        return (
            Variant("4 steps a frame, extrapolated", {"steps": 4}, 3, 4),
            Variant("16 steps a frame, extrapolated", {"steps": 16}, 12, 6),
            Variant("1 step a frame, extrapolated", {"steps": 1}, 1, 2),
            Variant("64 steps a frame, extrapolated", {"steps": 64}, 48, 7, again=True),
        )

    def plan(self, analysis: Analysis, variant: Variant) -> Plan:
        return Plan(
            "Fourier, linear part with derivatives solved exactly",
            "Strang splitting with the exact flow of the reaction, Richardson extrapolation to order 4",
            variant.name,
            None,
        )

    def source(self, analysis: Analysis, brief: Brief, variant: Variant) -> str:
        return render(
            "splitting.py.jinja",
            **call_values(brief),
            **equation_values(analysis, brief),
            settings=variant.settings,
            unknown=analysis.unknowns[0].name,
            symbol=symbol_code({counts: c for counts, c in analysis.terms[0].linear.items() if any(counts)}),
            reaction=[numpy_code(part) for part in quadratic_reaction(analysis)],
        )
