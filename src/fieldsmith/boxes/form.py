"""A problem as a method reads it: its mathematics, what the asked function is given, and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from fieldsmith.boxes.narrow import Narrow, narrow, stops
from fieldsmith.problems.canonical import Canonical
from fieldsmith.problems.examine import Seen
from fieldsmith.problems.problem import Problem
from fieldsmith.problems.system import Given, Parameter, System

Role = Literal["initial", "coefficient", "points", "times", "parameter"]
Part = Literal["", "real", "imag"]
FUNCTION, TIMES, BATCH, FRAMES = "solver", "t_coordinate", "batch", "time"


@dataclass(frozen=True)
class Input:
    """One argument. `of` is what it carries: the initial value (`u`, or `u_t` for a rate), coefficient, coordinate or parameter of that
    name in the problem; `part` tells real and imaginary parts of a complex one. `axes` names its dimensions, () for a number."""

    name: str
    role: Role
    of: str
    axes: tuple[str, ...]
    meaning: str
    part: Part = ""


@dataclass(frozen=True)
class Returned:
    """One returned array: an unknown, or a part of a complex one."""

    name: str
    of: str
    axes: tuple[str, ...]
    meaning: str
    part: Part = ""


@dataclass(frozen=True)
class Form:
    """A problem with the call that is asked for.

        solver(initial values…, sampled coefficients…, points of every axis…, t_coordinate, parameters with a range…) -> unknowns…

    Initial values and solutions have a batch first, [batch, x, y] and [batch, time, x, y]; a steady problem without sampled coefficients has
    none, [x, y]. Where an initial value or a coefficient is an expression, a program may take it as such in place of the
    samples; expressions of coefficients are no arguments. The points of an axis may lie anywhere in it, in ascending order, and the output times in
    the time's interval, the first at its lower end. What has no range is a constant of the program.
    """

    problem: Problem

    @property
    def seen(self) -> Seen:
        return self.problem.seen

    @property
    def system(self) -> System:
        return self.problem.system

    @property
    def canonical(self) -> Canonical:
        assert self.seen.form is not None  # a problem without one is refused
        return self.seen.form

    @property
    def timed(self) -> bool:
        return self.system.timed

    @property
    def space(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.system.axes)

    @cached_property
    def ranged(self) -> tuple[Parameter, ...]:
        """Parameters that are arguments."""
        return tuple(p for p in self.system.parameters if p.low is not None or p.high is not None)

    @cached_property
    def fixed(self) -> Mapping[str, float]:
        """Values of those that are not."""
        return {p.name: p.value for p in self.system.parameters if p not in self.ranged}

    @cached_property
    def state(self) -> tuple[tuple[str, int], ...]:
        """What evolves and so has initial values: unknowns, each with 0 and, if of second order in time, 1."""
        orders = self.canonical.orders
        return tuple((u.name, n) for u in self.system.unknowns for n in range(orders.get(u.name, 0)))

    @cached_property
    def sampled(self) -> tuple[Given, ...]:
        """Coefficients that are given by samples: drawn from families or read from files."""
        return tuple(one for one in self.system.coefficients if one.expression is None)

    @property
    def batched(self) -> bool:
        return bool(self.state or self.sampled)

    @cached_property
    def stops(self) -> tuple[float, ...]:
        """Times that programs step to beside those that are asked for: through what is short in time, to both sides of jumps."""
        return stops(self.system)

    @cached_property
    def narrow(self) -> Narrow:
        """What is narrow in space in the data."""
        return narrow(self.system)

    def initial_key(self, name: str, order: int) -> str:
        """The name of a state's initial value in the problem."""
        return f"{name}_{self.system.time.name}" if order and self.system.time else name

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        system, found = self.system, list[Input]()
        taken = {FUNCTION, TIMES, *self.space, *(p.name for p in self.ranged)}
        meanings = {u.name: u for u in system.unknowns}
        batch = (BATCH, *self.space)
        for name, order in self.state:
            key, unknown = self.initial_key(name, order), meanings[name]
            said = f"{unknown.meaning or name}, {'initial rate' if order else 'initial values'}"
            for part in self._parts(unknown.complex):
                words = f"{said}, {_PARTS[part]}" if part else said
                found.append(Input(_free(f"{key}0{part and '_' + part}", taken), "initial", key, batch, words, part))
        for one in self.sampled:
            found.append(Input(_free(one.name, taken), "coefficient", one.name, batch, "coefficient at the points"))
        for axis in system.axes:
            words = f"{axis.meaning or f'points along {axis.name}'}, ascending, {axis.low:g} to {axis.high:g}"
            found.append(Input(axis.name, "points", axis.name, (axis.name,), words))
        if system.time:
            words = f"output times, ascending, the first is {system.time.low:g}"
            found.append(Input(TIMES, "times", system.time.name, (FRAMES,), words))
        for p in self.ranged:
            found.append(Input(p.name, "parameter", p.name, (), p.meaning or "parameter"))
        return tuple(found)

    @cached_property
    def results(self) -> tuple[Returned, ...]:
        axes = (*((BATCH,) * self.batched), *((FRAMES,) * self.timed), *self.space)
        when = "at every output time, initial frame included" if self.timed else "at the points"
        return tuple(
            Returned(
                f"{u.name}{part and '_' + part}", u.name, axes,
                ", ".join(filter(None, (u.meaning, part and _PARTS[part], when))), part,
            )
            for u in self.system.unknowns for part in self._parts(u.complex)
        )  # fmt: skip

    def _parts(self, complex_: bool) -> tuple[Part, ...]:
        return ("real", "imag") if complex_ else ("",)


_PARTS = {"real": "real part", "imag": "imaginary part"}


def _free(name: str, taken: set[str]) -> str:
    """The name, with underscores where it stands for something else already; taken from now on."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
