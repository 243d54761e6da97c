"""Fluxes through which coefficients with jumps act: (a u_x)_x is no a u_xx + a_x u_x where a has no derivative."""

from dataclasses import dataclass

import sympy as sp

from fieldsmith.boxes.families.differences.smooth import rough
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Expression, Unsuited
from fieldsmith.problems.jets import partial


@dataclass(frozen=True)
class Flux:
    """The derivative along `axis` of `factor` times the unknown's derivative along it."""

    unknown: str
    axis: int
    factor: Expression


def divided(form: Form, law: Expression) -> tuple[Expression, tuple[Flux, ...]]:
    """A law without its terms (a u_x)_x of coefficients with jumps, and these. Raises Unsuited where other derivatives of such coefficients are left."""
    system, jets = form.system, form.system.jets
    jumping = {one.name for one in system.coefficients if rough(form, one)}
    if not _differentiated(form, law, jumping):
        return law, ()
    rest, found = law, []
    skip = int(system.timed)
    for unknown in system.unknowns:
        for k in range(len(form.space)):
            orders = [0] * len(system.coordinates)
            orders[skip + k] = 1
            slope = jets.field(unknown.name, orders)
            factor = sp.expand(partial(rest, jets.along(slope, skip + k)))
            names = {jets.meanings[jet][0] for jet in jets.among(factor, given=True)}
            if names & jumping and not jets.among(factor):
                rest = sp.expand(rest - jets.total(factor * slope, skip + k))
                found.append(Flux(unknown.name, k, factor))
    if left := _differentiated(form, rest, jumping):
        raise Unsuited(
            f"The coefficient {left} has kinks or jumps and is differentiated otherwise than in div({left}*grad(u))."
        )
    return rest, tuple(found)


def _differentiated(form: Form, law: Expression, jumping: set[str]) -> str:
    """A coefficient with jumps of which a derivative stands in a law; empty if there is none."""
    meanings = form.system.jets.meanings
    found = [meanings[jet] for jet in form.system.jets.among(law, given=True)]
    return next((name for name, orders in found if name in jumping and sum(orders)), "")
