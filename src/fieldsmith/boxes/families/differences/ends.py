"""Which rows of which field each boundary condition takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Expression, Unsuited
from fieldsmith.problems.faults import Misread, TooLarge
from fieldsmith.problems.jets import Jets
from fieldsmith.problems.system import Condition

MOST_CHOICES = 4096
ABSENT, LESS, BEYOND = 10, 1, 100
"""Costs of rows of an unknown that the condition does not hold, of one that it holds with a derivative of lower order, and beyond what the end of a field takes."""


@dataclass(frozen=True)
class End:
    """The rows of a condition: those of `field` in the layer of points that is so far from the end of an axis."""

    field: int
    axis: int
    upper: bool
    layer: int
    order: int
    words: str


Placed = tuple[End, Condition, Expression]


def assigned(form: Form, jets: Jets, fields: Sequence[tuple[str, int]], laws: Mapping[int, Expression]) -> list[Placed]:
    """Every condition with its rows, in the order in which they take points at edges and corners; `jets` are those of the laws. Raises Unsuited.

    A field of second order in time is held to its conditions, and its rate to their derivatives in time.
    """
    found: list[Placed] = []
    conditions = [one for one in form.system.conditions if one.kind != "open"]
    for axis, side in dict.fromkeys((one.axis, one.side) for one in conditions):
        k = form.space.index(axis)
        group = [one for one in conditions if (one.axis, one.side) == (axis, side)]
        chosen = sorted(_matched(form, jets, fields, laws, group), key=lambda pair: (pair[1], pair[0].order))
        layers: dict[int, int] = {}
        for condition, field in chosen:
            layer = layers.get(field, 0)
            layers[field] = layer + 1
            end = End(field, k, side == "high", layer, condition.order, condition.text)
            found.append((end, condition, condition.residual))
            name = fields[field][0]
            if (name, 1) in fields:
                rate = fields.index((name, 1))
                end = End(rate, k, side == "high", layer, condition.order, f"{condition.text}, differentiated in time")
                found.append((end, condition, _in_time(form, condition)))
    return sorted(found, key=lambda one: (one[0].layer, one[0].order, one[0].axis, one[0].upper))


def _in_time(form: Form, condition: Condition) -> Expression:
    try:
        return form.system.jets.total(condition.residual, 0)
    except (TooLarge, Misread) as reason:
        raise Unsuited(f"The condition {condition.text} is too large to be differentiated in time.") from reason


def _matched(
    form: Form,
    jets: Jets,
    fields: Sequence[tuple[str, int]],
    laws: Mapping[int, Expression],
    conditions: Sequence[Condition],
) -> list[tuple[Condition, int]]:
    """The field whose rows each condition of one end takes: one that it holds, with its highest derivative, and no more than that
    field's law has need of."""
    places = [k for k, (_, order) in enumerate(fields) if order == 0]
    if len(places) ** len(conditions) > MOST_CHOICES:
        raise Unsuited(f"There are {len(conditions)} conditions at one end of {conditions[0].axis}.")
    takes = [_takes(form, jets, fields, laws, k, conditions[0].axis) for k in range(len(fields))]
    costs = [[_cost(form, fields[k][0], one) for k in places] for one in conditions]

    def whole(chosen: tuple[int, ...]) -> int:
        beyond = sum(max(0, chosen.count(j) - takes[places[j]]) for j in set(chosen))
        return sum(costs[n][j] for n, j in enumerate(chosen)) + BEYOND * beyond

    best = min(product(range(len(places)), repeat=len(conditions)), key=whole)
    if form.timed and whole(best) >= ABSENT:
        raise Unsuited(
            f"Conditions at {conditions[0].axis} = {form.system.axis(conditions[0].axis).end(conditions[0].side):g} determine values of an unknown "
            "that they do not hold; conditions for each unknown are solved for."
        )
    return [(one, places[j]) for one, j in zip(conditions, best, strict=True)]


def _cost(form: Form, name: str, condition: Condition) -> int:
    """What it costs to give a condition rows of an unknown."""
    jets, axis = form.system.jets, form.system.coordinates.index(condition.axis)
    held: dict[str, int] = {}
    for jet in jets.among(condition.residual):
        other, orders = jets.meanings[jet]
        held[base(form, other)] = max(orders[axis], held.get(base(form, other), 0))
    if name not in held:
        return ABSENT
    return LESS * (held[name] < max(held.values()))


def _takes(
    form: Form, jets: Jets, fields: Sequence[tuple[str, int]], laws: Mapping[int, Expression], field: int, axis: str
) -> int:
    """Conditions that the law of a field (of its highest rate) has need of at an end: half the order of its own derivatives across, rounded up."""
    k, name = form.system.coordinates.index(axis), fields[field][0]
    last = max(n for n, (other, _) in enumerate(fields) if other == name)
    met = [jets.meanings[jet] for jet in jets.among(laws[last])]
    own = max((orders[k] for other, orders in met if base(form, other) == name), default=0)
    order = own or max((orders[k] for _, orders in met), default=0)
    return max(1, -(-order // 2))


def base(form: Form, name: str) -> str:
    """The unknown that a field of the jets is, or is the conjugate of."""
    return name if any(u.name == name for u in form.system.unknowns) else form.system.jets.partners.get(name, name)
