"""Shock-capturing finite volumes for periodic balance laws in one dimension, scalar or systems."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import sympy as sp

from fieldsmith.blocks import Block, Choices, Plan, choice, number
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import D, Expression, Unsuited, holds
from fieldsmith.equations.printing import named_derivatives, numpy_code, timed_factors
from fieldsmith.numerics.balance_laws import BalanceLaw, Gas, balance_law, ideal_gas
from fieldsmith.numerics.catalogue import (
    AS_GIVEN,
    CONSTANT,
    COURANT,
    FINITE_VOLUMES,
    HLLC,
    MINMOD,
    RKL2,
    RUSANOV,
    SPLIT_CELLS,
    SSPRK2,
    SSPRK3,
    STRANG,
    VAN_LEER,
    WENO5,
)
from fieldsmith.numerics.code import call_values, equation_values
from fieldsmith.numerics.family import Family, Variant, periodic_line
from fieldsmith.numerics.rendering import render
from fieldsmith.tasks.task import Brief

RECONSTRUCTIONS = {
    WENO5: ("weno", "Fifth-order WENO reconstruction"),
    VAN_LEER: ("van_leer", "Van Leer's limited linear reconstruction"),
    MINMOD: ("minmod", "Linear reconstruction with minmod slopes"),
    CONSTANT: ("constant", "Piecewise constant reconstruction"),
}
"""The function that a program calls, and what its first lines say; each has a template of the function's name."""
FLUX_TEXTS = {HLLC: "HLLC fluxes (Toro)", RUSANOV: "Rusanov fluxes"}


@dataclass(frozen=True)
class VolumesChoices(Choices):
    discretisation: Block = choice(FINITE_VOLUMES)
    reconstruction: Block = choice(WENO5, VAN_LEER, MINMOD, CONSTANT)
    flux: Block = choice(HLLC, RUSANOV)
    integrator: Block = choice(SSPRK3, SSPRK2)
    splitting: Block = choice(STRANG)
    diffusion: Block = choice(RKL2)
    step_rule: Block = choice(COURANT)
    refinement: Block = choice(AS_GIVEN, SPLIT_CELLS)
    courant: float = number(0.45, 0.01, 1.0, "way of the fastest signal in a step, in cells")
    factor: int = number(3, 3, 31, "inner cells a given cell", SPLIT_CELLS, odd=True)

    @property
    def split(self) -> int:
        """Inner cells a given cell."""
        return self.factor if self.refinement is SPLIT_CELLS else 1


class FiniteVolumes(Family[VolumesChoices]):
    """WENO reconstruction, HLLC for gases and Rusanov fluxes otherwise, SSP Runge-Kutta, super-time-stepped viscosity."""

    name = "finite volumes"
    choices = VolumesChoices

    def suits(self, analysis: Analysis) -> float:
        periodic_line(analysis)
        if analysis.linear:
            raise Unsuited("A linear equation with constant coefficients is solved exactly instead.")
        if all(flux == 0 for flux in balance_law(analysis).fluxes):
            raise Unsuited("Nothing is transported.")
        return 0.5

    def objections(self, analysis: Analysis) -> Mapping[Block, str]:
        gas = ideal_gas(analysis, balance_law(analysis))
        return {} if gas else {HLLC: "the fluxes are not those of an ideal gas"}

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant[VolumesChoices]]:
        flux = HLLC if ideal_gas(analysis, balance_law(analysis)) else RUSANOV

        def variant(name: str, accuracy: int, again: bool = False, **more: Any) -> Variant[VolumesChoices]:
            choices = VolumesChoices(flux=flux, **more)
            return Variant(name, choices, 8 * choices.split**2 * 0.45 / choices.courant, accuracy, again)

        return (
            variant("WENO on the given cells", 1),
            variant("WENO on cells refined 3 times", 2, refinement=SPLIT_CELLS),
            variant("WENO on cells refined 5 times", 3, refinement=SPLIT_CELLS, factor=5),
            variant("WENO on the given cells, steps four times smaller", 1, again=True, courant=0.11),
        )

    def plan(self, analysis: Analysis, variant: Variant[VolumesChoices]) -> Plan:
        choices = variant.choices
        viscous = f", viscous part by {RKL2.title} in {STRANG.title}" if any(balance_law(analysis).viscous) else ""
        return Plan(
            f"{FINITE_VOLUMES.title}, {choices.reconstruction.title}, {choices.flux.title} flux",
            choices.integrator.title + viscous,
            f"{variant.name}: fixed cells, {COURANT.title}",
            min(block.order for block in (FINITE_VOLUMES, choices.reconstruction) if block.order),
        )

    def text(self, analysis: Analysis, brief: Brief, choices: VolumesChoices) -> str:
        law = balance_law(analysis)
        gas = ideal_gas(analysis, law)
        local = [analysis.coefficient(i, i, analysis.flat) for i in range(len(analysis.unknowns))]
        call = call_values(brief)
        x, t = analysis.coordinates[0], analysis.time
        uses_x, uses_t = (any(holds(e, symbol) for e in law.everything) for symbol in (x, t))

        def at(place: str, moment: str) -> str:
            """Arguments after the fields: place and moment where the equation has them, parameters."""
            words = [*([place] if uses_x else []), *([moment] if uses_t else []), *call["passed"]]
            return "".join(f", {word}" for word in words)

        return render(
            "finite_volumes.py.jinja",
            **call,
            **equation_values(analysis, brief),
            courant=choices.courant,
            factor=choices.split,
            reconstruct=RECONSTRUCTIONS[choices.reconstruction][0],
            reconstruction_text=f"{RECONSTRUCTIONS[choices.reconstruction][1]} of the unknowns at cell faces ({choices.reconstruction.source})",
            flux_text=FLUX_TEXTS[choices.flux],
            stages=3 if choices.integrator is SSPRK3 else 2,
            uses_x=uses_x,
            uses_t=uses_t,
            at=at,
            here=at(x.name, t.name),
            tick=_tick(brief),
            quantities=[numpy_code(q) for q in analysis.quantities],
            inverse=[numpy_code(w) for w in law.inverse],
            fluxes=[numpy_code(f) for f in law.fluxes],
            **_viscous_values(analysis, law),
            sources=[numpy_code(s) for s in law.sources],
            has_sources=any(s != 0 for s in law.sources),
            local=[numpy_code(r) for r in local if r != 0],
            explicit=_explicit(law, t) if uses_t else [],
            waves=gas if choices.flux is HLLC else None,
            kinds=_kinds(analysis, gas) if gas else [],
            gamma=numpy_code(gas.gamma) if gas else "",
            speed=_speed(analysis, gas),
        )


def _kinds(analysis: Analysis, gas: Gas) -> list[str]:
    """Which conserved quantity of a gas is which."""
    by_name = {w.name: w for w in analysis.unknowns}
    density, pressure = by_name[gas.density], by_name[gas.pressure]
    return ["density" if q == density else "energy" if q.has(pressure) else "momentum" for q in analysis.quantities]


def _tick(brief: Brief) -> float:
    """A time that is nothing beside the whole span."""
    first, last = brief.span or (0.0, 1.0)
    return float(f"1e{math.floor(math.log10(last - first)) - 13}") if last > first else 0.0


def _viscous_values(analysis: Analysis, law: BalanceLaw) -> dict[str, object]:
    """What the template needs of the viscous fluxes."""
    viscous, gradients = [], {}
    for flux in law.viscous:
        plain, found = named_derivatives(flux)
        gradients.update(found)
        viscous.append(numpy_code(sp.factor_terms(plain)))
    return {
        "viscous": viscous,
        "has_viscous": any(flux != 0 for flux in law.viscous),
        "gradients": [(name, field) for name, (field, _) in sorted(gradients.items())],
        "diffusivity": _diffusivities(analysis, law),
    }


def _diffusivities(analysis: Analysis, law: BalanceLaw) -> list[str]:
    """Upper bounds of the diffusivities: derivatives of viscous fluxes by gradients, over derivatives of the quantities."""
    found = set()
    gradient = sp.Symbol("gradient")
    for flux, quantity in zip(law.viscous, analysis.quantities, strict=True):
        for atom in flux.atoms(D):
            slope = sp.diff(quantity, atom.args[0])
            if slope == 0:
                raise Unsuited("An unknown's gradient drives a balance that does not hold the unknown.")
            diffusivity = sp.simplify(sp.diff(flux.xreplace({atom: gradient}), gradient) / slope)
            if diffusivity.has(D, gradient):
                raise Unsuited("A diffusivity depends on a gradient.")
            found.add(diffusivity)
    return [numpy_code(d) for d in sorted(found, key=str)]


def _explicit(law: BalanceLaw, time: Expression) -> list[tuple[str, str]]:
    """Factors that hold the time, each with its partial derivative along it, gradients taken as 1."""
    gradients = {atom: sp.Integer(1) for e in law.viscous for atom in e.atoms(D)}
    expressions = (e.xreplace(gradients) for e in law.everything)
    return [(numpy_code(factor), numpy_code(slope)) for factor, slope in timed_factors(expressions, time)]


def _real(speed: Expression) -> Expression:
    """A wave speed but for its sign, with roots that stay real, and no smaller, where a step leaves the states that have waves."""
    size = -speed if speed.could_extract_minus_sign() else speed
    return size.replace(lambda e: e.is_Pow and e.exp.is_Rational and e.exp.q == 2, lambda e: sp.Abs(e.base) ** e.exp)


def _speed(analysis: Analysis, gas: Gas | None) -> str:
    """Largest signal speed in terms of the unknowns."""
    if gas is not None:
        return f"np.abs({gas.velocity}) + np.sqrt(({numpy_code(gas.gamma)}) * {gas.pressure} / {gas.density})"
    speeds = analysis.speeds(0)
    if speeds is not None:
        sizes = dict.fromkeys(f"np.abs({numpy_code(_real(speed))})" for speed in speeds)  # of c and -c once
        return reduce("np.maximum({}, {})".format, sizes) if sizes else "0.0"
    matrix = analysis.transports[0]
    # Without symbolic eigenvalues the geometric mean of two norms bounds the spectral radius well enough.
    rows = [" + ".join(f"np.abs({numpy_code(entry)})" for entry in matrix.row(i)) for i in range(matrix.rows)]
    columns = [" + ".join(f"np.abs({numpy_code(entry)})" for entry in matrix.col(j)) for j in range(matrix.cols)]
    largest = "np.maximum.reduce(np.broadcast_arrays({}))"
    return f"np.sqrt({largest.format(', '.join(rows))} * {largest.format(', '.join(columns))})"
