"""What a collocation method demands: each equation at as many points an axis as the conditions leave free, each condition at its end.

An unknown has N values along an axis. If k of the axis' conditions are counted to it, its equation is demanded at N - k points there
(rectangular collocation: Driscoll and Hale, IMA Journal of Numerical Analysis 36, 2016), so that rows and unknowns are as many. For which
unknown a condition counts is a matching: it holds the unknown, and unknowns without a rate of their own take no more than the order of their equation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems.faults import Misread, TooLarge
from fieldsmith.problems.jets import Orders, partial
from fieldsmith.problems.system import Condition, Law, Side, System

ABSENT, FOREIGN, REPEATED = 1e6, 1e3, 1e-2
"""Costs in matchings: of what cannot be, of a condition that counts for an unknown which it does not hold, of each further one for the same."""


@dataclass(frozen=True)
class Field:
    """What the state is made of: an unknown, or its rate where it is of second order in time (`order` 1)."""

    name: str
    order: int
    complex: bool


@dataclass(frozen=True)
class Demand:
    """Rows of the discrete equations: `value` = mass · d(state)/dt where a field evolves, `value` = 0 elsewhere.

    `field` is the field whose points they are; `mass` has its derivatives with their factors, none for a condition or a constraint.
    `across` and `side` tell the end of a condition.
    """

    title: str
    field: Field
    value: Any
    mass: Mapping[tuple[Field, Orders], Any]
    across: str = ""
    side: Side = "low"


@dataclass(frozen=True)
class Demands:
    """All demands of a problem, with the counts of conditions by field and axis."""

    form: Form

    @property
    def system(self) -> System:
        return self.form.system

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        orders = self.form.canonical.orders
        return tuple(
            Field(u.name, n, u.complex) for u in self.system.unknowns for n in range(max(orders.get(u.name, 0), 1))
        )

    @cached_property
    def laws(self) -> Mapping[str, Law]:
        """The equation of each unknown that is not solved for its rate. Raises Unsuited where one stands in none of them."""
        form, system = self.form.canonical, self.system
        found: dict[str, Law] = {}
        moving = [u.name for u in system.unknowns if form.orders[u.name]]
        still = [u.name for u in system.unknowns if not form.orders[u.name]]
        if form.rates is None:
            found |= self._matched(form.evolving, moving)
        return found | self._matched(form.constraints, still)

    def _matched(self, laws: Sequence[Law], unknowns: Sequence[str]) -> dict[str, Law]:
        """Each unknown with the equation that has the highest derivative of it."""
        if not laws:
            return {}
        costs = np.array([[-self._highest(law.residual, name) for name in unknowns] for law in laws])
        found = {}
        for row, column in _cheapest(np.where(costs > 0, ABSENT, costs)):
            if costs[row, column] > 0:
                raise Unsuited(
                    f"No equation is left that gives {unknowns[column]}: {laws[row].text} does not hold it. Pressures between walls are not solved for."
                )
            found[unknowns[column]] = laws[row]
        return found

    def _highest(self, residual: Any, name: str) -> int:
        """The highest derivative of an unknown; -1 where it is absent."""
        jets = self.system.jets
        met = [jets.meanings[jet] for jet in jets.among(residual)]
        return max((sum(orders) for known, orders in met if name in (known, jets.partners.get(known))), default=-1)

    @cached_property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many of an axis' conditions count for an unknown, by unknown and axis."""
        found = {(u.name, axis.name): 0 for u in self.system.unknowns for axis in self.system.axes}
        for one, name in self.assigned:
            found[name, one.axis] += 1
        return found

    @cached_property
    def assigned(self) -> tuple[tuple[Condition, str], ...]:
        """Each condition with the unknown it counts for. Raises Unsuited where they cannot be matched."""
        found = []
        for axis in self.system.axes:
            given = [one for one in self.system.conditions if one.axis == axis.name and one.kind != "open"]
            if given:
                found += self._shared(axis.name, given)
        return tuple(found)

    def _shared(self, axis: str, given: Sequence[Condition]) -> list[tuple[Condition, str]]:
        slots = [(name, k) for name in self._names for k in range(self._room(axis, name, len(given)))]
        spare = any(not self.form.canonical.orders[name] for name in self._names)
        costs = np.full((len(given), max(len(slots), len(given))), ABSENT)
        for row, one in enumerate(given):
            for column, (name, k) in enumerate(slots):
                if self._highest(one.residual, name) >= 0:
                    costs[row, column] = REPEATED * k
                elif spare:
                    costs[row, column] = FOREIGN + REPEATED * k
        found = []
        for row, column in _cheapest(costs):
            if costs[row, column] >= ABSENT:
                one = given[row]
                raise Unsuited(
                    f"The condition {one.text} at {axis} = {self.system.axis(axis).end(one.side):g} is one more than collocation has room for."
                )
            found.append((given[row], slots[column][0]))
        return self._yielded(found)

    def _yielded(self, found: list[tuple[Condition, str]]) -> list[tuple[Condition, str]]:
        """Where conditions on one unknown (a stream function) also have to do for another (the vorticity), all of them do, as in one equation of higher order."""
        foreign = [(one, name) for one, name in found if self._highest(one.residual, name) < 0]
        if not foreign:
            return found
        heir = foreign[0][1]
        givers = {name for one, _ in foreign for name in self._names if self._highest(one.residual, name) >= 0}
        return [(one, heir if name in givers else name) for one, name in found]

    @property
    def _names(self) -> list[str]:
        return [u.name for u in self.system.unknowns]

    def _room(self, axis: str, name: str, most: int) -> int:
        """How many conditions may count for an unknown: of one with a rate any, else the order of its equation along the axis."""
        if self.form.canonical.orders[name]:
            return most
        jets, along = self.system.jets, self.system.coordinates.index(axis)
        residual = self.laws[name].residual
        met = [jets.meanings[jet] for jet in jets.among(residual)]
        own = max((o[along] for known, o in met if name in (known, jets.partners.get(known))), default=0)
        return own or max((o[along] for _, o in met), default=0)

    @cached_property
    def all(self) -> tuple[Demand, ...]:
        """Equations field by field, then conditions. Raises Unsuited."""
        found = [self._equation(field) for field in self.fields]
        for one, name in self.assigned:
            found += self._conditions(one, name)
        return tuple(found)

    def _equation(self, field: Field) -> Demand:
        form, system = self.form.canonical, self.system
        rest = (0,) * len(system.axes)
        plain: dict[tuple[Field, Orders], Any] = {(field, rest): sp.Integer(1)}
        order, name = form.orders[field.name], field.name
        if order == 2 and field.order == 0:
            clock = system.coordinates[0]
            return Demand(f"{name}_{clock} is the rate of {name}", field, system.jets.field(name, (1, *rest)), plain)
        if order and form.rates is not None:
            law = next((law for law in form.evolving if self._highest(law.residual, name) >= 0 and len(form.evolving) == 1), None)  # fmt: skip
            return Demand(law.text if law else f"The rate of {name}", field, form.rates[name], plain)
        law = self.laws[name]
        if not order:
            return Demand(law.text, field, law.residual, {})
        return self._implicit(law, field)

    def _implicit(self, law: Law, field: Field) -> Demand:
        """An equation in which derivatives in space act on rates."""
        system, orders = self.system, self.form.canonical.orders
        mass: dict[tuple[Field, Orders], Any] = {}
        rest = law.residual
        for jet in system.jets.among(law.residual):
            name, (first, *along) = system.jets.meanings[jet]
            if first and first == orders.get(name):
                slope = partial(law.residual, jet)
                if system.jets.among(slope, given=True) or self.timed(slope):
                    raise Unsuited(f"The factor of a rate in {law.text} is not constant.")
                evolving = next(one for one in self.fields if (one.name, one.order) == (name, first - 1))
                mass[evolving, tuple(along)] = -slope
                rest = rest.xreplace({jet: sp.Integer(0)})
            elif name in system.jets.partners.values() and first:
                raise Unsuited(f"The rate of a conjugate in {law.text} is not solved for.")
        return Demand(law.text, field, rest, mass)

    def timed(self, expression: Any) -> bool:
        """Whether the time stands in an expression."""
        time = self.system.time
        return bool(time and self.system.symbols[time.name] in expression.free_symbols)

    def _conditions(self, one: Condition, name: str) -> list[Demand]:
        """A condition; of an unknown of second order in time its rate too, which its rate obeys."""
        first = next(field for field in self.fields if field.name == name)
        found = [Demand(one.text, first, one.residual, {}, one.axis, one.side)]
        if self.form.canonical.orders[name] == 2:
            second = next(field for field in self.fields if (field.name, field.order) == (name, 1))
            try:
                rate = self.system.jets.total(one.residual, 0)
            except (TooLarge, Misread) as error:
                raise Unsuited(f"The condition {one.text} is too long to be differentiated in time.") from error
            found.append(Demand(f"The rate of {one.text}", second, rate, {}, one.axis, one.side))
        return found

    def slopes(self, demand: Demand) -> dict[tuple[Field, bool, Orders], Any]:
        """Partial derivatives of a demand's value by field, whether its conjugate is meant, and orders in space. Raises Unsuited."""
        jets = self.system.jets
        found = {}
        try:
            for jet in jets.among(demand.value):
                field, conjugate, along = self.meaning(jet)
                found[field, conjugate, along] = partial(demand.value, jet)
        except TooLarge as error:
            raise Unsuited(f"{demand.title} is too long to be differentiated.") from error
        return found

    def meaning(self, jet: sp.Symbol) -> tuple[Field, bool, Orders]:
        """The field whose derivative in space a jet is. Raises Unsuited for a rate that is no field."""
        jets = self.system.jets
        name, orders = jets.meanings[jet]
        conjugate = name not in self._names
        name = jets.partners[name] if conjugate else name
        order, along = (orders[0], orders[1:]) if self.system.timed else (0, orders)
        for field in self.fields:
            if (field.name, field.order) == (name, order):
                return field, conjugate, along
        raise Unsuited(f"A rate of {name} stands where collocation has none.")

    @cached_property
    def linear(self) -> bool:
        """Whether all slopes are free of the state."""
        return not any(self.system.jets.among(s) for demand in self.all for s in self.slopes(demand).values())

    @cached_property
    def autonomous(self) -> bool:
        """Whether the time stands nowhere."""
        return not any(self.timed(demand.value) for demand in self.all)

    @cached_property
    def steady_slopes(self) -> bool:
        """Whether the equations are linear with factors that do not change in time."""
        return self.linear and not any(self.timed(s) for demand in self.all for s in self.slopes(demand).values())

    @cached_property
    def highest(self) -> Mapping[str, int]:
        """The highest derivative along each axis."""
        met = [along for demand in self.all for _, _, along in self.slopes(demand)]
        met += [along for demand in self.all for _, along in demand.mass]
        return {axis.name: max(along[k] for along in met) for k, axis in enumerate(self.system.axes)}

    def __hash__(self) -> int:
        return id(self)


def _cheapest(costs: np.ndarray) -> Iterator[tuple[int, int]]:
    """The cheapest matching of rows with columns, as pairs of their numbers."""
    from scipy.optimize import linear_sum_assignment  # takes long, and few problems come here

    return zip(*linear_sum_assignment(costs), strict=True)
