"""Fluxes through which coefficients with jumps act: (a u_x)_x is no a u_xx + a_x u_x where a has no derivative."""

from dataclasses import dataclass, replace

import sympy as sp

from fieldsmith.boxes.families.differences.smooth import rough
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Expression, Unsuited
from fieldsmith.problems.algebra import Algebra
from fieldsmith.problems.canonical import Canonical, canonical
from fieldsmith.problems.faults import Findings, Misread, Spot, TooLarge
from fieldsmith.problems.jets import partial
from fieldsmith.problems.system import System


@dataclass(frozen=True)
class Flux:
    """The derivative along `axis` of `factor` times the unknown's derivative along it."""

    unknown: str
    axis: int
    factor: Expression


def kept_apart(form: Form) -> tuple[System, Canonical]:
    """The problem with coefficients that jump as fields of their own, even where they are expressions: else their derivatives would lack what
    happens at the jumps."""
    system = form.system
    jumping = {one.name for one in system.coefficients if one.expression is not None and rough(form, one)}
    if not jumping:
        return system, form.canonical
    jets = replace(system.jets, fixed=system.jets.fixed | jumping)
    given = {
        one.name: jets.field(one.name) if one.expression is None or one.name in jumping else one.expression
        for one in system.coefficients
    }
    unknowns = {one.name: jets.field(one.name) for one in system.unknowns}
    names = {**system.symbols, **given, **system.definitions, **unknowns}
    algebra = Algebra(jets, system.coordinates, system.timed, names, complex=system.complex)
    try:
        laws = tuple(replace(law, residual=algebra.read(law.left) - algebra.read(law.right)) for law in system.laws)
    except (TooLarge, Misread) as reason:
        raise Unsuited("The equations are too large with coefficients that jump.") from reason
    apart = replace(system, laws=laws, jets=jets)
    solved = canonical(apart, Findings(), Spot())
    return apart, solved or form.canonical


def divided(form: Form, system: System, law: Expression) -> tuple[Expression, tuple[Flux, ...]]:
    """A law of `system`, as `kept_apart` has it, without its terms (a u_x)_x of coefficients with jumps, and these. Raises Unsuited where other derivatives of such coefficients are left."""
    jets = system.jets
    jumping = {one.name for one in system.coefficients if rough(form, one)}
    if not _differentiated(system, law, jumping):
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
    if left := _differentiated(system, rest, jumping):
        raise Unsuited(
            f"The coefficient {left} has kinks or jumps and is differentiated otherwise than in div({left}*grad(u))."
        )
    return rest, tuple(found)


def _differentiated(system: System, law: Expression, jumping: set[str]) -> str:
    """A coefficient with jumps of which a derivative stands in a law; empty if there is none."""
    meanings = system.jets.meanings
    found = [meanings[jet] for jet in system.jets.among(law, given=True)]
    return next((name for name, orders in found if name in jumping and sum(orders)), "")
