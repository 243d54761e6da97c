"""Chebyshev collocation on boxes with ends."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fieldsmith.blocks import Block, Variant
from fieldsmith.boxes.characteristics import entering
from fieldsmith.boxes.families.collocation.blocks import (
    DIAGONAL,
    ETDRK4,
    EXACT,
    GAUSS,
    NEWTON,
    RADAU,
    CollocationChoices,
)
from fieldsmith.boxes.families.collocation.demands import Demands
from fieldsmith.boxes.families.collocation.resolving import needed
from fieldsmith.boxes.families.collocation.separable import parts
from fieldsmith.boxes.families.collocation.writing import Writing
from fieldsmith.boxes.family import FAIR, GOOD, MADE, POOR, BoxFamily
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.fronts import front_waves
from fieldsmith.boxes.narrow import RESOLVED, SEEN, chebyshev
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems import functions as own
from fieldsmith.problems.system import Family

FEWEST = {1: 24, 2: 12, 3: 12}
"""Points along the axis that needs most, by dimensions."""
MOST = {DIAGONAL: 2_000_000, ETDRK4: 1_200_000, EXACT: 900, RADAU: 2500, GAUSS: 2500, NEWTON: 5000}
"""Numbers in a state, with dense matrices where these are few."""
GROWTH, VARIANTS = 1.5, 6
MARGIN = {1: 1.25, 2: 1.25, 3: 1.0}
"""Points beside those that the initial values need, by dimensions."""
SMOOTH, ROUGH = 256, 64
"""Points that a smooth field may need; those to begin with where one needs more, as diffusion will smooth it."""
LONGEST, ROUNDING = 600, 4e8
"""Points along an axis, and their number to the power of the highest derivative: beyond it rounding costs more than points bring."""
PER_WAVE = np.pi
"""Chebyshev points for a wave in the middle of an axis."""
FIRST, FINEST = 0.03, 1e-11
"""The first tolerance beside the accuracy wanted, and the last one at all."""
NODES = {
    RADAU: "(4 - 6**0.5) / 10, (4 + 6**0.5) / 10, 1.0",
    GAUSS: "(5 - 15**0.5) / 10, 0.5, (5 + 15**0.5) / 10",
}
"""Nodes of the implicit Runge-Kutta methods, as source text."""
JUMPS = (own.Heaviside, own.Sign, own.Below, own.AtMost, own.Where)


class Collocation(BoxFamily[CollocationChoices]):
    name = "collocation"
    principle = "spectral"
    limits = (
        "Smooth solutions on boxes with an axis that has ends, with any conditions; in three dimensions if the highest derivatives are linear "
        "with constant factors. No shocks, no jumps that last."
    )
    choices = CollocationChoices

    def suits(self, form: Form) -> float:
        if form.system.periodic.issuperset(form.space):
            raise Unsuited("Every axis is periodic, for which Fourier series are made.")
        demands = Demands(form)
        integrator = _integrator(demands)
        _no_shocks(demands)
        _determined(demands)
        if end := entering(form):
            raise Unsuited(
                f"Waves may enter through the open end {end}, and collocation has no condition that keeps them out."
            )
        rough = max(needed(form).values()) > SMOOTH
        lasting = bool(form.seen.waves) and "parabolic" not in form.seen.waves.kinds
        if rough and form.timed and lasting:
            raise Unsuited(
                "An initial value or coefficient has a kink or jump, which lasts in waves: polynomials converge too slowly."
            )
        broken = any(demand.value.has(*JUMPS) for demand in demands.all)
        if rough or broken or not _resolved(form, integrator):
            return POOR
        if len(form.space) == 1 or integrator in (DIAGONAL, ETDRK4):
            return MADE
        return FAIR if form.timed else GOOD

    def variants(self, form: Form) -> Sequence[Variant[CollocationChoices]]:
        integrator = _integrator(Demands(form))
        shares, most = _shares(form), _most(form, integrator)
        highest = max(Demands(form).highest.values())
        need = max(needed(form).values())
        need = ROUGH if need > SMOOTH else need
        fewest = max(FEWEST[len(shares)], 4 * highest)
        first = min(max(fewest, int(MARGIN[len(shares)] * need + 2)), int(most / GROWTH**1.5))
        first = max(first, highest + 6, min(_seeing(form), most))
        counts = [round(first * GROWTH**k) for k in range(VARIANTS)]
        counts = [n for n in counts if n <= most]
        if len(counts) < 4:
            counts = [round(n) for n in np.geomspace(first, most, 4)]
        accuracy = form.system.output.accuracy
        found = []
        for k, points in enumerate(counts):
            choices = CollocationChoices(integrator=integrator, points=points)
            if choices.uses("tolerance"):
                wanted = min(max(FIRST * accuracy * 10.0**-k, FINEST), 1e-2)
                choices = replace(choices, tolerance=float(f"{wanted:.2g}"))
            found.append(Variant(f"{points} points", choices, self._cost(form, choices), k))
        return found

    def places(self, form: Form, choices: CollocationChoices) -> Mapping[str, np.ndarray]:
        found = {}
        for axis, count in zip(form.system.axes, _counts(form, choices), strict=True):
            closed = axis.name in form.system.periodic
            found[axis.name] = np.linspace(axis.low, axis.high, count + 1) if closed else chebyshev(axis, count)
        return found

    def _cost(self, form: Form, choices: CollocationChoices) -> float:
        """Multiplications of a step or a solution, in millions."""
        numbers = float(_numbers(form) * np.prod(_counts(form, choices)))
        if choices.integrator in (DIAGONAL, ETDRK4):
            return 1e-6 * numbers * choices.points * 20
        return 1e-6 * numbers**3

    def text(self, form: Form, choices: CollocationChoices) -> str:
        demands, counts = Demands(form), _counts(form, choices)
        words = f"{choices.discretisation.title}, {choices.integrator.title}."
        _fits(demands, choices.integrator)
        if choices.integrator in (ETDRK4, DIAGONAL):
            return Writing(form, demands).separable(
                counts, parts(demands), adaptive=choices.integrator is ETDRK4, tolerance=choices.tolerance, words=words
            )
        return Writing(form, demands).dense(
            counts, adaptive=choices.integrator in NODES, exact=choices.integrator is EXACT,
            tolerance=choices.tolerance, words=words, scheme=choices.integrator.title, gauss=choices.integrator is GAUSS,
            nodes=NODES.get(choices.integrator, ""),
        )  # fmt: skip


def _integrator(demands: Demands) -> Block:
    """What suits a problem. Raises Unsuited in three dimensions where no structure helps."""
    form = demands.form
    try:
        parts(demands)
    except Unsuited as reason:
        if len(form.space) == 3:
            raise Unsuited(f"In three dimensions collocation needs operators along single axes. {reason}") from reason
        if not form.timed:
            return NEWTON
        exact = len(form.space) == 1 and demands.steady_slopes and demands.autonomous
        return EXACT if exact else GAUSS if _keeps(form) else RADAU
    return ETDRK4 if form.timed else DIAGONAL


def _keeps(form: Form) -> bool:
    """Whether nothing damps the waves of an equation of second order in time, for which a method that damps none does with fewer steps."""
    kinds = form.seen.waves.kinds if form.seen.waves else ()
    damped = {"parabolic", "damped dispersive"} & set(kinds)
    return form.canonical.order == 2 and bool(kinds) and not damped and not form.canonical.constrained


def _most(form: Form, integrator: Block) -> int:
    """Points along the axis with most that an integrator takes."""
    shares = np.array(_shares(form))
    room = MOST[integrator] / (_numbers(form) * np.prod(shares))
    highest = max(Demands(form).highest.values())
    most = min(int(room ** (1 / len(shares))), LONGEST, int(ROUNDING ** (1 / max(highest, 1))))
    return max(most, 2 * highest + 12)


def _resolved(form: Form, integrator: Block) -> bool:
    """Whether there may be as many points as given fields and fronts need: of waves in the middle of an axis some pi a wavelength."""
    need = needed(form)
    most = _most(form, integrator)
    fronts = zip(front_waves(form), form.space, strict=True)
    return all(max(PER_WAVE * n, 0 if need[axis] > SMOOTH else need[axis]) <= most for n, axis in fronts)


def _fits(demands: Demands, integrator: Block) -> None:
    """Raises Unsuited for a way of solving that the problem does not have."""
    timed = demands.form.timed
    if timed == (integrator in (NEWTON, DIAGONAL)):
        raise Unsuited(
            f"{integrator.title[0].upper()}{integrator.title[1:]} is for {'steady' if timed else 'evolving'} problems."
        )
    if integrator is EXACT and not (demands.steady_slopes and demands.autonomous):
        raise Unsuited(
            "The exponential needs linear equations whose factors, sources and conditions do not change in time."
        )


def _no_shocks(demands: Demands) -> None:
    """Raises Unsuited where solutions may jump: nonlinear transport without diffusion, factors that jump."""
    form, jets = demands.form, demands.system.jets
    waves = form.seen.waves
    for demand in demands.all:
        for (field, _, along), slope in demands.slopes(demand).items():
            if sum(along) and slope.has(*JUMPS):
                raise Unsuited(
                    f"A factor in {demand.title} jumps or has a kink, where polynomials converge too slowly."
                )
            hyperbolic = waves is not None and "hyperbolic" in waves.kinds and "parabolic" not in waves.kinds
            if hyperbolic and sum(along) and not demand.across and jets.among(slope):
                raise Unsuited(
                    f"{demand.title} transports {field.name} nonlinearly without diffusion, so that it may jump."
                )
    for one in form.sampled:
        if isinstance(one.value, Family) and one.value.kind == "two-valued":
            raise Unsuited(f"The coefficient {one.name} jumps, where polynomials converge too slowly.")


def _determined(demands: Demands) -> None:
    """Raises Unsuited where a constant may be added to an unknown without a rate."""
    met = {(field.name, any(along)) for demand in demands.all for field, _, along in demands.slopes(demand)}
    for name, order in demands.form.canonical.orders.items():
        if not order and (name, False) not in met:
            raise Unsuited(f"Only derivatives of {name} stand in the problem, which leave a constant open.")


def _numbers(form: Form) -> int:
    """Numbers in a state at a point."""
    orders = form.canonical.orders
    return sum(max(orders.get(u.name, 0), 1) * (2 if u.complex else 1) for u in form.system.unknowns)


def _shares(form: Form) -> list[float]:
    """Points along each axis beside those along the axis with most: as given fields need them, or as its length beside the longest one suggests."""
    need = needed(form)
    longest = max(axis.length for axis in form.system.axes)
    if not all(need.values()):
        return [max((axis.length / longest) ** 0.5, 0.5) for axis in form.system.axes]
    return [max(need[axis.name] / max(need.values()), 0.5) for axis in form.system.axes]


def _seeing(form: Form) -> int:
    """Points along the axis with most that see all that is narrow; 0 where nothing is."""
    system, found = form.system, 0.0
    for axis, share in zip(system.axes, _shares(form), strict=True):
        closed = axis.name in system.periodic
        need = form.narrow.even(axis) * RESOLVED / SEEN if closed else form.narrow.clustered(axis)
        found = max(found, need / share)
    return int(np.ceil(1.02 * found))


def _counts(form: Form, choices: CollocationChoices) -> tuple[int, ...]:
    """Points along each axis; an odd number along a periodic one."""
    found = []
    for axis, share in zip(form.system.axes, _shares(form), strict=True):
        count = max(round(choices.points * share), 8)
        found.append(count | 1 if axis.name in form.system.periodic else count)
    return tuple(found)
