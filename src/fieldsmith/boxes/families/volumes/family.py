"""Finite volumes that capture shocks: conservation and balance laws in one and two dimensions, scalar or systems."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fieldsmith.blocks import Block, Choices, Plan, Variant, choice, number
from fieldsmith.boxes.characteristics import breaking
from fieldsmith.boxes.families.volumes.balance import Balance, balance_of
from fieldsmith.boxes.families.volumes.ends import ends_of
from fieldsmith.boxes.families.volumes.looking import spread_of, starts_with_jumps, vanishes
from fieldsmith.boxes.families.volumes.values import program_values
from fieldsmith.boxes.family import FAIR, GOOD, MADE, POOR, BoxFamily
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.narrow import RESOLVED, SEEN
from fieldsmith.boxes.program import render
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems.jets import partial

VOLUMES = Block(
    "discretisation",
    "finite volumes",
    "Finite volumes",
    "averages over cells change by fluxes through faces",
    source="Godunov, 1959",
)
WENO5 = Block(
    "reconstruction", "weno5", "WENO of fifth order", "parabolas on three stencils, weighted by how smooth they are", 5,
    "Jiang and Shu, 1996; weights of Borges, Carmona, Costa and Don, 2008", 3.0,
)  # fmt: skip
VAN_LEER = Block(
    "reconstruction",
    "van leer",
    "van Leer's slopes",
    "lines with the harmonic mean of neighbouring slopes",
    2,
    "van Leer, 1974",
    1.2,
)
MINMOD = Block(
    "reconstruction", "minmod", "minmod slopes", "lines with the smaller of neighbouring slopes", 2, "Roe, 1986"
)
HLL = Block(
    "flux",
    "hll",
    "HLL",
    "one mean state between the slowest and the fastest signal",
    source="Harten, Lax and van Leer, 1983",
    cost=1.1,
)
RUSANOV = Block("flux", "rusanov", "Rusanov", "differences damped by the fastest signal", source="Rusanov, 1961")
SSPRK3 = Block(
    "integrator",
    "ssprk3",
    "SSP Runge-Kutta of third order",
    "convex combinations of Euler steps",
    3,
    "Shu and Osher, 1988",
)

MOST = 5000
"""Cells between neighbouring points of those asked for."""


@dataclass(frozen=True)
class VolumesChoices(Choices):
    discretisation: Block = choice(VOLUMES)
    reconstruction: Block = choice(WENO5, VAN_LEER, MINMOD)
    flux: Block = choice(HLL, RUSANOV)
    integrator: Block = choice(SSPRK3)
    multiple: int = number(1, 1, MOST, "cells between neighbouring points of those asked for")
    courant: float = number(0.45, 0.01, 1.0, "way of the fastest signal in a step, in cells")


class Volumes(BoxFamily[VolumesChoices]):
    """WENO reconstruction of what is conserved, HLL fluxes, SSP Runge-Kutta steps; super-time-stepped viscosity."""

    name = "volumes"
    principle = "finite volumes"
    limits = (
        "Conservation and balance laws of first order in time in one and two dimensions, with shocks and with diffusion; not waves of second order in "
        "time, dispersion, constraints or products of an unknown with the slope of another that are no divergence."
    )
    choices = VolumesChoices

    def suits(self, form: Form) -> float:
        balance = _balance(form)
        ends_of(form.system, balance)
        kinds = form.seen.waves.kinds if form.seen.waves else ()
        if balance.diffuses and {"dispersive", "damped dispersive"} & set(kinds):
            raise Unsuited(
                "Its second derivatives make waves disperse and not spread, which finite volumes with shocks in mind would damp."
            )
        jumps = starts_with_jumps(form.system)
        if balance.diffuses:
            sharp = spread_of(form, balance) < 1.0
            return GOOD if sharp and not _linear(form, balance) else FAIR if jumps or sharp else POOR
        return MADE if jumps or breaking(form) > 1.0 else FAIR if breaking(form) else POOR

    def variants(self, form: Form) -> Sequence[Variant[VolumesChoices]]:
        balance = _balance(form)
        dimensions = len(form.space)
        jumps = starts_with_jumps(form.system) or (not balance.diffuses and breaking(form) > 1.0)
        accuracy = min(max(form.system.output.accuracy, 1e-5), 0.1)
        wanted = 400 * 0.01 / accuracy if jumps else 200 * (1e-3 / accuracy) ** 0.25
        wanted = min(max(wanted, 100), 1600) if dimensions == 1 else min(max(wanted / 3, 64), 160)
        factors = (1, 2, 4, 8) if dimensions == 1 else (1, 2, 3, 4)
        start = max(1, round(wanted / min(_intervals(form, 1))), _seeing(form))
        start = min(start, MOST // factors[-1])  # what that does not see is told by whoever looks at `places`
        found = []
        for rank, factor in enumerate(factors):
            multiple = start * factor
            choices = VolumesChoices(multiple=multiple)
            cells = " x ".join(map(str, _intervals(form, multiple)))
            found.append(Variant(f"WENO on {cells} cells", choices, _cost(form, choices), rank))
        again = replace(found[1].choices, reconstruction=VAN_LEER, flux=RUSANOV, courant=0.3)
        cells = " x ".join(map(str, _intervals(form, again.multiple)))
        found.append(Variant(f"van Leer's slopes on {cells} cells", again, _cost(form, again), 1, again=True))
        return found

    def places(self, form: Form, choices: VolumesChoices) -> Mapping[str, np.ndarray]:
        lines = zip(form.system.axes, _intervals(form, choices.multiple), strict=True)
        return {axis.name: np.linspace(axis.low, axis.high, count + 1) for axis, count in lines}

    def plan(self, form: Form, variant: Variant[VolumesChoices]) -> Plan:
        choices = variant.choices
        balance = _balance(form)
        order = float(choices.reconstruction.order or 0)
        order = order if len(form.space) == 1 and not (balance.diffuses or any(balance.sources)) else min(order, 4)
        viscous = ", viscous part by RKL2 where it is stiff" if balance.diffuses else ""
        return Plan(
            f"{choices.discretisation.title}, {choices.reconstruction.title}, {choices.flux.title} fluxes",
            choices.integrator.title + viscous,
            f"{variant.name}, steps by the Courant condition",
            order,
        )

    def text(self, form: Form, choices: VolumesChoices) -> str:
        balance = _balance(form)
        words = _method_words(form, balance)
        values = program_values(form, balance, ends_of(form.system, balance))
        return render(
            "volumes.py.jinja",
            form,
            **values,
            cells=_intervals(form, choices.multiple),
            courant=choices.courant,
            reconstruction="weno" if choices.reconstruction is WENO5 else choices.reconstruction.name,
            reconstruction_title=choices.reconstruction.title,
            flux=choices.flux.name,
            flux_title=choices.flux.title,
            method_words=words,
        )


def _balance(form: Form) -> Balance:
    """The problem in balance form. Raises Unsuited with the reason why it is none for this family."""
    system, canonical = form.system, form.canonical
    if not system.time:
        raise Unsuited("It is steady; finite volumes here follow an evolution.")
    if system.complex:
        raise Unsuited("An unknown is complex; finite volumes are for real ones.")
    if canonical.order > 1:
        raise Unsuited("It is of second order in time; finite volumes take systems of first order.")
    if canonical.constraints:
        raise Unsuited("It has a constraint beside its evolution, which finite volumes do not solve.")
    if canonical.implicit:
        raise Unsuited("Derivatives in space act on its rates; finite volumes are for balance laws.")
    if len(system.axes) > 2:
        raise Unsuited("It has three dimensions; finite volumes take one or two.")
    balance = balance_of(system, canonical)
    if all(part == 0 for row in balance.fluxes for part in row):
        raise Unsuited("Nothing is transported; finite volumes with shocks in mind are no gain.")
    moving = {system.symbols[name] for name in system.coordinates}
    varying = any(
        q.free_symbols & moving or system.jets.among(q, given=True) != system.jets.among(q) for q in balance.quantities
    )
    if varying and balance.diffuses:
        raise Unsuited(
            "What is conserved depends on the place by itself and diffuses, which finite volumes here do not take."
        )
    return balance


def _linear(form: Form, balance: Balance) -> bool:
    unknowns = [form.system.jets.field(u.name) for u in form.system.unknowns]
    return all(
        vanishes(partial(partial(flux, a), b))
        for row in balance.fluxes
        for flux in row
        for a in unknowns
        for b in unknowns
    )


def _intervals(form: Form, multiple: int) -> tuple[int, ...]:
    """Cells along each axis whose faces are at the points usually asked for."""
    system = form.system
    points = ((axis, system.output.points[axis.name]) for axis in system.axes)
    return tuple(max(8, multiple * (n if axis.name in system.periodic else max(n - 1, 1))) for axis, n in points)


def _seeing(form: Form) -> int:
    """The multiple that sees all that is narrow."""
    lines = zip(form.system.axes, _intervals(form, 1), strict=True)
    return max(math.ceil(form.narrow.even(axis) * RESOLVED / SEEN / count) for axis, count in lines)


def _cost(form: Form, choices: VolumesChoices) -> float:
    cells = _intervals(form, choices.multiple)
    blocks = choices.reconstruction.cost * choices.flux.cost
    return blocks * math.prod(cells) * max(cells) * 0.45 / choices.courant * len(form.system.unknowns) / 1e4


def _method_words(form: Form, balance: Balance) -> str:
    words = ["Averages over cells change by what passes their faces; the steps follow the Courant condition."]
    if len(form.space) > 1:
        words.append(
            "Fluxes in the middle of faces are corrected to averages over them: fourth order where all is smooth."
        )
    if any(part != 0 for part in balance.sources):
        words.append(
            "Sources in the middle of cells are corrected to averages: fourth order; stiff ones are followed by themselves, implicitly."
        )
    if balance.diffuses:
        words.append(
            "Viscous fluxes are differences of fourth order, advanced by super-time-stepping where they are stiff."
        )
    return "\n".join(words)
