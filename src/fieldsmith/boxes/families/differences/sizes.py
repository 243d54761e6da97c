"""How fine grids are: from coarse to fine, within what sparse direct solvers can do."""

from fieldsmith.boxes.form import Form

FINER = {1: 1.7, 2: 1.5, 3: 1.35}
VARIANTS = 5
LEAST = 12
"""Intervals of an axis."""
MOST = {1: 12000, 2: 360, 3: 56}
"""Intervals of the longest axis, by dimension."""


def counts(form: Form, points: int) -> tuple[int, ...]:
    """Intervals of every axis: `points` along the one that is asked for at most, as many in proportion along the others."""
    system = form.system
    asked = [system.output.points[name] - (name not in system.periodic) for name in form.space]
    return tuple(max(LEAST, round(points * one / max(asked))) for one in asked)


def resolutions(form: Form, order: int) -> list[tuple[int, float, float]]:
    """Intervals, tolerance and cost of each variant, from coarse to fine."""
    system = form.system
    dimensions, accuracy = len(form.space), system.output.accuracy
    asked = max(system.output.points[name] - (name not in system.periodic) for name in form.space)
    least = {2: 120, 4: 64, 6: 48}[order] if dimensions == 1 else {2: 48, 4: 32, 6: 32}[order]
    first = max(asked if dimensions < 3 else min(asked, 32), least)
    if dimensions == 1 and order == 2:
        first = max(first, round(0.5 * accuracy**-0.5) * asked // 60)
    finer = FINER[dimensions]
    first = min(first, int(MOST[dimensions] / finer ** (VARIANTS - 1)) if dimensions == 3 else MOST[dimensions] // 2)
    found = []
    for k in range(VARIANTS):
        points = min(round(first * finer**k), MOST[dimensions])
        tolerance = max(0.01 * accuracy * finer ** (-order * k), 1e-12)
        cost = 1e-4 * float(points) ** dimensions * tolerance**-0.2 * (1 if dimensions == 1 else points / 30)
        found.append((points, float(f"{tolerance:.0e}"), cost))
    return found
