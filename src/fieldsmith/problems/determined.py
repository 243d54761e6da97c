"""Whether a steady problem, or what constraints ask beside an evolution, has one solution: none, or one and all that differ from it by something, are told."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fieldsmith.problems.balance import summed_up
from fieldsmith.problems.canonical import Canonical
from fieldsmith.problems.ends import places_at, rows_of
from fieldsmith.problems.faults import Findings, Spot
from fieldsmith.problems.growth import LARGEST
from fieldsmith.problems.intervals import SIDES, Wanted, solvable
from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import States, inside, quadrature, shifted
from fieldsmith.problems.symbol import Linearised, matrix
from fieldsmith.problems.system import System

POINTS = 5
NOTHING = 1e-12
SHORT_WAVES = 1e5
"""Waves along the shortest axis, for which the highest derivatives alone count."""
LATTICE = {1: 64, 2: 12, 3: 5}
"""Waves of a periodic axis that are looked at, by the number of axes."""


@dataclass
class Determined:
    """Checks of one system, told at its equations."""

    system: System
    form: Canonical
    linear: Linearised
    states: States
    told: Findings

    def all(self, wanted: Wanted | None) -> None:
        """`wanted` is the number of conditions of a steady problem on an interval."""
        free = self._constants()
        self._balanced(free)
        if not self.told.stopping and not self.system.timed and not self._nonlinear():
            if self.system.steady_line and wanted:
                self._line(wanted, free)
            elif len(self.system.periodic) == len(self.system.axes):
                self._waves(free)
            else:
                self._hyperbolic()

    def _hyperbolic(self) -> None:
        """Of one equation of second order with conditions at all sides, whether it is a wave equation: such a problem (Hadamard's) has no solution, or many, as the sides are long."""
        system, axes = self.system, self.system.axes
        held = all(system.at(axis.name, side) for axis in axes if axis.name not in system.periodic for side in SIDES)
        if len(system.fields) != 1 or not held or set(self.linear.across) != {2}:
            return
        number = SHORT_WAVES / min(axis.length for axis in axes)
        values = self.states.values(self.linear.expressions, inside(system, POINTS))
        for frozen in self.linear.frozen(values, POINTS):
            along = [matrix(frozen, 1, list(1j * number * row))[0][0, 0] for row in np.eye(len(axes))]
            if not min(np.real(along)) < 0.0 < max(np.real(along)):
                return
        self.told.doubt(
            system.laws[0].spot,
            "The equation is hyperbolic and has conditions at all sides, as an elliptic one has: there may be no solution, or many.",
            "If one of the coordinates is the time, call it t and give values at its beginning; else look at the signs of the second derivatives.",
        )

    def _nonlinear(self) -> bool:
        jets = self.system.jets
        conditions = rows_of(self.system, self.system.conditions)
        every = [*self.linear.expressions, *(partial(one, jet) for one in conditions for jet in jets.among(one))]
        return any(jets.among(slope) for slope in every)

    def _asked(self) -> list[str]:
        """The fields that are sought at a moment: all of a steady problem, those of constraints beside an evolution."""
        if not self.system.timed:
            return list(self.system.fields)
        partners = self.system.jets.partners
        return [part for name in self.form.constrained for part in ((name, partners[name]) if name in partners else (name,))]  # fmt: skip

    def _constants(self) -> list[str]:
        """Fields to which constants may be added: neither equations nor conditions see these."""
        system, asked = self.system, self._asked()
        if not asked:
            return []
        rows = [self._seen(system.residuals, asked, inside(system, POINTS))]
        for axis in system.axes:
            for side in SIDES if axis.name not in system.periodic else ():
                given = rows_of(system, system.at(axis.name, side))
                if any(one.kind == "open" for one in system.at(axis.name, side)):
                    return []
                rows.append(self._seen(given, asked, places_at(system, axis, side, POINTS)))
        table = np.concatenate(rows)
        if not np.isfinite(table).all():
            return []
        table = table / np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-300)
        if table.shape[0] < len(asked):
            table = np.concatenate([table, np.zeros((len(asked), len(asked)))])
        _, singular, right = np.linalg.svd(table)
        kernel = right[singular < NOTHING * max(singular[0], 1.0)]
        free = [name for name, size in zip(asked, np.abs(kernel).max(axis=0, initial=0.0), strict=True) if size > 1e-6]
        alone = [name for name in free if not table[:, asked.index(name)].any()]
        own = {unknown.name for unknown in system.unknowns}
        for name in alone:
            if name in own:
                self._constant(name)
                self._exact(name)
        joint = [name for name in free if name not in alone and name in own]
        if joint:
            what = f"{', '.join(joint)} are determined but for constants that may be added to them together."
            self.told.doubt(self._spot(joint), what, f"Hold {joint[0]} itself at an end.")
        return free

    def _seen(self, residuals: Sequence[object], asked: Sequence[str], places: dict[str, np.ndarray]) -> np.ndarray:
        """What constants do to residuals at places, with given values and with others: [row, field]."""
        system, jets = self.system, self.system.jets
        slopes = [[partial(one, jets.field(name)) for name in asked] for one in residuals]
        base = self.states.values([slope for row in slopes for slope in row], places)
        count = next(iter(places.values())).size
        found = [np.zeros((0, len(asked)), complex)]
        for share in (0.0, 0.23):
            values = shifted(system, base, share) if share else base
            for row in slopes:
                columns = [np.broadcast_to(np.asarray(evaluate(slope, values), complex), (count,)) for slope in row]
                found.append(np.stack(columns, axis=-1))
        return np.concatenate(found)

    def _spot(self, names: Sequence[str]) -> Spot:
        jets = self.system.jets
        return next(
            (law.spot for law in self.system.laws if any(jets.meanings[jet][0] in names for jet in jets.among(law.residual))),
            Spot(),
        )  # fmt: skip

    def _constant(self, name: str) -> None:
        system = self.system
        met = [system.jets.meanings[jet][1] for law in system.laws for jet in system.jets.among(law.residual) if system.jets.meanings[jet][0] == name]  # fmt: skip
        what = f"{name} is determined but for a constant; its mean is taken as 0."
        if system.timed or max(map(sum, met), default=0) < 2:  # a pressure, a stream function
            self.told.note(self._spot([name]), what)
            return
        mend = f"To have another, give {name} itself at an end of an axis"
        mend += "." if len(system.periodic) < len(system.axes) else ", or add to it afterwards."
        self.told.doubt(self._spot([name]), what, mend)

    def _exact(self, name: str) -> None:
        """Its exact solution is what programs are compared with, and is to have the mean that they take."""
        given = self.system.exact.get(name)
        if given is None:
            return
        places, weights = quadrature(self.system)
        values = np.asarray(evaluate(given.expression, self.states.values([given.expression], places)))
        mean = complex((values * weights).sum() / weights.sum())
        if abs(mean) > self.system.output.accuracy * np.abs(values).max():
            words = f"{mean.real if not mean.imag else mean:.3g}"
            what = f"The exact solution of {name} has the mean {words}; answers of programs have the mean 0."
            self.told.doubt(given.spot, what, "Take its mean from it.")

    def _balanced(self, free: Sequence[str]) -> None:
        system, asked = self.system, self._asked()
        jets = system.jets
        for law in self.form.constraints:
            held = {jets.meanings[jet][0] for jet in jets.among(law.residual)}
            sought = asked if held & set(asked) else list(system.fields)
            found = summed_up(system, law, self.states, sought)
            if found is None:
                continue
            value = found.value.real if not found.value.imag else found.value
            names = ", ".join(name for name in sought if name in held)
            if len(system.periodic) == len(system.axes):
                volume = np.prod([axis.length for axis in system.axes])
                what = f"No {names} satisfies the equation: derivatives of {names} have the mean 0 over periodic axes, the rest has {-value / volume:.3g}."
                self.told.fault(law.spot, what, "Take its mean from it.")
                continue
            if evolving := sorted(held - set(sought)) if system.timed else []:
                # A lid that starts at once: what evolves has no condition of its own and takes what the conditions of the others leave to it.
                what = f"As {', '.join(evolving)} starts, no {names} satisfies the equation and the conditions: over the domain the equation sums up to {value:.3g} and not to 0."
                self.told.doubt(law.spot, what, "Unless it starts at once, let both balance from the start.")
                continue
            what = f"No {names} satisfies the equation and the conditions: over the domain the equation sums up to {value:.3g}, as the conditions say what passes every end, and not to 0."
            mend = "Change the source or what passes the ends until both balance, or leave an end where " + (
                f"{free[0]} itself is given." if free else "what passes is left free."
            )
            self.told.fault(law.spot, what, mend)

    def _line(self, wanted: Wanted, free: Sequence[str]) -> None:
        """What a rough solution shows beyond constants."""
        found = solvable(self.system, self.linear, self.states, wanted.most)
        spot = self.system.laws[0].spot
        if found is None or not found.free:
            return
        if found.solved is False:
            what = "The problem has no solution: with 0 on the right it has one other than 0, and what is on the right is not orthogonal to that of the adjoint problem."
            self.told.fault(spot, what, "Other conditions, or another length or parameter, make it solvable.")
        elif found.free > len(free):
            what = "The conditions do not determine the solution: with 0 on the right the problem has one other than 0, of which any multiple may be added."
            self.told.doubt(spot, what, "Do two conditions say the same, or is the problem at a resonance?")

    def _waves(self, free: Sequence[str]) -> None:
        """On periodic axes with constant factors: a wave that fits into the domain and that the equations do not see."""
        system = self.system
        size = len(system.fields)
        if size > LARGEST:
            return
        values = self.states.values(self.linear.expressions, inside(system, POINTS))
        points = self.linear.frozen(values, POINTS)
        if len(points) < POINTS or any(one != points[0] for one in points):
            return
        most = LATTICE[len(system.axes)]
        for numbers in itertools.product(range(-most, most + 1), repeat=len(system.axes)):
            if numbers <= (0,) * len(numbers):  # a wave and its opposite are one; constants are told of elsewhere
                continue
            waves = [2j * np.pi * n / axis.length for n, axis in zip(numbers, system.axes, strict=True)]
            whole, bounds = matrix(points[0], size, waves)
            scale = np.maximum(bounds.max(axis=1), 1e-300)
            singular = np.linalg.svd(whole / scale[:, None], compute_uv=False)
            if singular[-1] < 1e-10 * max(singular[0], 1e-300):
                shape = ", ".join(f"{abs(n)} along {axis.name}" for n, axis in zip(numbers, system.axes, strict=True))
                what = f"The solution is determined but for waves that fit the periodic axes and the equations do not see ({shape}), of which the source must hold none."
                self.told.doubt(system.laws[0].spot, what, "Is the problem at a resonance? Another length or parameter determines it.")  # fmt: skip
                return
