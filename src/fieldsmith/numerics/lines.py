"""Method of lines on Chebyshev points, for one dimension with boundaries."""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from fieldsmith.blocks import Block, Choices, Plan, choice, number
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import Axis
from fieldsmith.equations.expressions import D, Expression, Unsuited, derivative, field_and_axes
from fieldsmith.equations.printing import named_derivatives, numpy_code, timed_factors
from fieldsmith.numerics.catalogue import BDF, CHEBYSHEV, ERROR_STEPS, HALF_AGAIN, ONE_PASS, RADAU
from fieldsmith.numerics.code import call_values, equation_values
from fieldsmith.numerics.family import Family, Variant
from fieldsmith.numerics.rendering import render
from fieldsmith.numerics.spectral import PATIENCE_SHARE, WORK_SHARE
from fieldsmith.tasks.task import Brief

EVALUATIONS_A_SECOND = 5e3
"""Evaluations of the rates, everything around them included, that a core does a second (3.4e3 to 8.5e3 on an AMD EPYC)."""
UNDIFFUSED = "An unknown without diffusion of its own cannot take a condition at both ends."


INTEGRATOR_TEXTS = {RADAU: "Radau IIA (order 5)", BDF: "backward differentiation (order 1 to 5)"}
SCIPY_NAMES = {RADAU: "Radau", BDF: "BDF"}


@dataclass(frozen=True)
class LinesChoices(Choices):
    discretisation: Block = choice(CHEBYSHEV)
    integrator: Block = choice(RADAU, BDF)
    step_rule: Block = choice(ERROR_STEPS)
    refinement: Block = choice(HALF_AGAIN, ONE_PASS)
    points: int = number(32, 6, 512, "Chebyshev points, on the first level")
    tolerance: float = number(1e-7, 1e-12, 0.1, "relative error that integrator and refinement aim at")
    steps: int = number(1, 1, 1_000_000, "the fewest steps over all times")
    levels: int = number(3, 2, 10, "the first and how often points may be increased by half", HALF_AGAIN)


class MethodOfLines(Family[LinesChoices]):
    """Chebyshev collocation in space, an implicit Runge-Kutta method (Radau IIA, order 5) in time."""

    name = "method of lines"
    choices = LinesChoices

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

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant[LinesChoices]]:
        x = analysis.coordinates[0]
        for rate, unknown in zip(_rates(analysis), analysis.unknowns, strict=True):
            if analysis.valued(rate.coeff(derivative(unknown, x, x))).is_zero:
                raise Unsuited(UNDIFFUSED)

        def once(points: int, tolerance: float) -> LinesChoices:
            return LinesChoices(refinement=ONE_PASS, points=points, tolerance=tolerance)

        fine, careful = LinesChoices(points=40, tolerance=1e-9), LinesChoices(steps=1000)
        return (
            Variant("32 Chebyshev points, tolerance 1e-6", once(32, 1e-6), 10, 2),
            Variant("refined to 1e-7", LinesChoices(), 60, 4),
            Variant("refined to 1e-9", fine, 160, 6),
            Variant("24 Chebyshev points, tolerance 1e-4", once(24, 1e-4), 4, 1),
            Variant("refined to 1e-7, at least 1000 steps", careful, 120, 5, again=True),
        )

    def plan(self, analysis: Analysis, variant: Variant[LinesChoices]) -> Plan:
        once = variant.choices.refinement is ONE_PASS
        return Plan(
            f"{CHEBYSHEV.title}, boundary values from the boundary conditions",
            f"{variant.choices.integrator.title}, {ERROR_STEPS.title}",
            variant.name + (": no refinement" if once else ": half as many points again until two answers agree"),
            None,
        )

    def text(self, analysis: Analysis, brief: Brief, choices: LinesChoices) -> str:
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
            ends=_ends(axis),
            lower_value=numpy_code(lower),
            upper_value=numpy_code(upper),
            points=choices.points,
            levels=1 if choices.refinement is ONE_PASS else choices.levels,
            tolerance=choices.tolerance,
            steps=choices.steps,
            integrator=SCIPY_NAMES[choices.integrator],
            integrator_text=INTEGRATOR_TEXTS[choices.integrator],
            work=WORK_SHARE * brief.time_limit * EVALUATIONS_A_SECOND / max(1, brief.sizes.get("batch", 1)),
            patience=round(PATIENCE_SHARE * brief.time_limit, 1),
            rates=rates,
            derivatives=[(name, field, order) for name, (field, order) in sorted(derivatives.items())],
            orders=sorted({order for _, order in derivatives.values()}),
            explicit=_explicit(analysis, (*_rates(analysis), lower, upper)),
        )


def _rates(analysis: Analysis) -> list[Expression]:
    return [sp.expand(analysis.chain(rate)) for rate in analysis.rates]


def _ends(axis: Axis) -> list[tuple[str, str]]:
    """What weights of the two end values make what is given: at an end a value, or the outward derivative."""
    lower, upper = ("[1.0, 0.0]", "below"), ("[0.0, 1.0]", "above")
    if axis.lower.kind != "dirichlet":
        slope = "[first[0, 0], first[0, -1]]  # the outward derivative is given"
        lower = (slope, "-below - first[0, 1:-1] @ inner")
    if axis.upper.kind != "dirichlet":
        upper = ("[first[-1, 0], first[-1, -1]]", "above - first[-1, 1:-1] @ inner")
    return [lower, upper]


def _explicit(analysis: Analysis, expressions: Sequence[Expression]) -> list[tuple[str, str]]:
    """Factors that hold the time, each with its partial derivative along it, derivatives in space taken as 1."""
    found = timed_factors(
        (e.xreplace({atom: sp.Integer(1) for atom in e.atoms(D)}) for e in expressions), analysis.time
    )
    return [(numpy_code(factor), numpy_code(slope)) for factor, slope in found]
