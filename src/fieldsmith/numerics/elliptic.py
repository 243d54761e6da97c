"""Steady linear elliptic problems on a rectangle: conservative finite volumes around the given points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from fieldsmith.blocks import Block, Choices, Plan, choice, number
from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.conservation import parts
from fieldsmith.equations.expressions import D, Expression, Unsuited
from fieldsmith.equations.printing import numpy_code
from fieldsmith.errors import InputError
from fieldsmith.numerics.catalogue import (
    AS_GIVEN,
    CONTROL_VOLUMES,
    HARMONIC,
    NO_EXTRAPOLATION,
    RICHARDSON,
    SINE_PCG,
    SPARSE_DIRECT,
    SPLIT_VOLUMES,
)
from fieldsmith.numerics.code import call_values, fixed_values
from fieldsmith.numerics.family import Family, Variant
from fieldsmith.numerics.rendering import render
from fieldsmith.tasks.task import Brief

UNDIFFUSED = "There is no diffusion along one of the axes."


@dataclass(frozen=True)
class Steady:
    """0 = sum over axes of d(diffusivity du/dx)/dx + velocity du/dx, + reaction u + source."""

    diffusivity: tuple[Expression, ...]
    velocity: tuple[Expression, ...]
    reaction: Expression
    source: Expression


@dataclass(frozen=True)
class Side:
    """One side of the rectangle as source text: where it is, what is given there, and what flows through it."""

    axis: str
    edge: float
    index: str
    """Its points among all."""
    area: str
    flux: str
    """What stands before the outward derivative."""
    spacing: str
    kind: str
    value: str
    velocity: str
    drift: str
    """How the load changes by what drifts in along the given slope."""


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


@dataclass(frozen=True)
class EllipticChoices(Choices):
    discretisation: Block = choice(CONTROL_VOLUMES)
    average: Block = choice(HARMONIC)
    solver: Block = choice(SINE_PCG, SPARSE_DIRECT)
    refinement: Block = choice(SPLIT_VOLUMES, AS_GIVEN)
    extrapolation: Block = choice(RICHARDSON, NO_EXTRAPOLATION)
    fine: int = number(3, 3, 31, "parts along each axis into which volumes are split", SPLIT_VOLUMES, odd=True)
    coarse: int = number(1, 1, 29, "parts for the coarser answer", RICHARDSON, odd=True)

    def check(self) -> None:
        if self.extrapolation is RICHARDSON and self.refinement is not SPLIT_VOLUMES:
            words = f"The {RICHARDSON} combines two resolutions, of which the {AS_GIVEN} has one."
            raise InputError(words, f"Choose the {SPLIT_VOLUMES}, or the {NO_EXTRAPOLATION}.")
        if self.extrapolation is RICHARDSON and self.coarse >= self.fine:
            raise InputError(f"coarse is {self.coarse}, not below fine, {self.fine}.", "Give a smaller odd number.")

    @property
    def splits(self) -> tuple[int, int]:
        """Parts for the coarser answer, 0 where there is none, and for the finer one."""
        fine = self.fine if self.refinement is SPLIT_VOLUMES else 1
        return (self.coarse if self.extrapolation is RICHARDSON else 0), fine


class Elliptic(Family[EllipticChoices]):
    """Harmonic averages at faces, control volumes split for accuracy; a fast or a direct solver."""

    name = "steady finite volumes"
    choices = EllipticChoices

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

    def objections(self, analysis: Analysis) -> Mapping[Block, str]:
        reason = "it takes the value 0 on the whole boundary and neither drift nor reaction"
        return {} if _fast(analysis, steady_form(analysis)) else {SINE_PCG: reason}

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant[EllipticChoices]]:
        form = steady_form(analysis)
        if any(analysis.valued(coefficient).is_zero for coefficient in form.diffusivity):
            raise Unsuited(UNDIFFUSED)
        solver = SINE_PCG if _fast(analysis, form) else SPARSE_DIRECT

        def variant(name: str, accuracy: int, choices: EllipticChoices) -> Variant[EllipticChoices]:
            coarse, fine = choices.splits
            return Variant(name, choices, solver.cost * (coarse**2 + fine**2), accuracy)

        def extrapolated(coarse: int, fine: int) -> EllipticChoices:
            return EllipticChoices(solver=solver, coarse=coarse, fine=fine)

        given = EllipticChoices(solver=solver, refinement=AS_GIVEN, extrapolation=NO_EXTRAPOLATION)
        split = EllipticChoices(solver=solver, extrapolation=NO_EXTRAPOLATION)
        finest = (variant("split 9 x 9, extrapolated", 8, extrapolated(5, 9)),)
        return (
            variant("control volumes as given", 1, given),
            variant("split 3 x 3", 3, split),
            variant("split 3 x 3, extrapolated", 4, extrapolated(1, 3)),
            variant("split 5 x 5, extrapolated", 6, extrapolated(3, 5)),
            *(finest if max(brief.sizes.values()) < 200 else ()),
        )

    def plan(self, analysis: Analysis, variant: Variant[EllipticChoices]) -> Plan:
        choices = variant.choices
        return Plan(
            f"{CONTROL_VOLUMES.title}, {HARMONIC.title}",
            choices.solver.title,
            variant.name + (" (Richardson)" if choices.extrapolation is RICHARDSON else ""),
            CONTROL_VOLUMES.order,
        )

    def text(self, analysis: Analysis, brief: Brief, choices: EllipticChoices) -> str:
        form = steady_form(analysis)
        centred = analysis.axis.nodes == "cell_centres"
        coefficients = [a for a in brief.signature.arguments if a.role == "coefficient"]
        return render(
            "elliptic.py.jinja",
            **call_values(brief),
            equation_text=[f"0 = {b.rhs}" for b in analysis.equation.balances],
            axes=[
                {"name": coordinate.name, "low": axis.low, "high": axis.high}
                for axis, coordinate in zip(analysis.equation.axes, analysis.coordinates, strict=True)
            ],
            sides=_sides(analysis, form),
            constants=fixed_values(analysis, brief),
            splits=choices.splits,
            fast=choices.solver is SINE_PCG,
            centred=centred,
            # The boundary is half a spacing away from the outermost points, or goes through them.
            transform=2 if centred else 1,
            modes=("size_x", "size_y") if centred else ("(size_x + 1)", "(size_y + 1)"),
            coefficients=[names.symbol(a.of) for a in coefficients],
            diffusivity=[numpy_code(c) for c in form.diffusivity],
            velocity=[numpy_code(c) if c != 0 else "" for c in form.velocity],
            reaction=numpy_code(form.reaction) if form.reaction != 0 else "",
            source=numpy_code(form.source),
        )


def _sides(analysis: Analysis, form: Steady) -> list[Side]:
    found = []
    for along, (axis, coordinate) in enumerate(zip(analysis.equation.axes, analysis.coordinates, strict=True)):
        index, area, flux, spacing = (("{}, :", "wy", "ax", "hx"), (":, {}", "wx", "ay", "hy"))[along]
        velocity = numpy_code(form.velocity[along]) if form.velocity[along] != 0 else ""
        for end, place, edge, drift in ((axis.lower, 0, axis.low, "+="), (axis.upper, -1, axis.high, "-=")):
            value = numpy_code(analysis.parse(end.value))
            where = index.format(place)
            found.append(Side(coordinate.name, edge, where, area, flux, spacing, end.kind, value, velocity, drift))
    return found


def _fast(analysis: Analysis, form: Steady) -> bool:
    """Whether the symmetric fast solver applies: Dirichlet all around, one diffusivity, no drift, no reaction."""
    dirichlet = all(b.kind == "dirichlet" for axis in analysis.equation.axes for b in (axis.lower, axis.upper))
    values = all(b.value in ("0", "0.0") for axis in analysis.equation.axes for b in (axis.lower, axis.upper))
    drift = any(v != 0 for v in form.velocity) or form.reaction != 0
    return dirichlet and values and not drift
