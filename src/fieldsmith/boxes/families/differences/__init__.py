"""Finite differences on even grids with sparse matrices, for all that a problem file can say on boxes."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from fieldsmith.blocks import Variant
from fieldsmith.boxes.characteristics import entering
from fieldsmith.boxes.families.differences.choices import DOP853, NEWTON, ORDERS, DifferencesChoices
from fieldsmith.boxes.families.differences.layout import Layout
from fieldsmith.boxes.families.differences.sizes import counts, resolutions
from fieldsmith.boxes.families.differences.smooth import all_smooth, lasting, most, order_of, refused
from fieldsmith.boxes.families.differences.writing import values
from fieldsmith.boxes.family import FAIR, GOOD, POOR, BoxFamily
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.program import render
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems.incompressible import stream_function_form

__all__ = ["Differences"]


class Differences(BoxFamily[DifferencesChoices]):
    """Fornberg's weights on an even grid, conditions in the rows of the outermost points, Rodas5P in time, Newton's method without one."""

    name: ClassVar[str] = "differences"
    principle: ClassVar[str] = "finite differences"
    limits: ClassVar[str] = (
        "Solutions without shocks on intervals, rectangles and boxes. Sparse direct solvers take steady problems and stiff evolutions up to some 250 points "
        "an axis in two dimensions and 35 in three; evolutions that are not stiff there go further, by an explicit method."
    )
    choices = DifferencesChoices

    def suits(self, form: Form) -> float:
        refused(form)
        if end := entering(form):
            raise Unsuited(
                f"Waves may enter through the open end {end}, and finite differences have no condition that keeps them out."
            )
        Layout(form)
        if stream_function_form(form.system):
            raise Unsuited(
                "The pressure of a flow between walls has no condition there, and finite differences on one grid for all unknowns find none."
            )
        if all_smooth(form):
            return FAIR
        return POOR if lasting(form) else GOOD

    def variants(self, form: Form) -> Sequence[Variant[DifferencesChoices]]:
        order, layout = order_of(form), Layout(form)
        found = []
        for k, one in enumerate(resolutions(form, layout, order)):
            made = DifferencesChoices(ORDERS[order], one.integrator, one.points, one.tolerance)
            found.append(Variant(f"{one.points} intervals, order {order}", made, one.cost, k))
        return found

    def places(self, form: Form, choices: DifferencesChoices) -> Mapping[str, np.ndarray]:
        lines = zip(form.system.axes, counts(form, choices.points), strict=True)
        return {axis.name: np.linspace(axis.low, axis.high, count + 1) for axis, count in lines}

    def text(self, form: Form, choices: DifferencesChoices) -> str:
        layout = Layout(form)
        if choices.order > most(form):
            raise Unsuited(f"Differences of order {choices.order} are not stable by the ends of this problem.")
        if form.timed == (choices.integrator == NEWTON):
            raise Unsuited(
                f"The {choices.integrator.name} method is for {'steady problems' if form.timed else 'evolutions'}."
            )
        if choices.integrator == DOP853 and not layout.explicit:
            raise Unsuited(
                "What holds the unknowns without rates changes with them or in time, so no explicit method is written."
            )
        given: dict[str, Any] = values(form, layout, choices.order)
        return render(
            "differences.py.jinja", form, **given, order=choices.order, tolerance=choices.tolerance,
            counts=counts(form, choices.points), explicit=choices.integrator == DOP853,
            method=f"{choices.integrator.title}{' in time' if form.timed else ''}",
        )  # fmt: skip
