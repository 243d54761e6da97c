"""How smooth a problem is by what is given, and problems that finite differences without limiters do not solve."""

from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Expression, Unsuited
from fieldsmith.problems import functions as own
from fieldsmith.problems.faults import TooLarge
from fieldsmith.problems.kinds import kind_of
from fieldsmith.problems.system import Family, Given

KINKED = (own.Absolute, own.Sign, own.Heaviside, own.Below, own.Where, own.Least, own.Greatest)


def rough(form: Form, given: Given) -> bool:
    """Whether a given field has kinks or jumps in space."""
    if isinstance(given.value, Family):
        return given.value.kind == "two-valued"
    return given.expression is not None and kinked(form, given.expression)


def kinked(form: Form, expression: Expression) -> bool:
    """Whether a function with kinks is taken of coordinates alone."""
    jets = form.system.jets
    places = {form.system.symbols[name] for name in form.space}
    return any(node.free_symbols & places and not jets.among(node) for node in expression.atoms(*KINKED))


def all_smooth(form: Form) -> bool:
    system = form.system
    given = [*system.initial.values(), *system.coefficients]
    told = [*(law.residual for law in system.laws), *(one.residual for one in system.conditions)]
    return not any(rough(form, one) for one in given) and not any(kinked(form, one) for one in told)


def order_of(form: Form) -> int:
    """The order of accuracy that goes with the smoothness: 2 with kinks; else 4, and 6 where no end is there to disturb it."""
    if not all_smooth(form):
        return 2
    periodic = all(name in form.system.periodic for name in form.space)
    return 6 if periodic else 4


def most(form: Form) -> int:
    """The highest order that is stable: with ends one-sided differences of order 6 have eigenvalues off the real axis or right of the imaginary one,
    which diffusion alone bears."""
    waves = form.seen.waves
    periodic = all(name in form.system.periodic for name in form.space)
    diffuses = waves is not None and waves.kinds == ("parabolic",) and form.canonical.order == 1
    return 6 if periodic or diffuses or not form.timed else 4


def lasting(form: Form) -> bool:
    """Whether nothing smooths kinks and jumps of what is given."""
    return form.timed and form.seen.waves is not None and "parabolic" not in form.seen.waves.kinds


def refused(form: Form) -> None:
    """Raises Unsuited for nonlinear first order problems, whose solutions become discontinuous."""
    seen = form.seen
    if not form.timed or form.canonical.order != 1 or seen.linear is None:
        return
    try:
        kind = kind_of(form.system, form.canonical, seen.linear, seen.waves, seen.rates)
    except TooLarge:
        return
    if kind.order_in_space == 1 and kind.linearity in ("quasilinear", "fully nonlinear"):
        raise Unsuited(
            "Nonlinear equations of first order make shocks, which finite differences without limiters do not take."
        )
