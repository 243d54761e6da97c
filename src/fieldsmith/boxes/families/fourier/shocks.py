"""Solutions that break: nonlinear waves that nothing damps or disperses."""

from collections.abc import Mapping

from fieldsmith.boxes.characteristics import breaking
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems.jets import partial

SMOOTH = 0.5
"""Share of the time until waves break up to which solutions count as smooth."""


def refuse_shocks(form: Form) -> None:
    """Raises Unsuited where waves steepen until they break, unless the problem ends well before the first one does."""
    found = breaking_waves(form)
    if found and breaking(form) > SMOOTH:
        raise Unsuited(
            f"{found[0]}: nothing damps or disperses waves whose speed depends on {', '.join(found[1])}, and Fourier series do not follow shocks."
        )


def breaking_waves(form: Form) -> tuple[str, list[str]] | None:
    """An equation with waves that break some time, and the unknowns on which their speeds depend; None where there is none.

    That is so of unknowns that depend on each other where speeds of propagation depend on them and no derivative is of higher order than
    the waves' own: u_t + u*u_x = 0, gas dynamics. Speeds that follow from a constraint, as in two-dimensional vorticity, break nothing.
    """
    jets, canonical = form.system.jets, form.canonical
    if canonical.constraints and _solenoidal(form):
        return None
    evolving = [name for name, order in canonical.orders.items() if order]
    names = {**{name: name for name in evolving}, **{p: n for p, n in jets.partners.items() if n in evolving}}
    steep: dict[str, str] = {}
    tamed: set[str] = set()
    reach: dict[str, set[str]] = {name: set() for name in evolving}
    for name, law in zip(evolving, canonical.evolving, strict=True):
        residual = (canonical.rates or {}).get(name, law.residual)
        for jet in jets.among(residual):
            other, orders = jets.meanings[jet]
            if other not in names:
                continue
            reach[name].add(names[other])
            waves = canonical.orders[names[other]]
            if sum(orders) > waves:
                tamed.add(name)
            elif sum(orders) == waves and sum(orders[1:]):
                slope = jets.among(partial(residual, jet))
                if any(jets.meanings[one][0] in names for one in slope):
                    steep[name] = law.text
    for name, text in steep.items():
        together = _together(name, reach)
        if not together & tamed:
            return text, sorted(together)
    return None


def _solenoidal(form: Form) -> bool:
    """Whether a constraint holds nothing but first derivatives of what evolves, such as div u = 0."""
    jets, orders = form.system.jets, form.canonical.orders
    return any(
        (met := jets.among(law.residual)) and all(orders.get(jets.meanings[jet][0], 0) and sum(jets.meanings[jet][1]) == 1 for jet in met)
        for law in form.canonical.constraints
    )  # fmt: skip


def _together(name: str, reach: Mapping[str, set[str]]) -> set[str]:
    """The unknowns on which one depends and which depend on it."""
    return {other for other in _reached(name, reach) if name in _reached(other, reach)} | {name}


def _reached(name: str, reach: Mapping[str, set[str]]) -> set[str]:
    found, waiting = set(), [name]
    while waiting:
        for other in reach[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found
