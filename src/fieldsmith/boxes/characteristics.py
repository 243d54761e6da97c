"""Systems of first order by their characteristics, as they are at the start: when waves break, and where waves enter through open ends."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Expression
from fieldsmith.problems import functions as own
from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import States, parameter_cases

LOOKED_AT = {1: 400, 2: 48, 3: 14}
"""Places along each axis at which slopes are looked at."""
PLACES = 8
"""Places at an end."""
NUDGE = 1e-4
"""Change of a field, at most, over which that of speeds is taken."""
ROUNDING = 1e-6
"""Imaginary part of a speed, by the fastest, that is none: double ones come as pairs."""
KINKS = (own.Absolute, own.Sign, own.Heaviside, own.Below, own.AtMost, own.Where, own.Least, own.Greatest)


def breaking(form: Form) -> float:
    """The time of the problem by that at which its first wave would break; 0 where speeds do not depend on the state, infinite where nothing is known.

    Along each axis the rates are -A(u) u_x, waves have the eigenvalues of A as speeds, and where a speed falls along the axis by so much a length, those behind
    catch up after the inverse of that time (Whitham, Linear and Nonlinear Waves, 1974, section 2.1). That is exact for one unknown. For several it is an estimate:
    waves that meet steepen each other, and sources are left out, so what relies on it asks for well below 1.
    """
    matrices = _matrices(form)
    if matrices is None:
        return np.inf
    if not any(form.system.jets.among(entry) for matrix in matrices for row in matrix for entry in row):
        return 0.0
    if any(given.expression is None for given in _given(form)):
        return np.inf
    if any(given.expression.has(*KINKS) for given in _given(form) if given.expression is not None):
        return np.inf
    steepest = max((_steepest(form, matrices, case) for case in parameter_cases(form.system)), default=0.0)
    return steepest * (form.system.time.length if form.system.time else 0.0)


def entering(form: Form) -> str:
    """An open end through which waves may enter, in words; empty where there is none, or where nothing is known.

    Such an end asks that these waves be nothing, which is a condition of its own: without one the problem is not well posed.
    """
    system = form.system
    ends = [one for one in system.conditions if one.kind == "open"]
    matrices = _matrices(form) if ends else None
    for one in ends if matrices else ():
        k = form.space.index(one.axis)
        rng = np.random.default_rng(k)
        places = {axis.name: rng.uniform(axis.low, axis.high, PLACES) for axis in system.axes}
        places[one.axis] = np.full(PLACES, system.axes[k].end(one.side))
        if system.time:
            places[system.time.name] = np.full(PLACES, system.time.low)
        matrix = (matrices or [])[k]
        values = States(system).values([entry for row in matrix for entry in row], places)
        inward = _speeds(matrix, values, PLACES) * (1 if one.side == "low" else -1)
        if np.any(inward > ROUNDING * np.abs(inward).max()):
            return f"{one.axis} = {system.axes[k].end(one.side):g}"
    return ""


def _given(form: Form) -> list[Any]:
    return [*form.system.initial.values(), *form.system.coefficients]


def _matrices(form: Form) -> list[list[list[Expression]]] | None:
    """A of each axis, by rows; None where the problem is no quasilinear system of first order that is solved for its rates."""
    canonical, jets = form.canonical, form.system.jets
    if (
        not form.timed
        or canonical.rates is None
        or canonical.order != 1
        or canonical.constraints
        or form.system.complex
    ):
        return None
    names = [unknown.name for unknown in form.system.unknowns]
    rates = [canonical.rates[name] for name in names]
    if any(sum(jets.meanings[jet][1]) > 1 for rate in rates for jet in jets.among(rate)):
        return None
    units = np.eye(len(form.space), dtype=int)
    found = [
        [[-partial(rate, jets.field(name, (0, *unit))) for name in names] for rate in rates] for unit in units.tolist()
    ]
    slopes = {jet for matrix in found for row in matrix for entry in row for jet in jets.among(entry)}
    return None if any(sum(jets.meanings[jet][1]) for jet in slopes) else found


def _steepest(form: Form, matrices: list[list[list[Expression]]], case: dict[str, float]) -> float:
    """The inverse of the first time at which a wave breaks; infinite where speeds are not real or not known."""
    system, jets = form.system, form.system.jets
    count = LOOKED_AT[len(form.space)]
    lines = [axis.low + axis.length * (np.arange(count) + 0.5) / count for axis in system.axes]
    places = {name: mesh.ravel() for name, mesh in zip(form.space, np.meshgrid(*lines, indexing="ij"), strict=True)}
    if system.time:
        places[system.time.name] = np.full(count ** len(form.space), system.time.low)
    fields = [jets.field(unknown.name) for unknown in system.unknowns]
    entries = [entry for matrix in matrices for row in matrix for entry in row]
    size, worst = count ** len(form.space), 0.0
    for k, matrix in enumerate(matrices):
        slopes = [jets.along(field, k + 1) for field in fields]
        values = States(system).values([*fields, *slopes, *entries], places, case)
        along = np.array([np.broadcast_to(values[slope], size) for slope in slopes])
        step = NUDGE / max(float(np.abs(along).max()), 1e-300)
        ahead, behind = (
            _speeds(matrix, {**values, **{f: values[f] + s * along[j] for j, f in enumerate(fields)}}, size)
            for s in (step, -step)
        )
        falls = (behind - ahead) / (2 * step)
        if not np.isfinite(falls).all():
            return np.inf
        worst = max(worst, float(falls.max()))
    return worst


def _speeds(matrix: list[list[Expression]], values: Mapping[Any, Any], size: int) -> np.ndarray:
    """Eigenvalues [place, wave], ascending; not numbers where one is not real."""
    entries = [[np.broadcast_to(evaluate(entry, values), size) for entry in row] for row in matrix]
    array = np.moveaxis(np.array(entries, dtype=float), -1, 0)
    if not np.isfinite(array).all():
        return np.full(array.shape[:2], np.nan)
    speeds = np.linalg.eigvals(array)
    real = np.abs(speeds.imag).max() <= ROUNDING * max(np.abs(speeds).max(), 1e-300)
    return np.sort(speeds.real, axis=-1) if real else np.full(array.shape[:2], np.nan)
