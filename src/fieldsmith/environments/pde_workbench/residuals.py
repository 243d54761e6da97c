"""How far a program's answer is from satisfying the equation, beside what the trusted solution shows on the same grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fieldsmith.environments.observation import Unfit
from fieldsmith.environments.pde_workbench.views import Samples, View
from fieldsmith.equations.equation import Equation
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.tasks.residual import RIM, Fields, Residual
from fieldsmith.tasks.task import Case

FRAMES = 2 * RIM + 2
"""Output times that derivatives in time need."""


@dataclass(frozen=True)
class Residuals:
    """Of each balance; `imbalances` [time, *points] without the rims, `first` the frame that they begin with."""

    equation: Equation
    own: Sequence[Residual]
    trusted: Sequence[Residual]
    imbalances: Sequence[np.ndarray]
    first: int

    def view(self, view: View, unknown: str) -> View:
        """A field's view with the imbalance of its balance, that of the largest where it has none of its own, in place of errors."""
        names = [balance.quantity for balance in self.equation.balances]
        worst = max(range(len(names)), key=lambda n: self.own[n].size)
        values = self.imbalances[names.index(unknown) if unknown in names else worst]
        frames = slice(self.first, self.first + len(values))
        inside = tuple(
            slice(None) if axis.periodic else slice(RIM, -RIM) for axis in self.equation.axes[: len(view.axes)]
        )
        times = None if view.times is None else view.times[frames]
        return replace(view, values=view.values[(frames, *inside)], errors=values, times=times, first=self.first)


def residuals(samples: Samples, sample: int) -> Residuals:
    """Raises Unfit where there is no equation, or too few output times or points for derivatives."""
    brief = samples.problem.plain
    equation = brief.equation
    if equation is None or not equation.axes:
        raise Unfit(
            "There is no equation with derivatives in space that an answer could be put into.", 'Ask for "error".'
        )
    case, outputs, i = samples.case(sample)
    times = _times(samples, case)
    reference = as_samples(brief.signature, case.reference)
    own = _fields(samples, case, i, outputs, times)
    trusted = _fields(samples, case, i, reference, times) if reference else None
    first = 0 if times is None else RIM
    with np.errstate(all="ignore"):
        imbalances = [values[0] for values in own.imbalances()]
        return Residuals(equation, own.residuals(), trusted.residuals() if trusted else (), imbalances, first)


def _times(samples: Samples, case: Case) -> np.ndarray | None:
    name = next((a.name for a in samples.signature.arguments if a.role == "times"), None)
    if name is None:
        return None
    times = np.asarray(case.inputs[name], dtype=float)
    if len(times) < FRAMES or not np.allclose(np.diff(times), times[1] - times[0], rtol=1e-6):
        words = "Derivatives in time cannot be taken"
        raise Unfit(
            f"{words}: there are fewer than {FRAMES} output times, or they are unevenly spread.", 'Ask for "error".'
        )
    return times


def _fields(
    samples: Samples, case: Case, i: int, outputs: Mapping[str, np.ndarray], times: np.ndarray | None
) -> Fields:
    brief = samples.problem.plain
    equation = brief.equation
    assert equation is not None
    arrays: dict[str, Any] = {**brief.parameters, **equation.constants}
    batched = {a.name: a.axes[:1] == ("batch",) for a in brief.signature.arguments}
    for argument in brief.signature.arguments:
        if argument.role == "parameter":
            arrays[argument.of] = float(np.asarray(case.inputs[argument.name]))
        elif argument.role == "coefficient":
            values = np.asarray(case.inputs[argument.name])
            arrays[argument.of] = values[i : i + 1] if batched[argument.name] else values[None]
    arrays |= {result.of: outputs[result.name][i : i + 1] for result in brief.signature.results}
    for name in (*equation.unknowns, *equation.coefficients):
        values = np.asarray(arrays[name])
        arrays[name] = values if values.ndim == 2 + len(equation.axes) else values[:, None]
    return Fields(equation, arrays, times)
