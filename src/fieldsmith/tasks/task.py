"""The words of this room: what is asked of an author, and the cases a program is judged on.

A `Task` is a problem with parameters, a scale and data. Authors see only its `Brief`, the public face; the
references in its cases stay in the host process.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from fieldsmith.equations.equation import Equation

SplitName = Literal["dev", "test"]
Progress = Callable[[str, float], None]
"""Told what is being made and the share done, 0 to 1."""


@dataclass(frozen=True)
class Argument:
    """One argument of the asked function.

    `role` says what it carries: the initial values of unknown `of`, the output times, the value of parameter
    `of`, or the samples of coefficient field `of`. `axes` names its dimensions, () for a scalar.
    """

    name: str
    role: Literal["initial", "times", "parameter", "coefficient"]
    of: str
    axes: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Result:
    """One returned array: the solution of unknown `of`, dimensions named by `axes`."""

    name: str
    of: str
    axes: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Signature:
    """The function to write. Several results are returned as a tuple in this order; all arrays are float64."""

    function: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]

    def sizes(self, inputs: Mapping[str, np.ndarray | float]) -> dict[str, int]:
        """Lengths of the named axes in these inputs."""
        sizes: dict[str, int] = {}
        for argument in self.arguments:
            sizes.update(zip(argument.axes, np.shape(inputs[argument.name]), strict=True))
        return sizes

    def shapes(self, inputs: Mapping[str, np.ndarray | float]) -> dict[str, tuple[int, ...]]:
        """Shape of each result for these inputs, the sizes of named axes taken from the input arrays."""
        sizes = self.sizes(inputs)
        return {result.name: tuple(sizes[axis] for axis in result.axes) for result in self.results}


@dataclass(frozen=True)
class Case:
    """One call of the function: named inputs, and what they are judged against.

    `reference` holds one array a result; `reference_error` is its estimated relative error; `floor` is the
    nRMSE the trusted method reaches from `inputs` alone. `smooth` marks the samples [batch] whose initial
    fields have no kinks or windows. `resolution` is the number of intervals along the first space axis: its length
    over the spacing of the points.
    """

    name: str
    inputs: Mapping[str, np.ndarray | float]
    reference: Mapping[str, np.ndarray]
    reference_error: float
    floor: float | None = None
    smooth: np.ndarray | None = None
    resolution: int = 0


@dataclass(frozen=True)
class Brief:
    """A task's public face: everything an author may know, and nothing it may not.

    `statement` is Markdown that stands alone, `problem` its part on equation, domain and conditions. `stub` is the Python
    source of the function with its docstring and no body. `sizes` gives the axes' lengths at the scored scale, `span` the first and last output time
    (None when steady), `time_limit` the seconds and `memory_mb` the memory a call may take, `libraries` what the sandbox
    can import, `floor` the nRMSE that the trusted method reaches on the dev split from the same inputs.
    """

    title: str
    statement: str
    stub: str
    signature: Signature
    equation: Equation
    parameters: Mapping[str, float]
    sizes: Mapping[str, int]
    span: tuple[float, float] | None
    time_limit: float
    memory_mb: int = 4096
    libraries: tuple[str, ...] = ()
    floor: float | None = None
    problem: str = ""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a task: its default, the range that is accepted, what it means."""

    default: float
    low: float
    high: float
    meaning: str


class Task(ABC):
    """A problem: a brief for authors, cases for the judge.

    Subclasses state the equation and its trusted solver; `fieldsmith.tasks.load(name, ...)` makes one by name.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    known_parameters: ClassVar[Mapping[str, Parameter]]

    parameters: Mapping[str, float]
    scale: str

    def __repr__(self) -> str:
        values = "".join(f", {name}={value:g}" for name, value in self.parameters.items())
        return f"<Task {self.name}{values}, {self.scale} scale>"

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """SHA-256 over everything that determines the data: task, parameters, scale, generator version or file."""

    @abstractmethod
    def brief(self, libraries: Sequence[str] = (), time_limit: float | None = None) -> Brief:
        """The public face; `libraries` come from the sandbox that will run the programs."""

    @abstractmethod
    def split(self, name: SplitName, progress: Progress | None = None) -> tuple[Case, ...]:
        """The cases of a split, generated on first use and cached; batches of different splits are disjoint."""

    @abstractmethod
    def refinement(self) -> tuple[Case, ...]:
        """Smooth data at three or more resolutions, coarse to fine, for the empirical order of convergence."""

    def conserved(self, outputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Totals [batch, time] that the exact solution keeps constant, by name; empty where nothing is conserved.

        Each is divided by a scale of its own at time 0 (such as the integral of the absolute value), so that a
        change of 1e-3 means a thousandth of what is there even where the total itself is zero.
        """
        return {}


@dataclass(frozen=True)
class Picture:
    """What a report draws of one sample of one result: solution, and where there is one the reference at the same places.

    `axes` names what is drawn along: two for a map [rows, columns], three for a map that changes along the first
    [frames, rows, columns]. With one the arrays are lines [component, points], with none numbers [component], and
    `components` names them. `extent` gives the ends of each axis in turn, `places` where the values along each lie.
    `note` says what the axes do not: where a field of more dimensions was cut, or, with an empty solution, why nothing is drawn.
    """

    field: str
    sample: int
    solution: np.ndarray
    reference: np.ndarray | None
    axes: tuple[str, ...]
    extent: tuple[float, ...] = ()
    places: tuple[np.ndarray, ...] = ()
    components: tuple[str, ...] = ()
    split: str = "test"
    note: str = ""
