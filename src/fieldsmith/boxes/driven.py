"""Whether anything moves a solution away from 0: sources, conditions or initial values that are not 0."""

from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.system import System

PLACES = 257


def homogeneous(system: System) -> bool:
    """Whether 0 satisfies all equations and conditions, as far as places and times drawn at random tell."""
    rng = np.random.default_rng(0)
    values: dict[Any, Any] = dict(system.values)
    for one in (*system.axes, *((system.time,) if system.time else ())):
        values[system.symbols[one.name]] = rng.uniform(one.low, one.high, PLACES)
    for one in system.coefficients:
        values[system.jets.field(one.name)] = rng.uniform(0.4, 1.6, PLACES)
    return all(_vanishes(system, one.residual, values) for one in (*system.laws, *system.conditions))


def driven(system: System) -> bool:
    """Whether 0 everywhere is no solution."""
    if any(one.expression is None or not _is_zero(one.expression) for one in system.initial.values()) and system.timed:
        return True
    return not homogeneous(system)


def nonlinear(system: System) -> bool:
    """Whether an equation or a condition is."""
    jets = system.jets
    laws = [one.residual for one in (*system.laws, *system.conditions)]
    return any(jets.among(partial(law, jet)) for law in laws for jet in jets.among(law))


def zero_solves(system: System) -> bool:
    """Whether 0 everywhere is a solution of a steady nonlinear problem, so that there may be others."""
    return not system.timed and nonlinear(system) and homogeneous(system)


def _is_zero(expression: Any) -> bool:
    return bool(sp.sympify(expression).is_zero)


def _vanishes(system: System, residual: Any, values: dict[Any, Any]) -> bool:
    given = {jet: values.get(jet, 1.0) for jet in system.jets.among(residual, given=True)}
    at_rest = {jet: 0.0 if system.jets.unknown(jet) else value for jet, value in given.items()}
    left = np.asarray(evaluate(residual, {**values, **at_rest}))
    return not np.any(np.abs(left[np.isfinite(left)] if left.ndim else left) > 0)
