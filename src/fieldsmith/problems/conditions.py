"""Conditions at the ends of axes: as many as are needed, where they are needed, and telling solutions apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fieldsmith.problems.canonical import Canonical
from fieldsmith.problems.degenerate import Degenerate
from fieldsmith.problems.ends import Need, rows_of
from fieldsmith.problems.faults import Findings, Spot, many
from fieldsmith.problems.intervals import SIDES, Wanted
from fieldsmith.problems.symbol import Linearised
from fieldsmith.problems.system import Condition, Interval, Side, System
from fieldsmith.problems.tables import Tables


@dataclass
class Conditions:
    """Checks of one system's conditions, told in the findings of its tables."""

    system: System
    tables: Tables
    poles: frozenset[tuple[str, Side]] = frozenset()
    """Ends at which an equation is not finite: centres, mostly."""
    degenerate: Mapping[tuple[str, Side], Degenerate] = field(default_factory=dict)
    """Ends at which the factor of the second derivative across vanishes."""
    off: Callable[[Condition], float | None] = lambda _condition: None
    """By how much a condition at such an end contradicts the equation, None where it does not."""

    @property
    def told(self) -> Findings:
        return self.tables.findings

    def on_a_line(self, wanted: Wanted | None, linear: Linearised) -> None:
        """Of a steady problem on an interval: the number at both ends together; of dependent equations no number helps."""
        (axis,) = self.system.axes
        given = [one for side in SIDES for one in self.system.at(axis.name, side)]
        if wanted is None or not all([self._order(one, linear.across[0]) for one in given]):
            return
        if wanted.dependent:
            spot, what = (
                self.tables.spot("equations"),
                "The equations do not determine the unknowns: some follow from others.",
            )
            self.told.fault(spot, what, "Each must say something new.")
        if self.told.stopping or axis.name in self.system.periodic:
            return
        count, unit = self._count(given)
        if not given and wanted.fewest:
            self._none(axis, linear.across[0])
        elif not wanted.fewest <= count <= wanted.most:
            most = count > wanted.most
            self._wrong(axis, given, count // unit, (wanted.most if most else wanted.fewest) // unit)

    def ends(self, found: Mapping[tuple[str, Side], Need], linear: Linearised, form: Canonical) -> None:
        for axis in self.system.axes:
            if axis.name not in self.system.periodic:
                self._axis(axis, found, linear)
                if not self.told.stopping and not form.constraints:
                    for side in ("low", "high"):
                        self._bare(axis, side, form, linear)

    def _axis(self, axis: Interval, found: Mapping[tuple[str, Side], Need], linear: Linearised) -> None:
        system = self.system
        order = linear.across[system.coordinates.index(axis.name)]
        given = {side: system.at(axis.name, side) for side in ("low", "high")}
        ends = {key: need for key, need in found.items() if key[0] == axis.name}
        bare = not any(key in self.degenerate and not need.fewest for key, need in ends.items())
        if not any(given.values()) and order and bare and all(need.most for need in ends.values()):
            self._none(axis, order)
            return
        for side in ("low", "high"):
            if all(self._order(condition, order) for condition in given[side]) and (
                need := found.get((axis.name, side))
            ):
                self._end(axis, side, need, order, linear)
        self._together(axis, found)

    def _none(self, axis: Interval, order: int) -> None:
        key = _key(axis, "low"), _key(axis, "high")
        self.told.fault(
            self.tables.spot("boundary"),
            f"The ends of {axis.name} have no condition.",
            f'Write below [boundary] {axis.name} = "periodic", or conditions at "{key[0]}" and "{key[1]}".{self._clock(axis, order)}',
        )

    def _count(self, given: Sequence[Condition]) -> tuple[int, int]:
        """How many conditions on fields those given are, and how many one of them is in words: 2 where all is complex."""
        rows = len(rows_of(self.system, given))
        return rows, 2 if all(u.complex for u in self.system.unknowns) and rows == 2 * len(given) else 1

    def _order(self, condition: Condition, order: int) -> bool:
        axis = condition.axis
        if condition.kind == "open" and order > 1:
            self.told.fault(
                condition.spot,
                f"{axis} is open, but the equations are of order {order} along it.",
                "An open end is for first order equations; give a condition.",
            )
            return False
        if condition.order >= order and condition.kind != "open" and order:
            self.told.fault(
                condition.spot,
                f"The condition has a derivative of order {condition.order} along {axis}, the equations have {order}.",
                "A condition's derivatives are of lower order.",
            )
            return False
        return True

    def _end(self, axis: Interval, side: Side, need: Need, order: int, linear: Linearised) -> None:
        system = self.system
        given = system.at(axis.name, side)
        if any(one.kind == "open" for one in given):
            if len(given) > 1:
                self.told.fault(
                    given[0].spot, f"{_key(axis, side)} is open and has conditions.", "One of both is right."
                )
            return
        count, twofold = self._count(given)
        fewest, most = need.fewest, need.most
        spot = given[-1].spot if given else self.tables.spot("boundary", _key(axis, side))
        nonlinear = any(system.jets.among(slope) for slope in linear.expressions)
        if count > most:
            reason = self._reason(axis, side, most // twofold, order)
            what = f"{_key(axis, side)} has {many(count // twofold, 'condition')}, {reason}."
            mend = "Leave one out." if order > 1 else f'Leave it out, or write "{_key(axis, side)}" = "open".'
            if len(given) == 2 and count == 2 * most and self._alike(axis):
                low, high = (f'"{_key(axis, one)}" = "{each.text}"' for one, each in zip(SIDES, given, strict=True))
                mend = (
                    f"What is given for {axis.name} holds at both ends; for one condition each write {low} and {high}."
                )
            (self.told.doubt if nonlinear and order == 1 and most else self.told.fault)(spot, what, mend)
        elif count < fewest:
            reason = self._reason(axis, side, fewest // twofold, order)
            if one := self.degenerate.get((axis.name, side)):
                reason = f"1 is needed: {self._vanishing(axis)}, and {'it does so more slowly than the distance' if one.steep else 'the rest of the equation carries values in'}"
            what = (
                f"{_key(axis, side)} has {many(count // twofold, 'condition') if count else 'no condition'}, {reason}."
            )
            self.told.fault(spot, what, self._missing(axis, side, -((count - fewest) // twofold), order))
        elif (axis.name, side) in self.degenerate:
            self._degenerate(axis, side, self.degenerate[axis.name, side], given, spot)
        elif need.undetermined:
            names = [u.name for u in system.unknowns if not any(_holds(system, one.residual, u.name) for one in given)]
            about = f" None holds {', '.join(names)}." if names else " Do two say the same?"
            self.told.fault(
                spot,
                f"The conditions at {_key(axis, side)} do not determine the solution.{about}",
                "Each unknown that spreads needs its own.",
            )

    def _degenerate(self, axis: Interval, side: Side, end: Degenerate, given: Sequence[Condition], spot: Spot) -> None:
        """What is left open, or said twice, where the second derivative has lost its factor."""
        key, name = _key(axis, side), self.system.unknowns[0].name
        if given and not end.reached:
            for one in given:
                if (gap := self.off(one)) is not None:
                    what = f"The condition “{one.text}” contradicts the equation at {key}: {self._vanishing(axis)}, and the rates of both are {gap:.3g} apart at the start."
                    self.told.doubt(one.spot, what, "None is needed there, as the equation itself holds; leave it out.")
        elif not given and end.reached:
            what = f"{key} has no condition, and {self._vanishing(axis)}: meant is the solution that stays smooth, for which the equation holds at the end."
            mend = f'Diffusion reaches that end (Fichera\'s function is negative), so that one such as "{key}" = "{name} = 0" could be given and would choose another.'
            self.told.note(spot, what, mend)

    def _vanishing(self, axis: Interval) -> str:
        return f"the factor of {self.system.unknowns[0].name}_{axis.name * 2} vanishes there"

    def _bare(self, axis: Interval, side: Side, form: Canonical, linear: Linearised) -> None:
        """An unknown that spreads along an axis and that no condition at its end holds, though their number is right."""
        system = self.system
        along = system.coordinates.index(axis.name)
        given = system.at(axis.name, side)
        for name in form.orders:
            column = system.fields.index(name)
            spreads = any(
                orders[along] > 1 for (_, k), entry in linear.slopes.items() if k == column for orders, _ in entry
            )
            if spreads and given and not any(_holds(system, one.residual, name) for one in given):
                what = f"No condition at {_key(axis, side)} holds {name}, which spreads along {axis.name}."
                self.told.doubt(given[0].spot, what, "Each unknown that spreads has conditions of its own, as a rule.")

    def _missing(self, axis: Interval, side: Side, count: int, order: int) -> str:
        """So many more conditions, for unknowns that have none there first; then a derivative that none has yet."""
        system = self.system
        given = system.at(axis.name, side)
        bare = [u.name for u in system.unknowns if not any(_holds(system, one.residual, u.name) for one in given)]
        bare.sort(key=lambda name: -_order_of(system, name))
        names = bare or [u.name for u in system.unknowns]
        centre = order > 1 and (axis.name, side) in self.poles
        lowest = int(centre) if bare else min({*range(order)} - {one.order for one in given}, default=0)
        some = [f'"{name}{f"_{axis.name * lowest}" * bool(lowest)} = 0"' for name in names[:count]]
        if given:
            return f"Add {some[0]} or another." if count == 1 else f"Add {count}, such as {some[0]}."
        listed = some[0] if count == 1 else f"[{', '.join([*some, '…'] if len(some) < count else some)}]"
        return f'Such as "{_key(axis, side)}" = {listed}.{self._clock(axis, order) if side == "low" else ""}'

    def _alike(self, axis: Interval) -> bool:
        """Whether both ends have the same conditions."""
        low, high = ([one.text for one in self.system.at(axis.name, side)] for side in SIDES)
        return low == high

    def _clock(self, axis: Interval, order: int) -> str:
        """That an axis without conditions may be a time of another name."""
        maybe = order == 1 and not self.system.time and len(self.system.axes) > 1
        return f' If {axis.name} is the time, write time = "{axis.name}" below [domain].' if maybe else ""

    def _reason(self, axis: Interval, side: Side, needed: int, order: int) -> str:
        number = f"{needed if needed else 'none'} {'is' if needed <= 1 else 'are'} needed"
        if order == 1:
            end = (
                "nothing enters there"
                if not needed
                else f"{many(needed, 'characteristic')} enter{'s' if needed == 1 else ''} there"
            )
            return f"{number}: {end}"
        return f"{number}: the equations are of order {order} along {axis.name}"

    def _together(self, axis: Interval, found: Mapping[tuple[str, Side], Need]) -> None:
        """Both ends together have what either of them may have (a constraint along an interval)."""
        pair = [found.get((axis.name, side)) for side in SIDES]
        if None in pair or not all(need.loose for need in pair if need):
            return
        given = [one for side in SIDES for one in self.system.at(axis.name, side)]
        if any(one.kind == "open" for one in given) or self.told.stopping:
            return
        count, unit = self._count(given)
        wanted = sum(need.fewest for need in pair if need) + max(need.loose for need in pair if need)
        if count != wanted:
            self._wrong(axis, given, count // unit, wanted // unit)

    def _wrong(self, axis: Interval, given: Sequence[Condition], count: int, wanted: int) -> None:
        spot = given[-1].spot if given else self.tables.spot("boundary")
        what = f"The ends of {axis.name} have {many(count, 'condition')} together, {wanted} {'is' if wanted == 1 else 'are'} needed."
        self.told.fault(spot, what, "Leave one out." if count > wanted else "Give the missing ones.")


def _holds(system: System, residual: Any, name: str) -> bool:
    jets = system.jets
    return any(jets.meanings[jet][0] in (name, jets.partners.get(name)) for jet in jets.among(residual))


def _order_of(system: System, name: str) -> int:
    """The highest derivative of an unknown in any equation."""
    every = [system.jets.meanings[jet] for law in system.laws for jet in system.jets.among(law.residual)]
    return max((sum(orders) for owner, orders in every if owner == name), default=0)


def _key(axis: Interval, side: Side) -> str:
    return f"{axis.name}={axis.end(side):g}"
