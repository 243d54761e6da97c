"""Whether a problem is well posed: equations for unknowns, short waves, conditions at the start and at every end."""

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from fieldsmith.problems.canonical import Canonical
from fieldsmith.problems.ends import Need
from fieldsmith.problems.faults import Findings, Spot, meant
from fieldsmith.problems.growth import Growth, Waves
from fieldsmith.problems.jets import partial
from fieldsmith.problems.states import States
from fieldsmith.problems.symbol import Linearised
from fieldsmith.problems.system import Interval, Side, System
from fieldsmith.problems.tables import Tables
from fieldsmith.problems.tokens import latin
from fieldsmith.problems.values import Values


@dataclass
class Posed:
    """Checks of one system, told in the findings of its tables."""

    system: System
    tables: Tables

    @property
    def told(self) -> Findings:
        return self.tables.findings

    def unknowns(self) -> bool:
        """As many equations as unknowns, each with an unknown in it."""
        system, spot = self.system, self.tables.spot("equations")
        before = len(self.told.found)
        names = [unknown.name for unknown in system.unknowns]
        met = {system.jets.meanings[jet][0] for law in system.laws for jet in system.jets.among(law.residual)}
        for law in system.laws:
            if not system.jets.among(law.residual):
                what = "The equation always holds." if law.residual == 0 else "The equation holds no unknown."
                self.told.fault(
                    law.spot, what, "An unknown is what has a derivative in an equation, or is named in [unknowns]."
                )
        for name in names:
            if name not in met and system.jets.partners.get(name) not in met:
                declared = name in self.tables.table("unknowns")
                close = meant(name, [n for n in names if n != name])
                here = self.tables.spot("unknowns", name) if declared else spot
                self.told.fault(here, f"No equation holds the unknown {name}.", close)
        given = self.tables.document.get("equations") or ()
        count = 1 if isinstance(given, str) else len(given)
        if not names and count:
            self.told.fault(spot, "No equation has a derivative of an unknown.", "Such as u_t = u_xx.")
        elif count != len(names):
            close = [f"{a} and {b}" for k, a in enumerate(names) for b in names[k + 1 :] if meant(a, [b])]
            mend = (
                f"Are {close[0]} meant to be the same?"
                if close
                else "As many of each are needed; a given field belongs into [coefficients], a number into [parameters]."
            )
            self.told.fault(
                spot, f"There {_are(count, 'equation')} for {_many(len(names), 'unknown')} ({', '.join(names)}).", mend
            )
        return len(self.told.found) == before

    def start(self, form: Canonical) -> None:
        """Initial values: one for each order in time, none for what follows from a constraint."""
        system = self.system
        if not system.time:
            return
        clock = system.time.name
        given = {latin(str(key)) for key in self.tables.table("initial")}
        for name, order in form.orders.items():
            wanted = [name, f"{name}_{clock}"][:order]
            for value in wanted:
                if value not in given:
                    why = f" ({name} is of second order in time)" if order == 2 else ""
                    hint = f'Write {value} = "…" below [initial].'
                    self.told.fault(
                        self.tables.spot("initial", value), f"There is no initial value of {value}{why}.", hint
                    )
            for value in (name, f"{name}_{clock}"):
                if value in given and value not in wanted:
                    why = (
                        "it follows from its equation, which has no time derivative of it"
                        if not order
                        else f"{name} is of first order in time"
                    )
                    self.told.fault(
                        self.tables.spot("initial", value),
                        f"An initial value of {value} is one too many: {why}.",
                        "Leave it out.",
                    )

    def waves(self, seen: Waves | None, form: Canonical) -> None:
        if seen is None or seen.growth is None:
            return
        what, mend = self._growing(seen.growth, form)
        parameter = seen.growth.parameter
        spot = self.tables.spot("parameters", parameter) if parameter else self.system.laws[0].spot
        self.told.fault(spot, what, mend)

    def _growing(self, growth: Growth, form: Canonical) -> tuple[str, str]:
        system = self.system
        power = round(growth.power)
        where = ""
        if len(system.axes) > 1:
            where = f" in the direction ({', '.join(map(str, growth.direction))})"
        for_value = f" for {growth.parameter} = {growth.value:g}" if growth.parameter else ""
        rise = f"waves of wave number k{where} grow like exp(c k{'^' + str(power) if power > 1 else ''} t){for_value}"
        if form.order == 2 and len(form.orders) == 1:
            return (
                f"The problem is elliptic in time: {rise}.",
                "No starting values lead anywhere; a wave equation is u_tt = +c**2*u_xx, a beam u_tt = -c**2*u_xxxx.",
            )
        if power == 2:
            return (
                f"The problem is a heat equation backwards in time: {rise}.",
                "Look at the sign of the second derivatives: u_t = +D*u_xx spreads.",
            )
        if power == 4:
            return (
                f"The problem is ill posed: {rise}.",
                "Look at the sign of the fourth derivatives: u_t = -D*u_xxxx spreads.",
            )
        return f"The problem is ill posed: {rise}.", "Look at the signs of the highest derivatives."

    def ends(self, found: Mapping[tuple[str, Side], Need], linear: Linearised, form: Canonical) -> None:
        for axis in self.system.axes:
            if axis.name not in self.system.periodic:
                self._axis(axis, found, linear)
                if not self.told.stopping and not form.constraints:
                    for side in ("low", "high"):
                        self._bare(axis, side, form, linear)

    def constants(self, form: Canonical, linear: Linearised) -> None:
        """Unknowns of a constraint or a steady equation of which only derivatives are asked: a constant may be added to them."""
        system, jets = self.system, self.system.jets
        for name in form.constrained if system.timed else tuple(form.orders):
            met = {jet for law in system.laws for jet in jets.among(law.residual) if jets.meanings[jet][0] == name}
            held = {
                jet for one in system.conditions for jet in jets.among(one.residual) if jets.meanings[jet][0] == name
            }
            if not any(sum(jets.meanings[jet][1]) == 0 for jet in met | held):
                where = next((law.spot for law in system.laws if law.residual.free_symbols & met), Spot())
                self.told.note(where, f"{name} is determined but for a constant; its mean is taken as 0.")
                self._balanced(name, met)

    def _balanced(self, name: str, met: set[sp.Symbol]) -> None:
        """On a periodic domain derivatives have the mean 0, and so must have what they are equal to."""
        system = self.system
        laws = [law for law in system.laws if law.residual.free_symbols & met]
        if len(laws) != 1 or len(system.periodic) < len(system.axes):
            return
        rest = laws[0].residual.xreplace(dict.fromkeys(met, sp.S.Zero))
        others = (laws[0].residual - rest).free_symbols - met - system.values.keys()
        if others or any(partial(laws[0].residual, jet).free_symbols & met for jet in met):
            return  # only derivatives with constant factors are sure to have the mean 0
        mean = Values(system, States(system), self.told).mean(rest)
        if mean is not None and abs(mean[0]) > 1e-3 * mean[1]:
            what = f"No {name} satisfies the equation: derivatives of {name} have the mean 0 over periodic axes, the rest has {-mean[0]:.3g}."
            self.told.fault(laws[0].spot, what, "Take its mean from it.")

    def _axis(self, axis: Interval, found: Mapping[tuple[str, Side], Need], linear: Linearised) -> None:
        system = self.system
        order = linear.across[system.coordinates.index(axis.name)]
        given = {side: system.at(axis.name, side) for side in ("low", "high")}
        if not any(given.values()) and order and all(found[key].most for key in found if key[0] == axis.name):
            spot = self.tables.spot("boundary")
            key = _key(axis, "low"), _key(axis, "high")
            self.told.fault(
                spot,
                f"The ends of {axis.name} have no condition.",
                f'Write below [boundary] {axis.name} = "periodic", or conditions at "{key[0]}" and "{key[1]}".',
            )
            return
        for side in ("low", "high"):
            if all(self._order(condition, order) for condition in given[side]) and (
                need := found.get((axis.name, side))
            ):
                self._end(axis, side, need, order, linear)
        self._together(axis, found)

    def _order(self, condition: object, order: int) -> bool:
        from fieldsmith.problems.system import Condition

        assert isinstance(condition, Condition)
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
        twofold = 2 if system.complex and all(u.complex for u in system.unknowns) else 1
        count, fewest, most = len(given) * twofold, need.fewest, need.most
        spot = given[-1].spot if given else self.tables.spot("boundary", _key(axis, side))
        nonlinear = any(system.jets.among(slope) for slope in linear.expressions)
        if count > most:
            reason = self._reason(axis, side, most // twofold, order)
            what = f"{_key(axis, side)} has {_many(count // twofold, 'condition')}, {reason}."
            mend = "Leave one out." if order > 1 else f'Leave it out, or write "{_key(axis, side)}" = "open".'
            (self.told.doubt if nonlinear and order == 1 and most else self.told.fault)(spot, what, mend)
        elif count < fewest:
            reason = self._reason(axis, side, fewest // twofold, order)
            what = (
                f"{_key(axis, side)} has {_many(count // twofold, 'condition') if count else 'no condition'}, {reason}."
            )
            self.told.fault(spot, what, _missing(system, axis, side, (fewest - count) // twofold))
        elif need.undetermined:
            names = [u.name for u in system.unknowns if not any(_holds(system, one.residual, u.name) for one in given)]
            about = f" None holds {', '.join(names)}." if names else " Do two say the same?"
            self.told.fault(
                spot,
                f"The conditions at {_key(axis, side)} do not determine the solution.{about}",
                "Each unknown that spreads needs its own.",
            )

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

    def _reason(self, axis: Interval, side: Side, needed: int, order: int) -> str:
        number = f"{needed if needed else 'none'} {'is' if needed <= 1 else 'are'} needed"
        if order == 1:
            end = (
                "nothing enters there"
                if not needed
                else f"{_many(needed, 'characteristic')} enter{'s' if needed == 1 else ''} there"
            )
            return f"{number}: {end}"
        return f"{number}: the equations are of order {order} along {axis.name}"

    def _together(self, axis: Interval, found: Mapping[tuple[str, Side], Need]) -> None:
        """Both ends together have what either of them may have (a steady equation in one dimension)."""
        pair = [found.get((axis.name, side)) for side in ("low", "high")]
        if None in pair or not all(need.loose for need in pair if need):
            return
        low = pair[0]
        assert low is not None
        twofold = 2 if self.system.complex and all(u.complex for u in self.system.unknowns) else 1
        sides: tuple[Side, ...] = ("low", "high")
        given = [one for side in sides for one in self.system.at(axis.name, side)]
        wanted = (sum(need.fewest for need in pair if need) + low.loose) // twofold
        if any(one.kind == "open" for one in given) or len(given) == wanted or self.told.stopping:
            return
        spot = given[-1].spot if given else self.tables.spot("boundary")
        what = f"The ends of {axis.name} have {_many(len(given), 'condition')} together, {wanted} {'is' if wanted == 1 else 'are'} needed."
        self.told.fault(spot, what, "Leave one out." if len(given) > wanted else "Give the missing ones.")


def _holds(system: System, residual: object, name: str) -> bool:
    jets = system.jets
    return any(jets.meanings[jet][0] in (name, jets.partners.get(name)) for jet in jets.among(residual))


def _order_of(system: System, name: str) -> int:
    """The highest derivative of an unknown in any equation."""
    every = [system.jets.meanings[jet] for law in system.laws for jet in system.jets.among(law.residual)]
    return max((sum(orders) for owner, orders in every if owner == name), default=0)


def _missing(system: System, axis: Interval, side: Side, count: int) -> str:
    """So many more conditions, for unknowns that have none there first."""
    given = system.at(axis.name, side)
    bare = [u.name for u in system.unknowns if not any(_holds(system, one.residual, u.name) for one in given)]
    bare.sort(key=lambda name: -_order_of(system, name))
    some = [f'"{name} = 0"' for name in (bare or [u.name for u in system.unknowns])[:count]]
    if given:
        return f"Add {some[0]} or another." if count == 1 else f"Add {count}, such as {some[0]}."
    listed = some[0] if count == 1 else f"[{', '.join([*some, '…'] if len(some) < count else some)}]"
    return f'Such as "{_key(axis, side)}" = {listed}.'


def _key(axis: Interval, side: Side) -> str:
    return f"{axis.name}={axis.end(side):g}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _are(count: int, what: str) -> str:
    return f"{'is' if count == 1 else 'are'} {_many(count, what)}"
