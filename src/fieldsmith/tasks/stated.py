"""What is known of a task that is stated as an equation: its sizes, grid, signature, random initial fields and inputs."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from fieldsmith.equations.equation import Axis, Equation
from fieldsmith.errors import InputError
from fieldsmith.tasks.random_fields import random_fields
from fieldsmith.tasks.statement import signature_of
from fieldsmith.tasks.task import Signature, Task

SAMPLES = {"dev": 8, "test": 8}


class StatedTask(Task):
    """All of it follows from the equation and the sizes unless the task has its own."""

    sizes: ClassVar[Mapping[str, int]] = {}
    """Lengths of the axes (`time` and the equation's own), and the samples of `dev` and `test`; 8 of each if not given."""
    sizes_by_scale: ClassVar[Mapping[str, Mapping[str, int]]] = {}
    """The same for each scale, in place of `sizes`, where there are several."""
    span: ClassVar[tuple[float, float] | None] = None
    """First and last output time; None for a steady problem."""
    meanings: ClassVar[Mapping[str, str]] = {}
    """What unknowns, coefficients and parameters are, for the signature; of parameters what `known_parameters` says if not given."""

    @classmethod
    def scales(cls) -> tuple[str, ...]:
        return tuple(cls.sizes_by_scale) or ("demo",)

    @classmethod
    def sizes_at(cls, scale: str) -> Mapping[str, int]:
        """Axis lengths and sample counts at a scale, or at the only one there is."""
        return {
            **SAMPLES,
            **(cls.sizes_by_scale.get(scale) or cls.sizes or next(iter(cls.sizes_by_scale.values()), {})),
        }

    @property
    @abstractmethod
    def equation(self) -> Equation: ...

    @property
    def signature(self) -> Signature:
        """`solver(u0, ..., t_coordinate, parameters...)`, arrays [batch, time, axes...], in the equation's order."""
        return signature_of(self.equation, {**self._parameter_meanings(), **self.meanings})

    def _parameter_meanings(self) -> Mapping[str, str]:
        """What `known_parameters` says of them, unless the function receives other values than were given."""
        if type(self).argument_values is not StatedTask.argument_values:
            return {}
        known = self.known_parameters
        return {name: known[name].meaning for name in self.equation.parameters if name in known and known[name].meaning}

    def argument_values(self) -> Mapping[str, float]:
        """Values of the equation's parameters as the function receives them."""
        return dict(self.parameters)

    @abstractmethod
    def times(self) -> np.ndarray:
        """Output times, the first is 0."""

    def initial_fields(self, rng: np.random.Generator, count: int, smooth: bool) -> Any:
        """A batch of random data, functions of space; has `take(slice)` and, if they are of several kinds, `kinds` [batch]."""
        return random_fields(rng, count, len(self._given()), len(self.equation.axes))

    def inputs(self, fields: Any, points: int) -> dict[str, np.ndarray | float]:
        """The function's arguments for these fields sampled on `points` points along the first axis."""
        values: dict[str, Any] = {**self.argument_values(), **self.equation.constants}
        given, names = self.initial_values(fields, points), self._given()
        if len(given) != len(names):
            raise InputError(
                f"{type(self).__name__}.initial_values gives {len(given)} fields; the equation has {len(names)}.",
                f"Give {', '.join(names)}, stacked [fields, batch, *points].",
            )
        values |= dict(zip(names, given, strict=True))
        return {a.name: self.times() if a.role == "times" else values[a.of] for a in self.signature.arguments}

    def initial_values(self, fields: Any, points: int) -> np.ndarray:
        """Initial values of the unknowns, then coefficients, [fields, batch, *points], between -1 and 1 or 0.5 and 1.5."""
        axes = self.equation.axes
        grid = zip(axes, self.coordinates(points), strict=True)
        values = fields(*((place - axis.low) / axis.length for axis, place in grid))
        positive = {*self.equation.positive, *self.equation.coefficients}
        for n, name in enumerate(self._given()):
            values[n] = 1.0 + 0.5 * values[n] if name in positive else values[n]
        return values

    def _given(self) -> tuple[str, ...]:
        """Names of the fields that a solver is given."""
        return (*(() if self.equation.steady else self.equation.unknowns), *self.equation.coefficients)

    def grid(self, points: int) -> tuple[int, ...]:
        """Points along every axis for so many along the first, in the proportions of the scale."""
        axes = self.equation.axes
        if not axes:
            return ()
        share = intervals_of(axes[0], points) / intervals_of(axes[0], self.scored_points())
        wanted = [round(share * intervals_of(axis, self.size_of(axis.name))) for axis in axes]
        return tuple(n + (axis.nodes == "endpoints") for n, axis in zip(wanted, axes, strict=True))

    def coordinates(self, points: int) -> tuple[np.ndarray, ...]:
        """Places along every axis, shaped so that they broadcast to the grid."""
        places = []
        for axis, n in zip(self.equation.axes, self.grid(points), strict=True):
            first, h = axis.grid(n)
            places.append(first + h * np.arange(n))
        return tuple(np.meshgrid(*places, indexing="ij", sparse=True))

    def intervals(self, arrays: Mapping[str, np.ndarray]) -> int:
        """Intervals along the first space axis of these results; 0 where there is none."""
        first = next(iter(self.equation.axes), None)
        for result in self.signature.results:
            if first is not None and first.name in result.axes:
                return intervals_of(first, arrays[result.name].shape[result.axes.index(first.name)])
        return 0

    def size_of(self, name: str) -> int:
        size = self.sizes_at(self.scale)
        if name not in size:
            raise InputError(f"The task {self.name} has no size for {name}.", "Name it in `sizes` or `sizes_by_scale`.")
        return size[name]

    def scored_points(self, share: float = 1.0) -> int:
        """Points along the first axis at the scored scale, or that share of its intervals; 0 without an axis."""
        axes = self.equation.axes
        if not axes:
            return 0
        points = self.size_of(axes[0].name)
        return points + round((share - 1.0) * intervals_of(axes[0], points))


def intervals_of(axis: Axis, points: int) -> int:
    """Intervals between that many points of an axis."""
    return points - 1 if axis.nodes == "endpoints" else points
