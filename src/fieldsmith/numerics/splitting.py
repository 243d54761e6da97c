"""Operator splitting for periodic scalar equations whose parts can be solved exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from fieldsmith.blocks import Block, Choices, Plan, choice, number
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Expression, Unsuited
from fieldsmith.equations.flows import powers_of
from fieldsmith.equations.fourier import symbol_code
from fieldsmith.equations.printing import numpy_code
from fieldsmith.numerics.catalogue import (
    EXPONENTIAL,
    FIXED_STEPS,
    FOURIER,
    NO_EXTRAPOLATION,
    QUADRATIC_FLOW,
    RICHARDSON,
    STRANG,
    TRIGONOMETRIC,
    UNFOLDED,
)
from fieldsmith.numerics.code import call_values, equation_values
from fieldsmith.numerics.family import Family, Variant, periodic_line
from fieldsmith.numerics.rendering import render
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


@dataclass(frozen=True)
class SplittingChoices(Choices):
    discretisation: Block = choice(FOURIER)
    interpolation: Block = choice(UNFOLDED, TRIGONOMETRIC)
    splitting: Block = choice(STRANG)
    integrator: Block = choice(EXPONENTIAL)
    reaction: Block = choice(QUADRATIC_FLOW)
    step_rule: Block = choice(FIXED_STEPS)
    extrapolation: Block = choice(RICHARDSON, NO_EXTRAPOLATION)
    steps: int = number(4, 1, 100_000, "steps between two output times")


class Splitting(Family[SplittingChoices]):
    """Strang splitting of two exact flows, raised to fourth order by Richardson extrapolation."""

    name = "splitting"
    choices = SplittingChoices

    def suits(self, analysis: Analysis) -> float:
        periodic_line(analysis)
        quadratic_reaction(analysis)
        return 0.8

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant[SplittingChoices]]:
        return (
            Variant("4 steps a frame, extrapolated", SplittingChoices(steps=4), 3, 4),
            Variant("16 steps a frame, extrapolated", SplittingChoices(steps=16), 12, 6),
            Variant("1 step a frame, extrapolated", SplittingChoices(steps=1), 1, 2),
            Variant("64 steps a frame, extrapolated", SplittingChoices(steps=64), 48, 7, again=True),
        )

    def plan(self, analysis: Analysis, variant: Variant[SplittingChoices]) -> Plan:
        extrapolated = ", Richardson extrapolation to order 4"
        return Plan(
            f"Fourier, linear part with derivatives solved exactly{', samples unfolded where they have kinks' if variant.choices.interpolation is UNFOLDED else ''}",
            f"{STRANG.title} with {QUADRATIC_FLOW.title}{extrapolated if _extrapolated(variant.choices) else ''}",
            variant.name,
            None,
        )

    def text(self, analysis: Analysis, brief: Brief, choices: SplittingChoices) -> str:
        return render(
            "splitting.py.jinja",
            **call_values(brief),
            **equation_values(analysis, brief),
            steps=choices.steps,
            extrapolated=_extrapolated(choices),
            unfolds=choices.interpolation is UNFOLDED,
            unfolds_spectra=True,
            unknown=analysis.unknowns[0].name,
            symbol=symbol_code({counts: c for counts, c in analysis.terms[0].linear.items() if any(counts)}),
            reaction=[numpy_code(part) for part in quadratic_reaction(analysis)],
        )


def _extrapolated(choices: SplittingChoices) -> bool:
    return choices.extrapolation is RICHARDSON
