"""Given values looked at as numbers: finite on the grid, in accord with the sides, without a jump where an axis closes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fieldsmith.problems.ends import places_at
from fieldsmith.problems.faults import Findings, Spot
from fieldsmith.problems.intervals import SIDES
from fieldsmith.problems.jets import size
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import States, parameter_cases
from fieldsmith.problems.system import Condition, Family, Given, Side, System

MOST_POINTS = 100_000
"""Points of the grid that are looked at, of an expression that is short."""
MOST_WORK = 4_000_000
"""Points times nodes of an expression."""
NEAR = 1e-6
"""Share of an axis from an end at which a pole counts as one at the end."""
ALONG = 15


@dataclass
class Values:
    """Checks of what a problem gives, at its own points."""

    system: System
    states: States
    told: Findings
    broken: bool = False
    """Whether an initial value breaks a condition."""
    poles: set[tuple[str, Side]] = field(default_factory=set)
    """Ends at which an equation is not finite."""

    def all(self) -> None:
        for one in self.system.coefficients:
            self._finite(one, f"The coefficient {one.name}", timed=True)
        for one in self.system.initial.values():
            self._finite(one, f"The initial value of {one.name}", timed=False)
        for one in self.system.exact.values():
            self._finite(one, f"The exact solution of {one.name}", timed=True)
        if not self.told.stopping:
            self._laws()
            self._sides()
            self._closed()

    def grid(self, expression: Any, *, timed: bool, cases: int = 1) -> dict[str, np.ndarray]:
        """Points from end to end of every axis, as many as are asked for or few enough, at the first and other times."""
        system = self.system
        room = min(MOST_POINTS, max(MOST_WORK // size(expression) // cases, 200)) // (3 if timed else 1)
        share = min(1.0, (room / np.prod([float(n) for n in system.output.points.values()])) ** (1 / len(system.axes)))
        lines = [np.linspace(a.low, a.high, max(5, int(system.output.points[a.name] * share)) | 1) for a in system.axes]
        names = [axis.name for axis in system.axes]
        if system.time:
            names.insert(0, system.time.name)
            early = system.time.low + system.time.length * np.array([0.0, 0.37, 1.0] if timed else [0.0])
            lines.insert(0, early)
        return {name: place.ravel() for name, place in zip(names, np.meshgrid(*lines, indexing="ij"), strict=True)}

    def _finite(self, one: Given, what: str, *, timed: bool) -> None:
        if one.expression is None:
            return
        places = self.grid(one.expression, timed=timed)
        values = self.states.values([one.expression], places)
        if one in self.system.coefficients:
            shape = next(iter(places.values())).shape
            wrong = ~np.isfinite(np.broadcast_to(np.asarray(evaluate(one.expression, values)), shape))
            inside, ends = self._parted(wrong, places)
            if ends and not inside.any():
                self._pole(one.spot, what, ends)
                return
        found = self._broken(one.expression, values, places)
        places = self.grid(one.expression, timed=timed, cases=10)
        for case in parameter_cases(self.system)[1:] if found is None else ():
            found = self._broken(one.expression, self.states.values([one.expression], places, case), places)
            if found is not None:
                name, value = next(iter(case.items()))
                found = f"{found} for {name} = {value:g}"
                break
        if found is not None:
            self.told.fault(
                one.spot, f"{what} {found}.", "Look for a division by zero, or a root or logarithm of what is negative."
            )

    def _broken(self, expression: Any, values: Mapping[Any, Any], places: Mapping[str, np.ndarray]) -> str | None:
        shape = next(iter(places.values())).shape
        array = np.broadcast_to(np.asarray(evaluate(expression, values)), shape)
        real = not np.iscomplexobj(array) or self.system.complex or float(np.abs(np.imag(array)).max(initial=0.0)) == 0
        wrong = ~np.isfinite(array) if real else ~np.isfinite(array) | (np.imag(array) != 0)
        if not wrong.any():
            return None
        first = int(np.argmax(wrong))
        where = ", ".join(f"{name} = {place[first]:.4g}" for name, place in places.items())
        return f"{'is not finite' if real else 'is not real'} at {where}"

    def _laws(self) -> None:
        """Poles of the equations themselves: inside the domain they stop, at an end they are told."""
        for law in self.system.laws:
            places = self.grid(law.residual, timed=True)
            values = self.states.values([law.residual], places, slopes=False)
            shape = next(iter(places.values())).shape
            wrong = ~np.isfinite(np.broadcast_to(np.asarray(evaluate(law.residual, values)), shape))
            inside, ends = self._parted(wrong, places)
            if inside.any():
                first = int(np.argmax(inside))
                where = ", ".join(f"{name} = {place[first]:.4g}" for name, place in places.items())
                self.told.fault(
                    law.spot,
                    f"The equation is not finite at {where}, with the values it starts from.",
                    "Look for a pole, or a root or power of what is negative.",
                )
            elif ends:
                self._pole(law.spot, "The equation", ends)

    def _parted(self, wrong: np.ndarray, places: Mapping[str, np.ndarray]) -> tuple[np.ndarray, list[tuple[str, Side]]]:
        """Of places at which something is not finite those inside, and the ends at which others are."""
        inside, ends = wrong.copy(), list[tuple[str, Side]]()
        for axis in self.system.axes:
            for side in SIDES:
                near = np.abs(places[axis.name] - axis.end(side)) < NEAR * axis.length
                if (wrong & near).any() and axis.name not in self.system.periodic:
                    ends.append((axis.name, side))
                    self.poles.add((axis.name, side))
                    inside &= ~near
        return inside, ends

    def _pole(self, spot: Spot, what: str, ends: Sequence[tuple[str, Side]]) -> None:
        """Doubts where ends have a pole and other conditions than those of a centre."""
        for axis, side in ends:
            there = [one for one in self.system.conditions if (one.axis, one.side) == (axis, side)]
            if there and all(map(self._even, there)):
                continue
            condition = " and ".join(f"{u.name}_{axis} = 0" for u in self.system.unknowns)
            self.told.doubt(
                spot,
                f"{what} is not finite at the end {axis} = {self.system.axis(axis).end(side):g}.",
                f"Methods use its condition there; of a centre, around which all is even, that is {condition}.",
            )
            return

    def _even(self, condition: Condition) -> bool:
        """Whether it is that of a centre: u_r = 0 at r = 0."""
        jets = self.system.jets
        met = list(jets.among(condition.residual))
        return len(met) == 1 and sum(jets.meanings[met[0]][1]) == 1 and condition.residual.subs(met[0], 0) == 0

    def _sides(self) -> None:
        """Initial values that break a condition: the solution starts with a jump or a kink there."""
        for one in self.system.conditions:
            if one.kind == "open" or not self.system.time:
                continue
            broken = self._gap(one)
            if broken is not None:
                gap, name = broken
                self.broken = True
                given = self.system.initial.get(name)
                spot = given.spot if given else one.spot
                self.told.doubt(
                    spot,
                    f"The initial value of {name} breaks the condition “{one.text}” at {one.axis} = {self.system.axis(one.axis).end(one.side):g} by {gap:.3g}.",
                    "The solution starts with a jump there, which costs accuracy.",
                )

    def _gap(self, one: Condition) -> tuple[float, str] | None:
        system, jets = self.system, self.system.jets
        met = jets.among(one.residual)
        names = [jets.meanings[jet][0] for jet in met]
        names = [name if name in system.initial else jets.partners.get(name, name) for name in names]
        if any(name not in system.initial or system.initial[name].expression is None for name in names):
            return None
        places = places_at(system, system.axis(one.axis), one.side, ALONG)
        values = self.states.values([one.residual], places)
        gap = np.abs(np.asarray(evaluate(one.residual, values)))
        order = max(sum(jets.meanings[jet][1]) for jet in met)
        scale = self._size(names[0]) / system.axis(one.axis).length ** order
        worst = float(np.max(gap))
        return (worst, names[0]) if worst > max(system.output.accuracy, 1e-6) * max(scale, 1e-12) else None

    def _size(self, name: str) -> float:
        expression = self.system.initial[name].expression
        places = self.grid(expression, timed=False)
        array = np.abs(np.asarray(evaluate(expression, self.states.values([expression], places))))
        return float(np.max(array)) or 1.0

    def _closed(self) -> None:
        """Values of a periodic axis that differ at its two ends."""
        for one in (*self.system.initial.values(), *self.system.coefficients, *self.system.exact.values()):
            if one.expression is None:
                continue
            for axis in self.system.axes:
                if axis.name in self.system.periodic and (jump := self._jump(one, axis.name)) is not None:
                    self.told.doubt(
                        one.spot,
                        f"{one.name} jumps by {jump:.3g} where the periodic axis {axis.name} closes.",
                        "Choose the interval so that it closes, or other conditions.",
                    )

    def _jump(self, one: Given, name: str) -> float | None:
        axis = self.system.axis(name)
        ends = []
        for side in ("low", "high"):
            places = places_at(self.system, axis, side, ALONG)
            ends.append(np.asarray(evaluate(one.expression, self.states.values([one.expression], places))))
        places = self.grid(one.expression, timed=False)
        inner = np.abs(np.asarray(evaluate(one.expression, self.states.values([one.expression], places))))
        jump = float(np.max(np.abs(ends[1] - ends)))
        return jump if jump > max(self.system.output.accuracy, 1e-6) * float(np.max(inner)) else None


def basis_of(system: System, name: str, axis: str) -> str:
    """The basis in which a random field of that name is drawn along an axis (`families`): the one that suits its conditions."""
    if axis in system.periodic:
        return "periodic"
    field = system.jets.field(name)
    kinds = set()
    for side in ("low", "high"):
        here = [one for one in system.at(axis, side) if field.name.split(":")[0] in _names(system, one)]
        plain = [one for one in here if _plain(system, one, name)]
        kinds.add(plain[0].kind if plain else "")
    return {frozenset({"dirichlet"}): "sine", frozenset({"neumann"}): "cosine"}.get(frozenset(kinds), "longer")


def _names(system: System, one: Condition) -> Sequence[str]:
    return [system.jets.meanings[jet][0] for jet in system.jets.among(one.residual)]


def _plain(system: System, one: Condition, name: str) -> bool:
    """u = 0 or u_x = 0, which sines and cosines meet."""
    met = system.jets.among(one.residual)
    return len(met) == 1 and (one.residual / met[0]).is_number and one.kind in ("dirichlet", "neumann")


def families_fit(system: System, told: Findings) -> None:
    """Random initial values that meet no condition of their sides are doubtful."""
    for name, given in system.initial.items():
        if isinstance(given.value, Family) and name in {u.name for u in system.unknowns}:
            for axis in system.axes:
                kept = [c for c in system.conditions if c.axis == axis.name and name in _names(system, c)]
                if kept and basis_of(system, name, axis.name) == "longer":
                    told.doubt(
                        given.spot,
                        f"Draws of {name} will not meet the condition “{kept[0].text}” at the ends of {axis.name}.",
                        "Draws meet u = 0 at both ends, or u_x = 0 at both.",
                    )
