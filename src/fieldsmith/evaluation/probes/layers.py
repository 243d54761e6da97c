"""What a steady program makes of jumps of its coefficient: its own answer to thin layers of the two values that are there.

Through layers one point thick things flow one after the other, and along them side by side: seen from afar the medium is one of the
harmonic mean across and of the arithmetic mean along (Bensoussan, Lions & Papanicolaou 1978). What a program conducts with
follows from the equation's terms at a uniform coefficient, for its answer without the zigzag from layer to layer.
"""

from typing import Any

import numpy as np

from fieldsmith.evaluation.probes.doubts import Call
from fieldsmith.evaluation.probes.steady import UNEXPLAINED, Inputs, fitted
from fieldsmith.tasks.task import Brief, Case

NEAR = 0.05
"""Departure from a mean up to which it is that one."""
CONTRAST = 1.5
"""Ratio of the two values from which on their means can be told apart."""


def across_layers(brief: Brief, case: Case, call: Call) -> dict[str, Any] | None:
    """What the program conducts with across layers; None where the coefficient, the equation or the answer is of another kind.

    values: of the layers. harmonic: their mean that is due. across: what the program conducts with. mean: the name of that, where it
    is a known one. Raises Unsuited for terms that cannot be evaluated.
    """
    assert brief.equation is not None
    coefficients = [a for a in brief.signature.arguments if a.role == "coefficient"]
    values = np.unique(np.asarray(case.inputs[coefficients[0].name]))
    if len(coefficients) != 1 or len(values) != 2 or not values[1] > CONTRAST * values[0] > 0.0:
        return None
    inputs = _layered(case, coefficients[0].name, values)
    answer = call(inputs)
    if answer is None:
        return None
    plain = {**inputs, coefficients[0].name: np.ones_like(inputs[coefficients[0].name])}
    fit = fitted(brief, plain, _without_zigzag(next(iter(answer.values()))))
    a, u = brief.equation.coefficients[0], brief.equation.unknowns[0]
    wanted = {f"d({a}*{u}_{axis.name}, {axis.name})" for axis in brief.equation.axes}
    if fit is None or fit.rest > UNEXPLAINED or set(fit.terms) != wanted or len(wanted) < 2:
        return None
    first = brief.equation.axes[0].name
    return _told(values, fit.values[fit.terms.index(f"d({a}*{u}_{first}, {first})")])


def _told(values: np.ndarray, across: float) -> dict[str, Any]:
    low, high = map(float, values)
    means = {
        "harmonic": 2.0 * low * high / (low + high),
        "geometric": (low * high) ** 0.5,
        "arithmetic": (low + high) / 2,
    }
    mean = next((name for name, value in means.items() if abs(across / value - 1.0) < NEAR), "")
    return {"values": [low, high], "harmonic": means["harmonic"], "across": float(across), "mean": mean}


def _layered(case: Case, coefficient: str, values: np.ndarray) -> Inputs:
    """Inputs of one sample whose layers follow one another along the first axis."""
    shape = np.shape(case.inputs[coefficient])[1:]
    layers = np.where(np.arange(shape[0]) % 2, values[1], values[0])
    field = np.broadcast_to(layers.reshape(1, -1, *[1] * (len(shape) - 1)), (1, *shape))
    return {**{name: value for name, value in case.inputs.items()}, coefficient: np.array(field)}


def _without_zigzag(answer: np.ndarray) -> np.ndarray:
    """The answer [1, x, ...] averaged over neighbours along x, the ends apart."""
    mean = answer.copy()
    mean[:, 1:-1] = 0.25 * (answer[:, :-2] + 2.0 * answer[:, 1:-1] + answer[:, 2:])
    return mean
