"""Steady linear elliptic problems on a rectangle: conservative finite volumes around the given points."""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.conservation import parts
from fieldsmith.equations.expressions import D, Expression, Unsuited
from fieldsmith.equations.printing import numpy_code
from fieldsmith.numerics.code import call_values, fixed_values
from fieldsmith.numerics.family import Variant, render
from fieldsmith.numerics.plan import Plan
from fieldsmith.tasks.task import Brief

UNDIFFUSED = "There is no diffusion along one of the axes."


@dataclass(frozen=True)
class Steady:
    """0 = sum over axes of d(diffusivity du/dx)/dx + velocity du/dx, + reaction u + source."""

    diffusivity: tuple[Expression, ...]
    velocity: tuple[Expression, ...]
    reaction: Expression
    source: Expression


def steady_form(analysis: Analysis) -> Steady:
    """The equation in that form. Raises Unsuited where it is not linear or has other terms."""
    if not analysis.steady:
        raise Unsuited("The equation is not steady.")
    if analysis.dimensions != 2 or len(analysis.unknowns) != 1:
        raise Unsuited("There are not one unknown and two axes.")
    u = analysis.unknowns[0]
    zero: Expression = sp.Integer(0)
    diffusivity, velocity, rest = [zero] * 2, [zero] * 2, zero
    for part in parts(analysis, analysis.right_hand_sides[0]):
        if part.factor.has(D):
            raise Unsuited("Derivatives are multiplied.")
        if part.flux is None:
            rest += part.factor
        elif part.flux == u:
            velocity[part.axis] += part.factor
        elif part.factor.has(*analysis.varying):
            raise Unsuited("A second derivative has a variable factor in front: this is not a conservation form.")
        else:
            coordinate = analysis.coordinates[part.axis]
            diffusivity[part.axis] += part.factor * _coefficient(analysis, part.flux, coordinate)
    reaction = sp.diff(rest, u)
    source = sp.expand(rest - reaction * u)
    if any(part.has(u) for part in (*diffusivity, *velocity, reaction, source)):
        raise Unsuited("The equation is not linear.")
    if 0 in diffusivity:
        raise Unsuited(UNDIFFUSED)
    return Steady(tuple(diffusivity), tuple(velocity), reaction, source)


def _coefficient(analysis: Analysis, flux: Expression, axis: Expression) -> Expression:
    """What stands before du/dx in a flux along x."""
    gradient = D(analysis.unknowns[0], axis)
    coefficient = sp.simplify(flux / gradient)
    if flux.atoms(D) != {gradient} or coefficient.has(D):
        raise Unsuited("A flux is not along the gradient: full tensors and higher derivatives are not known.")
    return coefficient


class Elliptic:
    """Harmonic averages at faces, control volumes split for accuracy; a fast or a direct solver."""

    name = "finite volumes, steady"

    def suits(self, analysis: Analysis) -> float:
        form = steady_form(analysis)
        axes = analysis.equation.axes
        if any(axis.periodic for axis in axes):
            raise Unsuited("An axis is periodic.")
        if not analysis.equation.coefficients:
            raise Unsuited("No field is given, whose shape would tell the grid's.")
        if {axis.nodes for axis in axes} not in ({"cell_centres"}, {"endpoints"}):
            raise Unsuited("The nodes are neither cell centres nor include both ends on both axes.")
        if analysis.axis.nodes == "cell_centres" and any(v != 0 for v in form.velocity):
            raise Unsuited("Drift is not known on cell centres.")
        if form.reaction == 0 and all(b.kind == "neumann" for axis in axes for b in (axis.lower, axis.upper)):
            raise Unsuited("With slopes alone given at the boundary and no reaction the solution is not determined.")
        return 1.0

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        form = steady_form(analysis)
        if any(analysis.valued(coefficient).is_zero for coefficient in form.diffusivity):
            raise Unsuited(UNDIFFUSED)
        fast = _fast(analysis, form)

        def variant(name: str, accuracy: int, coarse: int, fine: int) -> Variant:
            settings = {"coarse": coarse, "fine": fine, "fast": fast}
            return Variant(name, settings, (1 if fast else 3) * (coarse**2 + fine**2), accuracy)

        return (
            variant("control volumes as given", 1, 0, 1),
            variant("split 3 x 3", 3, 0, 3),
            variant("split 3 x 3, extrapolated", 4, 1, 3),
            variant("split 5 x 5, extrapolated", 6, 3, 5),
            *((variant("split 9 x 9, extrapolated", 8, 5, 9),) if max(brief.sizes.values()) < 200 else ()),
        )

    def plan(self, analysis: Analysis, variant: Variant) -> Plan:
        fast = (
            "conjugate gradients with a sine-transform preconditioner"
            if variant.settings["fast"]
            else "sparse direct solve"
        )
        return Plan(
            "conservative finite volumes around the given points, harmonic averages at faces",
            fast,
            variant.name + (" (Richardson)" if variant.settings["coarse"] else ""),
            2.0,
        )

    def source(self, analysis: Analysis, brief: Brief, variant: Variant) -> str:
        form = steady_form(analysis)
        coefficients = [a for a in brief.signature.arguments if a.role == "coefficient"]
        return render(
            "elliptic.py.jinja",
            **call_values(brief),
            equation_text=[f"0 = {b.rhs}" for b in analysis.equation.balances],
            axes=[
                {
                    "name": coordinate.name,
                    "low": axis.low,
                    "high": axis.high,
                    "lower": axis.lower.kind,
                    "upper": axis.upper.kind,
                    "lower_value": numpy_code(analysis.parse(axis.lower.value)),
                    "upper_value": numpy_code(analysis.parse(axis.upper.value)),
                }
                for axis, coordinate in zip(analysis.equation.axes, analysis.coordinates, strict=True)
            ],
            constants=fixed_values(analysis, brief),
            settings=variant.settings,
            fast=bool(variant.settings["fast"]),
            centred=analysis.axis.nodes == "cell_centres",
            coefficients=[names.symbol(a.of) for a in coefficients],
            diffusivity=[numpy_code(c) for c in form.diffusivity],
            velocity=[numpy_code(c) if c != 0 else "" for c in form.velocity],
            reaction=numpy_code(form.reaction) if form.reaction != 0 else "",
            source=numpy_code(form.source),
        )


def _fast(analysis: Analysis, form: Steady) -> bool:
    """Whether the symmetric fast solver applies: Dirichlet all around, one diffusivity, no drift, no reaction."""
    dirichlet = all(b.kind == "dirichlet" for axis in analysis.equation.axes for b in (axis.lower, axis.upper))
    values = all(b.value in ("0", "0.0") for axis in analysis.equation.axes for b in (axis.lower, axis.upper))
    drift = any(v != 0 for v in form.velocity) or form.reaction != 0
    return dirichlet and values and not drift
