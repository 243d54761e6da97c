"""How fine grids are: from coarse to fine, within what sparse direct solvers do in the seconds of a call."""

from dataclasses import dataclass
from math import inf, prod

from fieldsmith.blocks import Block
from fieldsmith.boxes.families.differences.choices import DOP853, NEWTON, RODAS5P
from fieldsmith.boxes.families.differences.layout import Layout
from fieldsmith.boxes.form import Form

FINER = {1: 1.7, 2: 1.4, 3: 1.3}
"""How much finer each variant is than the one before, by dimension."""
VARIANTS = 4
LEAST = 12
"""Intervals of an axis."""
MOST = {1: 12000, 2: 512, 3: 80}
"""Intervals of the longest axis."""
FACTORISATIONS = 300
"""Of an evolution whose matrix changes from step to step."""
LONGEST = 40.0
"""Seconds of one factorisation; it would take gigabytes beyond."""


def counts(form: Form, points: int) -> tuple[int, ...]:
    """Intervals of every axis: `points` along the one that is asked for at most, as many in proportion along the others."""
    system = form.system
    asked = [system.output.points[name] - (name not in system.periodic) for name in form.space]
    return tuple(max(LEAST, round(points * one / max(asked))) for one in asked)


def factorisation(form: Form, layout: Layout, order: int, points: int) -> float:
    """Seconds, roughly, for the sparse LU decomposition of a matrix: n^1.5 in two dimensions, n^2 in three (George, 1973; measured with SuperLU)."""
    fields = len(layout.fields) * (2 if layout.paired else 1)
    unknowns = fields * float(prod(counts(form, points)))
    closed = 2.0 if form.system.periodic else 1.0
    if len(form.space) == 1:
        return 1e-6 * unknowns * fields * order
    if len(form.space) == 2:
        return 0.07 * closed * fields * (unknowns / 16641) ** 1.5 * (order / 4) ** 1.5
    return 0.17 * closed * fields * (unknowns / 9261) ** 2 * (order / 2) ** 1.7


def factorisations(form: Form, layout: Layout) -> int:
    """How many there are in one call, roughly."""
    constant = layout.linear and layout.steady_slopes
    return (12 if constant else FACTORISATIONS) if form.timed else (1 if layout.linear else 10)


def explicit_steps(form: Form, points: int) -> float:
    """Steps that DOP853 takes for stability, by the fastest waves of the start; infinite where they are not known."""
    system, rates = form.system, form.seen.rates
    if system.time is None or rates is None or form.seen.linear is None:
        return inf
    finer = points / max(system.output.points[name] - (name not in system.periodic) for name in form.space)
    power = max(form.seen.linear.across[1:], default=0) / form.canonical.order
    return 50 + system.time.length * max(rates.real / 6, rates.imag / 3) * finer**power


def work(form: Form, layout: Layout, order: int, points: int) -> tuple[float, Block]:
    """Seconds of a call, roughly, and the integrator with which it takes no longer."""
    implicit = factorisations(form, layout) * factorisation(form, layout, order, points)
    if not form.timed:
        return implicit, NEWTON
    if len(form.space) == 1 or not layout.explicit:
        return implicit, RODAS5P
    unknowns = len(layout.fields) * float(prod(counts(form, points)))
    rates = 1e-4 + 4e-9 * unknowns * len(form.space) * (order + 1) * (2 if layout.held else 1)
    explicit = explicit_steps(form, points) * 12 * rates
    return (explicit, DOP853) if explicit < implicit else (implicit, RODAS5P)


@dataclass(frozen=True)
class Resolution:
    points: int
    tolerance: float
    cost: float
    integrator: Block


def resolutions(form: Form, layout: Layout, order: int) -> list[Resolution]:
    """From coarse to fine."""
    system, dimensions = form.system, len(form.space)
    accuracy, finer = system.output.accuracy, FINER[dimensions]
    asked = max(system.output.points[name] - (name not in system.periodic) for name in form.space)
    first = max(asked, {2: 120, 4: 64, 6: 48}[order] if dimensions == 1 else 24)
    if dimensions == 1 and order > 2:  # it costs little; a kink stays where it is on a grid that is asked for
        first = round(first * max(1.3, (1e-4 / accuracy) ** (1 / order)))
    most = MOST[dimensions]
    while most > 2 * LEAST and not _affordable(form, layout, order, most):
        most = int(most / 1.05)
    narrow = _narrow(form)
    first = min(first, round(most / finer ** (VARIANTS - 1)))
    if narrow > first:  # what is narrow is seen before there is time for three that are finer
        first = min(narrow, round(most / finer))
        finer = min(finer, (most / first) ** (1 / (VARIANTS - 1)))
    found = []
    for k in range(VARIANTS):
        points = round(first * finer**k)
        tolerance = max(0.01 * accuracy * finer ** (-order * k), 1e-12)
        seconds, integrator = work(form, layout, order, points)
        found.append(Resolution(points, float(f"{tolerance:.0e}"), 20 * seconds, integrator))
    return found


def _narrow(form: Form) -> int:
    """Intervals along the axis that is asked for at most points with which all that is narrow is resolved."""
    asked = {name: form.system.output.points[name] - (name not in form.system.periodic) for name in form.space}
    most = max(asked.values())
    return max(round(form.narrow.even(axis) * most / asked[axis.name]) for axis in form.system.axes)


def _affordable(form: Form, layout: Layout, order: int, points: int) -> bool:
    seconds, integrator = work(form, layout, order, points)
    matrix = 0.0 if integrator == DOP853 else factorisation(form, layout, order, points)
    return matrix < LONGEST and seconds < form.system.output.seconds
