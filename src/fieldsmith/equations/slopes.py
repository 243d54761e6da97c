"""Equations of Hamilton and Jacobi: rates that are not linear in the slopes of their unknown."""

import sympy as sp

from fieldsmith.equations.expressions import Expression
from fieldsmith.equations.reading import Reading


def squared_slopes(reading: Reading) -> list[tuple[int, list[Expression]]]:
    """Unknowns whose rate is nonlinear in their own slopes, with the rate's derivative by the slope along each axis.

    What a diffusivity that depends on the solution adds, D'(u) u_x**2, is part of a flux and makes no kinks; nor is it there
    where the rate itself is linear in the slopes.
    """
    found = []
    for i, unknown in enumerate(reading.unknowns):
        slopes = [reading.derivatives(i).get(reading.unit(k, 1)) for k in range(len(reading.coordinates))]
        own = [slope for slope in slopes if slope is not None]
        speeds = [reading.slope(i, i, reading.unit(k, 1)) for k in range(len(reading.coordinates))]
        if not any(speed.has(*own) for speed in speeds if own):
            continue
        for k, slope in enumerate(slopes):
            if slope is not None:
                diffusivity = reading.coefficient(i, i, reading.unit(k, 2))
                speeds[k] -= 2 * sp.diff(diffusivity, unknown) * slope
        speeds = [_simple(speed) for speed in speeds]
        # With second derivatives in it, it is a nonlinear diffusion and no transport.
        curved = [mark for (_, counts), mark in reading.marks.items() if sum(counts) > 1]
        if any(speed.has(*own) for speed in speeds) and not any(speed.has(*curved) for speed in speeds):
            found.append((i, speeds))
    return found


def _simple(expression: Expression) -> Expression:
    simpler = sp.simplify(expression)
    return expression if simpler.has(sp.Piecewise) else simpler
