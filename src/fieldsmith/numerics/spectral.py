"""Fourier pseudo-spectral methods for periodic equations in one dimension, scalar or systems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from fieldsmith.blocks import Block, Choices, Plan, choice, number
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import holds
from fieldsmith.equations.fourier import symbol_code
from fieldsmith.equations.printing import named_derivatives, numpy_code, timed_factors
from fieldsmith.numerics.catalogue import (
    COURANT,
    DOUBLING,
    ETDRK4,
    EXPONENTIAL,
    FOURIER,
    MAJORANT,
    ONE_HALF,
    ONE_PASS,
    TRIGONOMETRIC,
    TWO_THIRDS,
    UNFOLDED,
)
from fieldsmith.numerics.code import call_values, equation_values
from fieldsmith.numerics.family import Family, Variant, periodic_line
from fieldsmith.numerics.remainder import Remainder
from fieldsmith.numerics.rendering import render
from fieldsmith.tasks.task import Brief

VALUES_A_SECOND = 1.2e8
"""Values that a core of our day transforms a second, everything around it included (1.1 to 1.6e8 on an AMD EPYC)."""
WORK_SHARE, PATIENCE_SHARE = 0.25, 0.8
"""Of the time limit: what the counted work should take, and what must not be exceeded whatever the machine."""


KEPT = {TWO_THIRDS: "2.0 / 3.0", ONE_HALF: "0.5"}
"""Of the modes of a product, the part that dealiasing keeps."""


@dataclass(frozen=True)
class SpectralChoices(Choices):
    discretisation: Block = choice(FOURIER)
    interpolation: Block = choice(UNFOLDED, TRIGONOMETRIC)
    integrator: Block = choice(ETDRK4, EXPONENTIAL)
    dealiasing: Block = choice(TWO_THIRDS, ONE_HALF)
    diffusion: Block = choice(MAJORANT)
    step_rule: Block = choice(COURANT)
    refinement: Block = choice(DOUBLING, ONE_PASS)
    courant: float = number(1.0, 0.01, 4.0, "way of a wave in a step over 1/k of the finest wave that matters", ETDRK4)
    steps: int = number(1, 1, 100_000, "the fewest steps between two output times, on the first level", ETDRK4)
    oversampling: float = number(1.5, 0.25, 8.0, "inner points a given point, at most, on the first level", ETDRK4)
    tolerance: float = number(1e-5, 1e-14, 0.1, "two successive refinements that agree this well are the last", ETDRK4)
    levels: int = number(4, 2, 12, "how often grid and steps may be refined", DOUBLING)


class Spectral(Family[SpectralChoices]):
    """Exact exponentials for linear equations, ETDRK4 with 2/3 dealiasing for the others.

    Resolution is controlled at run time: grid and steps are refined until two answers agree.
    """

    name = "spectral"
    choices = SpectralChoices

    def suits(self, analysis: Analysis) -> float:
        periodic_line(analysis)
        return 1.0 if analysis.linear or all(map(analysis.damped, range(len(analysis.unknowns)))) else 0.6

    def objections(self, analysis: Analysis) -> Mapping[Block, str]:
        if analysis.linear:
            coupled = {UNFOLDED: "the equations are coupled and are solved on the modes of the samples"}
            exact = {ETDRK4: "the equation is linear with constant coefficients and is solved exactly"}
            return {**exact, **(coupled if analysis.coupled else {})}
        return {EXPONENTIAL: "the equation is not linear with constant coefficients"}

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant[SpectralChoices]]:
        if analysis.linear:
            known = TRIGONOMETRIC if analysis.coupled else UNFOLDED
            return (Variant("exact in time", SpectralChoices(interpolation=known, integrator=EXPONENTIAL), 1, 9),)
        given = SpectralChoices(refinement=ONE_PASS, tolerance=1e-4, oversampling=1.0)
        coarse = SpectralChoices(refinement=ONE_PASS, courant=2.0, tolerance=1e-2, oversampling=0.75)
        finest = SpectralChoices(courant=0.7, levels=7, tolerance=1e-11)
        careful = SpectralChoices(steps=4, courant=0.25, tolerance=1e-6)
        return (
            Variant("one pass on the given grid", given, 4, 1),
            Variant("refined to 1e-5", SpectralChoices(), 40, 3),
            Variant("refined to 1e-9", SpectralChoices(levels=6, tolerance=1e-9), 120, 5),
            Variant("refined to 1e-11", finest, 200, 7),
            Variant("one coarse pass", coarse, 1, 0),
            Variant("steps four times smaller", careful, 160, 4, again=True),
        )

    def plan(self, analysis: Analysis, variant: Variant[SpectralChoices]) -> Plan:
        choices = variant.choices
        if choices.integrator is EXPONENTIAL:
            return Plan(
                "Fourier, all modes of the samples",
                f"{EXPONENTIAL.title} of the linear {'matrix' if analysis.coupled else 'symbol'}",
                "none needed",
                None,
                f"Every Fourier mode is multiplied by the exponential of its symbol: exact for the {'samples, unfolded where they have kinks' if choices.interpolation is UNFOLDED else 'interpolant'}.",
            )
        once = f"{COURANT.title}, {ONE_PASS.title}"
        refined = f"{DOUBLING.title} until two answers agree to {choices.tolerance:g}"
        return Plan(
            f"Fourier pseudo-spectral, {choices.dealiasing.title} dealiasing, inner grid by trigonometric interpolation{', samples unfolded where they have kinks' if choices.interpolation is UNFOLDED else ''}",
            "ETDRK4, linear part exact" + (f" with {MAJORANT.title}" if Remainder(analysis).majorizes else ""),
            f"{variant.name}: {once if choices.refinement is ONE_PASS else refined}",
            None,
            f"Spectral in space, fourth order in time; {variant.name}.",
        )

    def text(self, analysis: Analysis, brief: Brief, choices: SpectralChoices) -> str:
        exact = choices.integrator is EXPONENTIAL
        remainder = Remainder(analysis)
        values = {**call_values(brief), **equation_values(analysis, brief), **_linear_values(remainder, brief)}
        if not exact:
            values |= _remaining_values(remainder)
        unfolds = choices.interpolation is UNFOLDED
        moved = _moved(analysis) if exact else None
        return render(
            "spectral.py.jinja",
            **values,
            scheme="exact in time" if exact else "exponential time differencing (ETDRK4)",
            exact=exact,
            unfolds=unfolds,
            unfolds_spectra=unfolds and moved is None,
            moved=moved,
            method_text=_method_text(remainder, choices),
            courant=choices.courant,
            steps=choices.steps,
            oversampling=choices.oversampling,
            tolerance=choices.tolerance,
            levels=1 if choices.refinement is ONE_PASS else choices.levels,
            kept=KEPT[choices.dealiasing],
            rule=choices.dealiasing.title,
            work=WORK_SHARE * brief.time_limit * VALUES_A_SECOND / max(1, brief.sizes.get("batch", 1)),
            patience=round(PATIENCE_SHARE * brief.time_limit, 1),
        )


def _moved(analysis: Analysis) -> tuple[str, str] | None:
    """Velocity and growth rate of an equation that only moves and scales what it begins with, as source; None for another."""
    if len(analysis.unknowns) > 1 or set(analysis.terms[0].linear) - {(0,), (1,)}:
        return None
    linear = analysis.terms[0].linear
    return numpy_code(-linear.get((1,), sp.Integer(0))), numpy_code(linear.get((0,), sp.Integer(0)))


def _linear_values(remainder: Remainder, brief: Brief) -> dict[str, object]:
    """What the template needs of the part that is taken exactly."""
    analysis = remainder.analysis
    size = range(len(analysis.unknowns))
    passed = call_values(brief)["passed"]
    symbols = [symbol_code(terms.linear) + _less(remainder, i) for i, terms in enumerate(analysis.terms)]
    return {
        "coupled": analysis.coupled,
        "unpack": f"({', '.join(passed)},) = self.parameters" if passed else "",
        "symbols": symbols,
        "real_symbol": all("ik" not in symbol for symbol in symbols),
        "matrix": [[_matrix_symbol(analysis, i, j) for j in size] for i in size] if analysis.coupled else [],
        "outputs": [f"out_{w.name}" for w in analysis.unknowns],
    }


def _remaining_values(remainder: Remainder) -> dict[str, object]:
    """What the template needs of the terms that are not taken exactly."""
    analysis = remainder.analysis
    index = {w.name: i for i, w in enumerate(analysis.unknowns)}
    majorants = [numpy_code(d) if remainder.majorized(i) else "" for i, d in enumerate(remainder.diffusion)]
    fluxes, derivatives = _fluxes(analysis)
    speeds, transport = _speeds(analysis)
    explicit, timed = _explicit(analysis)
    stiffness, stiff = _stiffness(remainder)
    everything = [f for terms in analysis.terms for f in terms.fluxes.values()]
    uses_time = any(f.has(analysis.time) for f in everything)

    def listed(found: Mapping[str, tuple[str, int]]) -> list[tuple[str, int, int]]:
        return [(name, index[field], order) for name, (field, order) in sorted(found.items())]

    return {
        "majorants": majorants,
        "damping": "np.max(-linear[0].real, axis=0)" if majorants[0] else "-linear[0].real",
        "has_majorants": any(majorants),
        "majorants_too": ", majorants" if any(majorants) else "",
        "fluxes": fluxes,
        "derivatives": listed(derivatives),
        "transforms": len(index) + len(derivatives) + sum(map(len, fluxes)),
        "uses_coordinate": any(holds(f, analysis.coordinates[0]) for f in everything),
        "uses_time": uses_time,
        "interval_too": f", {analysis.time.name}, interval" if uses_time else "",
        "speeds": speeds,
        "transport": transport,
        "reaction": [numpy_code(r) for r in remainder.reaction if r != 0],
        "explicit": explicit,
        "timed_derivatives": listed(timed),
        "stiffness": stiffness,
        "stiff_derivatives": listed(stiff),
    }


def _matrix_symbol(analysis: Analysis, i: int, j: int) -> str:
    terms, other = analysis.terms[i], analysis.unknowns[j]
    coupling = {counts: c for (unknown, counts), c in terms.coupling.items() if unknown == other}
    return symbol_code(terms.linear if i == j else coupling)


def _fluxes(analysis: Analysis) -> tuple[list[list[tuple[int, str]]], dict[str, tuple[str, int]]]:
    rows, derivatives = [], {}
    for terms in analysis.terms:
        row = []
        for (order,), flux in sorted(terms.fluxes.items()):
            plain, found = named_derivatives(flux)
            derivatives.update(found)
            code = numpy_code(sp.factor_terms(plain))
            if not any(plain.has(w) for w in analysis.unknowns) and not found:
                code = f"np.broadcast_to({code}, {analysis.unknowns[0]}.shape)"
            row.append((order, code))
        rows.append(row)
    return rows, derivatives


def _speeds(analysis: Analysis) -> tuple[str, object]:
    if analysis.transports[0].is_zero_matrix:
        return "none", ""
    if len(analysis.unknowns) == 1:
        return "scalar", numpy_code(analysis.transports[0][0, 0])
    size = range(len(analysis.unknowns))
    return "system", [[numpy_code(analysis.transports[0][i, j]) for j in size] for i in size]


def _explicit(analysis: Analysis) -> tuple[list[tuple[str, str]], dict[str, tuple[str, int]]]:
    """Factors that hold the time, each with its partial derivative along it, and the derivatives that they hold."""
    pairs, derivatives = [], {}
    fluxes = [flux for terms in analysis.terms for flux in terms.fluxes.values()]
    for factor, slope in timed_factors(fluxes, analysis.time):
        plain, found = named_derivatives(factor)
        derivatives.update(found)
        pairs.append((numpy_code(plain), numpy_code(named_derivatives(slope)[0])))
    return pairs, derivatives


def _stiffness(remainder: Remainder) -> tuple[list[tuple[int, int, int, str]], dict[str, tuple[str, int]]]:
    rows, derivatives = [], {}
    for (i, j), slopes in remainder.stiffness.items():
        for order, slope in sorted(slopes.items()):
            plain, found = named_derivatives(slope)
            derivatives.update(found)
            rows.append((i, j, order, numpy_code(plain)))
    return rows, derivatives


def _less(remainder: Remainder, index: int) -> str:
    """What a symbol holds of a variable diffusion."""
    return f" - majorants[{index}][:, None] * k**2" if remainder.majorized(index) else ""


def _method_text(remainder: Remainder, choices: SpectralChoices) -> list[str]:
    unfolding = [
        "A sample with kinks whose square, about some base, has none is the absolute value of a short Fourier sum. That is",
        "recovered from the samples, as their trigonometric interpolant misses much of the kinks between them.",
    ]
    if choices.integrator is EXPONENTIAL:
        return [
            "The equation is linear with constant coefficients: every Fourier mode of the samples is multiplied by the",
            f"exponential of its {'matrix' if remainder.analysis.coupled else 'symbol'}. This is exact for the trigonometric interpolant of the samples.",
            *(unfolding if choices.interpolation is UNFOLDED else ()),
        ]
    lines = [
        "Linear terms with constant coefficients are taken exactly in Fourier space, so that they put no limit on the step;",
        f"products are formed on the grid and dealiased by the {choices.dealiasing.title} rule. The samples are interpolated to an inner grid.",
    ]
    if choices.interpolation is UNFOLDED:
        lines += unfolding
    if choices.refinement is DOUBLING:
        lines.append("Grid and steps are refined until two answers agree.")
    if remainder.majorizes:
        lines += [
            "Diffusion with a variable coefficient is split into a constant one midway between the extremes, taken exactly,",
            "and the rest, which is then too small to limit the step.",
        ]
    return lines
