"""How a task's call reads as arrays of channels, and what becomes of a network's channels.

Inputs are [batch, channels, *space]: the fields that are given, then scalar arguments as constant fields, then, along axes where places are told apart, the
place itself from 0 to 1. Solutions are [batch, frames, channels, *space], a channel a result; the first frame, which is given, is left out, unless a result has no
initial value (a pressure, a stream function). A steady solution is one frame.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import sympy as sp
from scipy.interpolate import CubicSpline

from fieldsmith.boxes.form import FUNCTION, TIMES, Form
from fieldsmith.boxes.samples import asked_times
from fieldsmith.equations.equation import Equation
from fieldsmith.equations.expressions import holds, parsed
from fieldsmith.errors import InputError
from fieldsmith.tasks.pde import PDETask
from fieldsmith.tasks.task import Task

Inputs = Mapping[str, np.ndarray | float]
UNEVEN = 1e-6
"""Share of a spacing by which points may be uneven."""
CLOSE = 1e-9
"""Share of the span within which two times are the same."""


@dataclass(frozen=True)
class Side:
    """An axis of space: whether its ends meet, and whether both of them are among its points."""

    name: str
    periodic: bool
    ends: bool
    placed: bool
    """Whether a network is told the place along it: not where the equation is the same everywhere and has no ends."""
    offset: float = 0.5
    """Where the first of points without ends lies, in spacings."""


@dataclass(frozen=True)
class Layout:
    """What is read off a task's signature, equation and times once; all that a stored operator must know of it.

    `fields` and `scalars` name arguments, `results` the returned arrays; `starts` gives for each result of a timed task the argument that is its
    first frame, empty where there is none. `times` are those of training, empty where the task is steady. Where a frame does not follow from the one before alone,
    `one_shot` says why, a sentence's second half. Results of a steady problem to which no field is given have no batch.
    """

    task: str
    function: str
    arguments: tuple[str, ...]
    axes: tuple[Side, ...]
    fields: tuple[str, ...]
    scalars: tuple[str, ...]
    results: tuple[str, ...]
    starts: tuple[str, ...]
    clock: str
    times: tuple[float, ...]
    one_shot: str = ""
    batched: bool = True

    @classmethod
    def of(cls, task: Task) -> "Layout":
        """Raises InputError for a task whose call is none of this kind."""
        if task.form is not None:
            return cls._of_problem(task.name, task.form)
        brief = task.brief()
        signature, equation = brief.signature, brief.equation
        if equation is None or not equation.axes:
            raise InputError(f"{task.name} is not stated as an equation on fields.", "Operators map fields to fields.")
        if len(equation.axes) > 2:
            raise InputError(f"{task.name} has {len(equation.axes)} axes.", "Operators here are for one or two.")
        space = tuple(axis.name for axis in equation.axes)
        timed = not equation.steady
        wanted = ("batch", *(("time",) if timed else ()), *space)
        for one in signature.results:
            if one.axes != wanted:
                raise InputError(
                    f"The result {one.name} of {task.name} has axes {one.axes}.", f"Operators give {wanted}."
                )
        given = {a.of: a.name for a in signature.arguments if a.role == "initial"}
        clock = next((a.name for a in signature.arguments if a.role == "times"), "")
        fields = tuple(a.name for a in signature.arguments if a.axes == ("batch", *space))
        scalars = tuple(a.name for a in signature.arguments if a.axes == ())
        told = {*fields, *scalars, clock} | {a.name for a in signature.arguments if a.role == "points"}
        if strange := [a.name for a in signature.arguments if a.name not in told]:
            raise InputError(f"The argument {strange[0]} of {task.name} is neither a field nor a number.", "")
        sides = tuple(
            Side(
                axis.name,
                axis.periodic,
                axis.nodes == "endpoints",
                not axis.periodic or _moving(axis.name, equation),
                0.0 if axis.nodes == "left_edges" else 0.5,
            )
            for axis in equation.axes
        )
        arguments = tuple(a.name for a in signature.arguments)
        results = tuple(one.name for one in signature.results)
        starts = tuple(given[one.of] for one in signature.results) if timed else ()
        times: tuple[float, ...] = ()
        if timed:
            known = task.times() if isinstance(task, PDETask) else np.asarray(task.split("dev")[0].inputs[clock])
            times = tuple(map(float, known))
        one_shot = "it changes in t by itself" if timed and _moving("t", equation) else ""
        return cls(task.name, signature.function, arguments, sides, fields, scalars, results, starts, clock, times, one_shot)  # fmt: skip

    @classmethod
    def _of_problem(cls, name: str, form: Form) -> "Layout":
        """Of a problem of one's own, at the points and times that it asks for."""
        system = form.system
        if len(form.space) > 2:
            raise InputError(f"{name} has {len(form.space)} axes of space.", "Operators here are for one or two.")
        fields = tuple(one.name for one in form.inputs if one.role in ("initial", "coefficient"))
        scalars = tuple(one.name for one in form.inputs if one.role == "parameter")
        changing = _changing(form)
        sides = tuple(
            Side(one, one in system.periodic, one not in system.periodic, not fields or one not in system.periodic or one in changing, 0.0)
            for one in form.space
        )  # fmt: skip
        starts = {(one.of, one.part): one.name for one in form.inputs if one.role == "initial"}
        return cls(
            name, FUNCTION, tuple(one.name for one in form.inputs), sides, fields, scalars, tuple(one.name for one in form.results),
            tuple(starts.get((one.of, one.part), "") for one in form.results) if form.timed else (), TIMES if form.timed else "", asked_times(form),
            _why_one_shot(form), form.batched,
        )  # fmt: skip

    @property
    def timed(self) -> bool:
        return bool(self.times)

    @property
    def frames(self) -> int:
        """That a network gives: all but the first of a timed task, or all where not every result has an initial value."""
        return len(self.times) - (not self.begins) if self.timed else 1

    @property
    def begins(self) -> bool:
        """Whether the first frame is among those that a network gives."""
        return "" in self.starts

    @property
    def dimensions(self) -> int:
        return len(self.axes)

    @property
    def channels(self) -> int:
        """Of inputs."""
        return len(self.fields) + len(self.scalars) + sum(axis.placed for axis in self.axes)

    @property
    def firsts(self) -> list[int | None]:
        """For each result the channel of inputs that holds its first frame; None where it has no initial value."""
        return [self.fields.index(name) if name else None for name in self.starts]

    @property
    def follows(self) -> bool:
        """Whether each frame follows from the one before alone, whenever that is: what is a flow."""
        return self.timed and not self.begins and not self.one_shot

    @property
    def state(self) -> list[int]:
        """Channels of inputs that hold a first frame, in the order of the results."""
        return [channel for channel in self.firsts if channel is not None]

    def encoded(self, inputs: Inputs) -> np.ndarray:
        """Arguments as [batch, channels, *space], single precision. Raises InputError for points that are not even."""
        for axis in self.axes:
            gaps = np.diff(np.asarray(inputs.get(axis.name, ()), float))
            if len(gaps) and np.ptp(gaps) > UNEVEN * gaps.max():
                raise InputError(f"The points along {axis.name} are not evenly spread.", "Operators need them so.")
        fields = [np.asarray(inputs[name], np.float32) for name in self.fields]
        single = [np.asarray(inputs[name], np.float32).reshape(-1, *[1] * self.dimensions) for name in self.scalars]
        if not fields and not single:
            raise InputError(f"{self.task} is given neither a field nor a number.", "An operator needs one.")
        shape = fields[0].shape if fields else (max(map(len, single)), *(len(np.asarray(inputs[axis.name])) for axis in self.axes))  # fmt: skip
        numbers = [np.broadcast_to(one, shape) for one in single]
        places = []
        for n, axis in enumerate(self.axes):
            if axis.placed:
                points = shape[1 + n]
                along = np.linspace(0, 1, points) if axis.ends else (np.arange(points) + axis.offset) / points
                column = along.astype(np.float32).reshape([-1 if k == n else 1 for k in range(self.dimensions)])
                places.append(np.broadcast_to(column, shape))
        return np.stack([*fields, *numbers, *places], axis=1)

    def solved(self, solutions: Mapping[str, np.ndarray]) -> np.ndarray:
        """Results, [batch, ...] each, as [batch, frames, channels, *space], single precision."""
        stacked = np.stack([np.asarray(solutions[name], np.float32) for name in self.results], axis=1)
        return np.moveaxis(stacked, 2, 1)[:, not self.begins :] if self.timed else stacked[:, None]

    def decoded(self, frames: np.ndarray, inputs: Inputs) -> dict[str, np.ndarray]:
        """The results of a call from [batch, frames, channels, *space]: with the first frame as it was given, at the times that are asked for."""
        if not self.timed:
            steady = {name: frames[:, 0, n].astype(float) for n, name in enumerate(self.results)}
            return steady if self.batched else {name: values[0] for name, values in steady.items()}
        asked = np.asarray(inputs[self.clock], float)
        found = {}
        for n, name in enumerate(self.results):
            known = frames[:, :, n].astype(float)
            if self.starts[n]:
                first = np.asarray(inputs[self.starts[n]], float)[:, None]
                known = np.concatenate([first, known[:, self.begins :]], axis=1)
            found[name] = self._at(known, asked)
        return found

    def _at(self, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Frames [batch, time, *space] at other times of the span, by cubic splines."""
        known = np.asarray(self.times)
        near = CLOSE * (known[-1] - known[0])
        if len(asked) == len(known) and np.allclose(asked, known, rtol=0, atol=near):
            return values
        if asked[0] < known[0] - near or asked[-1] > known[-1] + near:
            raise InputError(
                f"Times from {asked[0]:g} to {asked[-1]:g} are asked of an operator that was trained from {known[0]:g} to {known[-1]:g}.",
                "Train another for these times.",
            )
        return CubicSpline(known, values, axis=1)(asked)

    def asdict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Layout":
        """What `asdict` gave."""
        plain = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
        return cls(**{**plain, "axes": tuple(Side(**one) for one in stored["axes"])})


def _moving(name: str, equation: Equation) -> bool:
    """Whether the equation changes along a coordinate, or in time, by itself, not only through what it is solved for or given."""
    names = (*equation.unknowns, *equation.parameters, *equation.constants, *equation.coefficients, "t")
    coordinates = {axis.name: sp.Symbol(axis.name) for axis in equation.axes}
    scope = {one: sp.Symbol(one) for one in names} | coordinates
    read = [parsed(balance.rhs, scope, list(coordinates.values())) for balance in equation.balances]
    return any(holds(one, scope[name]) for one in read)


def _changing(form: Form) -> set[str]:
    """Coordinates along which equations, conditions or given expressions change by themselves."""
    system = form.system
    given = [one.expression for one in system.coefficients if one.expression is not None]
    read = [law.residual for law in system.laws] + [one.residual for one in system.conditions] + given
    free = set().union(*(sp.sympify(one).free_symbols for one in read))
    return {name for name in system.coordinates if system.symbols[name] in free}


def _why_one_shot(form: Form) -> str:
    """Why a frame does not follow from the one before alone, if it does not."""
    if not form.timed or form.system.time is None:
        return ""
    if form.system.time.name in _changing(form):
        return f"it changes in {form.system.time.name} by itself"
    if rates := [name for name, order in form.state if order]:
        return f"the rate of {rates[0]} is none of its results"
    if form.canonical.constrained:
        return f"{form.canonical.constrained[0]} has no initial value"
    return ""
