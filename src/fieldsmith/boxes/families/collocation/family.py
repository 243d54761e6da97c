"""Chebyshev collocation on boxes with ends."""

from collections.abc import Sequence

from fieldsmith.blocks import Variant
from fieldsmith.boxes.families.collocation.blocks import DIAGONAL, ETDRK4, EXACT, NEWTON, RADAU, CollocationChoices
from fieldsmith.boxes.families.collocation.demands import Demands
from fieldsmith.boxes.families.collocation.separable import parts
from fieldsmith.boxes.families.collocation.writing import Writing
from fieldsmith.boxes.family import BoxFamily
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited


class Collocation(BoxFamily[CollocationChoices]):
    name = "collocation"
    principle = "spectral"
    limits = "Smooth solutions on boxes with an axis that has ends, whatever the conditions; no shocks, no jumps."
    choices = CollocationChoices

    def suits(self, form: Form) -> float:
        return 1.0

    def variants(self, form: Form) -> Sequence[Variant[CollocationChoices]]:
        demands = Demands(form)
        integrator = NEWTON if not form.timed else EXACT if demands.steady_slopes and demands.autonomous else RADAU
        found = []
        for k, points in enumerate((24, 32, 48, 64)):
            extra = {"tolerance": form.system.output.accuracy * 10.0 ** -(1 + k)} if integrator is RADAU else {}
            found.append(
                Variant(
                    f"{points} points", CollocationChoices(integrator=integrator, points=points, **extra), points**3, k
                )
            )
        return found

    def text(self, form: Form, choices: CollocationChoices) -> str:
        demands = Demands(form)
        counts = tuple(
            choices.points + (axis.name in form.system.periodic and choices.points % 2 == 0)
            for axis in form.system.axes
        )
        if choices.integrator in (ETDRK4, DIAGONAL):
            return Writing(form, demands).separable(
                counts,
                parts(demands),
                adaptive=choices.integrator is ETDRK4,
                tolerance=choices.tolerance,
                words=f"{choices.discretisation.title}, {choices.integrator.title}.",
            )
        return Writing(form, demands).dense(
            counts,
            adaptive=choices.integrator is RADAU,
            exact=choices.integrator is EXACT,
            tolerance=choices.tolerance,
            words=f"{choices.discretisation.title}, {choices.integrator.title}.",
        )
