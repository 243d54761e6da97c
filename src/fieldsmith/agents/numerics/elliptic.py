"""Steady linear elliptic problems on a rectangle: conservative finite volumes around the given points."""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from fieldsmith.agents.author import Plan
from fieldsmith.agents.numerics.analysis import Analysis, D, Expression, code_name
from fieldsmith.agents.numerics.code import call_values, fixed_values, numpy_code, safe_names
from fieldsmith.agents.numerics.family import Variant, render
from fieldsmith.tasks.task import Brief


@dataclass(frozen=True)
class Steady:
    """0 = sum over axes of d(diffusivity du/dx)/dx + velocity du/dx, + reaction u + source."""

    diffusivity: tuple[Expression, ...]
    velocity: tuple[Expression, ...]
    reaction: Expression
    source: Expression


def steady_form(analysis: Analysis) -> Steady | None:
    """The equation in that form; None where it is not linear or has other terms."""
    if not analysis.steady or analysis.dimensions != 2 or len(analysis.unknowns) != 1:
        return None
    u = analysis.unknowns[0]
    zero: Expression = sp.Integer(0)
    diffusivity, velocity, rest = [zero] * 2, [zero] * 2, zero
    for term in sp.Add.make_args(sp.expand(analysis.right_hand_sides[0])):
        found = [atom for atom in term.atoms(D) if not any(atom != o and o.has(atom) for o in term.atoms(D))]
        if not found:
            rest += term
            continue
        if len(found) > 1:
            return None
        outer = found[0]
        factor = sp.simplify(term / outer)
        inner, axis = outer.args
        n = analysis.coordinates.index(axis)
        if inner == u:
            velocity[n] += factor
            continue
        gradients = inner.atoms(D)
        if (
            len(gradients) != 1
            or next(iter(gradients)).args != (u, axis)
            or factor.free_symbols & set(analysis.varying)
        ):
            return None
        coefficient = sp.simplify(inner / next(iter(gradients)))
        if coefficient.has(D):
            return None
        diffusivity[n] += factor * coefficient
    reaction = sp.diff(rest, u)
    source = sp.expand(rest - reaction * u)
    every = (*diffusivity, *velocity, reaction, source)
    if any(part.has(u) for part in every) or 0 in diffusivity:
        return None
    return Steady(tuple(diffusivity), tuple(velocity), reaction, source)


class Elliptic:
    """Harmonic averages at faces, control volumes split for accuracy; a fast or a direct solver."""

    name = "finite volumes, steady"

    def suits(self, analysis: Analysis) -> float:
        form = steady_form(analysis)
        axes = analysis.equation.axes
        grids = {axis.nodes for axis in axes}
        if form is None or not safe_names(analysis) or any(axis.periodic for axis in axes):
            return 0.0
        if grids == {"cell_centres"}:
            return 0.0 if any(v != 0 for v in form.velocity) else 1.0
        return 1.0 if grids == {"endpoints"} else 0.0

    def variants(self, analysis: Analysis, brief: Brief) -> Sequence[Variant]:
        form = steady_form(analysis)
        assert form is not None
        fast = _fast(analysis, form)

        def variant(name: str, accuracy: int, coarse: int, fine: int) -> Variant:
            return Variant(name, {"coarse": coarse, "fine": fine, "fast": fast}, accuracy, accuracy)

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
        assert form is not None
        coefficients = [a for a in brief.signature.arguments if a.role == "coefficient"]
        return render(
            "elliptic.py.jinja",
            **call_values(brief),
            equation_text=[f"0 = {b.rhs}" for b in analysis.equation.balances],
            axes=[
                {
                    "name": axis.name,
                    "low": axis.low,
                    "high": axis.high,
                    "lower": axis.lower.kind,
                    "upper": axis.upper.kind,
                    "lower_value": numpy_code(analysis.parse(axis.lower.value)),
                    "upper_value": numpy_code(analysis.parse(axis.upper.value)),
                }
                for axis in analysis.equation.axes
            ],
            constants=fixed_values(analysis, brief),
            settings=variant.settings,
            fast=bool(variant.settings["fast"]),
            centred=analysis.axis.nodes == "cell_centres",
            budget=round(0.6 * brief.time_limit, 1),
            coefficients=[code_name(a.of) for a in coefficients],
            diffusivity=[numpy_code(c) for c in form.diffusivity],
            velocity=[numpy_code(c) if c != 0 else "" for c in form.velocity],
            reaction=numpy_code(form.reaction) if form.reaction != 0 else "",
            source=numpy_code(form.source),
            scalars=[code_name(a.of) for a in brief.signature.arguments if a.role == "parameter"],
        )


def _fast(analysis: Analysis, form: Steady) -> bool:
    """Whether the symmetric fast solver applies: Dirichlet all around, one diffusivity, no drift, no reaction."""
    dirichlet = all(b.kind == "dirichlet" for axis in analysis.equation.axes for b in (axis.lower, axis.upper))
    values = all(b.value in ("0", "0.0") for axis in analysis.equation.axes for b in (axis.lower, axis.upper))
    drift = any(v != 0 for v in form.velocity) or form.reaction != 0
    return dirichlet and values and not drift
