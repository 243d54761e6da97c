"""How a task's call reads as arrays of channels, and what becomes of a network's channels.

Inputs are [batch, channels, *space]: the fields that are given, then scalar arguments as constant fields, then, along axes where places are told apart, the
place itself from 0 to 1. Solutions are [batch, frames, channels, *space], a channel a result; the first frame, which is given, is left out. A steady solution is one frame.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import sympy as sp
from scipy.interpolate import CubicSpline

from fieldsmith.equations.equation import Equation
from fieldsmith.equations.expressions import holds, parsed
from fieldsmith.errors import InputError
from fieldsmith.tasks.pde import PDETask
from fieldsmith.tasks.task import Task

Inputs = Mapping[str, np.ndarray | float]
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


@dataclass(frozen=True)
class Layout:
    """What is read off a task's signature, equation and times once; all that a stored operator must know of it.

    `fields` and `scalars` name arguments, `results` the returned arrays; `starts` gives for each result of a timed task the argument that is its
    first frame. `times` are those of training, empty where the task is steady.
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

    @classmethod
    def of(cls, task: Task) -> "Layout":
        """Raises InputError for a task whose call is none of this kind."""
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
            Side(axis.name, axis.periodic, axis.nodes == "endpoints", not axis.periodic or _moving(axis.name, equation))
            for axis in equation.axes
        )
        arguments = tuple(a.name for a in signature.arguments)
        results = tuple(one.name for one in signature.results)
        starts = tuple(given[one.of] for one in signature.results) if timed else ()
        times: tuple[float, ...] = ()
        if timed:
            known = task.times() if isinstance(task, PDETask) else np.asarray(task.split("dev")[0].inputs[clock])
            times = tuple(map(float, known))
        return cls(task.name, signature.function, arguments, sides, fields, scalars, results, starts, clock, times)

    @property
    def timed(self) -> bool:
        return bool(self.times)

    @property
    def frames(self) -> int:
        """That a network gives: all but the first of a timed task."""
        return len(self.times) - 1 if self.timed else 1

    @property
    def dimensions(self) -> int:
        return len(self.axes)

    @property
    def channels(self) -> int:
        """Of inputs."""
        return len(self.fields) + len(self.scalars) + sum(axis.placed for axis in self.axes)

    @property
    def state(self) -> list[int]:
        """Channels of inputs that hold the first frame, in the order of the results."""
        return [self.fields.index(name) for name in self.starts]

    def encoded(self, inputs: Inputs) -> np.ndarray:
        """Arguments as [batch, channels, *space], single precision."""
        fields = [np.asarray(inputs[name], np.float32) for name in self.fields]
        if not fields:
            raise InputError(f"{self.task} is given no field.", "An operator needs one.")
        shape = fields[0].shape
        numbers = [np.broadcast_to(np.float32(inputs[name]), shape) for name in self.scalars]
        places = []
        for n, axis in enumerate(self.axes):
            if axis.placed:
                points = shape[1 + n]
                along = np.linspace(0, 1, points) if axis.ends else (np.arange(points) + 0.5) / points
                column = along.astype(np.float32).reshape([-1 if k == n else 1 for k in range(self.dimensions)])
                places.append(np.broadcast_to(column, shape))
        return np.stack([*fields, *numbers, *places], axis=1)

    def solved(self, solutions: Mapping[str, np.ndarray]) -> np.ndarray:
        """Results as [batch, frames, channels, *space], single precision."""
        stacked = np.stack([np.asarray(solutions[name], np.float32) for name in self.results], axis=1)
        return np.moveaxis(stacked, 2, 1)[:, 1:] if self.timed else stacked[:, None]

    def decoded(self, frames: np.ndarray, inputs: Inputs) -> dict[str, np.ndarray]:
        """The results of a call from [batch, frames, channels, *space]: with the first frame as it was given, at the times that are asked for."""
        if not self.timed:
            return {name: frames[:, 0, n].astype(float) for n, name in enumerate(self.results)}
        asked = np.asarray(inputs[self.clock], float)
        found = {}
        for n, name in enumerate(self.results):
            first = np.asarray(inputs[self.starts[n]], float)[:, None]
            found[name] = self._at(np.concatenate([first, frames[:, :, n].astype(float)], axis=1), asked)
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
    """Whether the equation changes along a coordinate by itself, not only through what it is solved for or given."""
    names = (*equation.unknowns, *equation.parameters, *equation.constants, *equation.coefficients, "t")
    coordinates = {axis.name: sp.Symbol(axis.name) for axis in equation.axes}
    scope = {one: sp.Symbol(one) for one in names} | coordinates
    read = [parsed(balance.rhs, scope, list(coordinates.values())) for balance in equation.balances]
    return any(holds(one, coordinates[name]) for one in read)
