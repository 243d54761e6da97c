"""The words of this room: what is asked of an author, and the cases a program is judged on.

A `Task` is a problem with parameters, a scale and data. Authors see only its `Brief`, the public face; the
references in its cases stay in the host process.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from fieldsmith.equations.equation import Equation
from fieldsmith.errors import InputError
from fieldsmith.tasks.parameters import Parameter, checked

if TYPE_CHECKING:  # with SymPy, which those who ask for a task by name need not
    from fieldsmith.boxes.form import Form

SplitName = Literal["dev", "test"]
Progress = Callable[[str, float], None]
"""Told what is being made and the share done, 0 to 1."""


@dataclass(frozen=True)
class Argument:
    """One argument of the asked function.

    `role` says what it carries: the initial values of unknown `of`, the output times, the value of parameter
    `of`, the samples of coefficient field `of`, the points along axis `of`, or `data`, which belongs to no equation. `axes` names its dimensions,
    () for a scalar; a number such as "2" is a dimension of that length.
    """

    name: str
    role: Literal["initial", "times", "parameter", "coefficient", "points", "data"]
    of: str
    axes: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Result:
    """One returned array, dimensions named by `axes`, () for a scalar: the solution of unknown `of`, if of any."""

    name: str
    of: str
    axes: tuple[str, ...]
    meaning: str


def data(name: str, axes: tuple[str, ...], meaning: str) -> Argument:
    """An argument that belongs to no equation."""
    return Argument(name, "data", "", axes, meaning)


def result(name: str, axes: tuple[str, ...], meaning: str) -> Result:
    """A result that belongs to no equation."""
    return Result(name, "", axes, meaning)


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
        """Shape of each result for these inputs, the sizes of named axes taken from the input arrays.

        Raises InputError for an axis that no argument has.
        """
        sizes = self.sizes(inputs)

        def size(result: Result, axis: str) -> int:
            if axis not in sizes and not axis.isdecimal():
                raise unknown_axis(result, axis, sizes)
            return sizes[axis] if axis in sizes else int(axis)

        return {result.name: tuple(size(result, axis) for axis in result.axes) for result in self.results}

    @property
    def batched(self) -> bool:
        """Whether the first axis of every result is the batch of samples."""
        return all(result.axes[:1] == ("batch",) for result in self.results)


def unknown_axis(result: Result, axis: str, known: Iterable[str]) -> InputError:
    """Of a result with an axis whose length nothing tells."""
    named = ", ".join(sorted(name for name in known if not name.isdecimal())) or "none"
    return InputError(
        f"The result {result.name} has an axis {axis!r} that no argument has.",
        f"Axes of the arguments: {named}; a fixed length is written as a number.",
    )


@dataclass(frozen=True)
class Metric:
    """What programs are chosen by: its name in reports, what it measures, which way is better.

    `failure` says what is wrong with an answer for which it is not finite, as an author should be told.
    """

    name: str
    meaning: str
    lower_is_better: bool = True
    failure: str = ""


NRMSE = Metric("nRMSE", "mean over the batch of ||u - u_ref||_2 / ||u_ref||_2")


@dataclass(frozen=True)
class Case:
    """One call of the function: named inputs, and what they are judged against.

    `reference` holds one array a result, or nothing where the task has a metric of its own that needs none;
    `reference_errors` [samples] are its estimated relative errors, None where they are unknown; `trusted_errors` [samples] is
    the nRMSE that the trusted method reaches from `inputs` alone, which is no bound. `kinds` says of each sample of which
    kind it is, such as smooth or kinked; () where there is one kind or it is not known. `resolution` is the number of intervals
    along the first space axis: its length over the spacing of the points. `away_errors` [samples] are `reference_errors` away from jumps, where that is known.
    """

    name: str
    inputs: Mapping[str, np.ndarray | float]
    reference: Mapping[str, np.ndarray]
    reference_errors: np.ndarray | None = None
    trusted_errors: np.ndarray | None = None
    kinds: tuple[str, ...] = ()
    resolution: int = 0
    away_errors: np.ndarray | None = None

    @property
    def reference_error(self) -> float:
        """Mean over the samples; NaN where it is unknown."""
        return float("nan") if self.reference_errors is None else float(np.mean(self.reference_errors))

    @property
    def trusted(self) -> float | None:
        """Mean over the samples; None where there is none."""
        return None if self.trusted_errors is None else float(np.mean(self.trusted_errors))


@dataclass(frozen=True)
class Brief:
    """A task's public face: everything an author may know, and nothing it may not.

    `statement` is Markdown that stands alone, `problem` its part on equation, domain and conditions. `stub` is the Python
    source of the function with its docstring and no body. `sizes` gives the axes' lengths at the scored scale, `span` the first and last output time
    (None when steady), `time_limit` the seconds of processor time, all processes and threads together, and `memory_mb` the memory a call may take, `libraries` what the sandbox
    can import, `trusted` the nRMSE that the trusted method reaches on the dev split from the same inputs. `equation` is None
    for a problem that is not stated as one; `form` is a problem of one's own, as methods on boxes read it.
    """

    title: str
    statement: str
    stub: str
    signature: Signature
    equation: Equation | None
    parameters: Mapping[str, float]
    sizes: Mapping[str, int]
    span: tuple[float, float] | None
    time_limit: float
    memory_mb: int = 4096
    libraries: tuple[str, ...] = ()
    trusted: float | None = None
    problem: str = ""
    metric: Metric = NRMSE
    form: "Form | None" = None

    @property
    def stated(self) -> bool:
        """Whether the problem is known as equations: as an `Equation`, or as a problem of one's own."""
        return self.equation is not None or self.form is not None


class Task(ABC):
    """A problem: a brief for authors, cases for the judge.

    `fieldsmith.tasks.load(name, ...)` makes one by name. A problem stated as an equation derives from `PDETask`
    (tasks/pde.py), any other from `SimpleTask` (tasks/simple.py), which leave little to write.
    """

    name: str
    title: str
    known_parameters: Mapping[str, Parameter] = {}
    defaults_by_scale: ClassVar[Mapping[str, Mapping[str, float]]] = {}
    """Defaults of parameters that a scale has in place of the usual ones; what is given wins over both."""
    metric: Metric = NRMSE

    parameters: Mapping[str, float]
    scale: str
    data: Path | None

    def __init__(
        self, parameters: Mapping[str, float] | None = None, scale: str = "demo", data: Path | None = None
    ) -> None:
        """Raises InputError for an unknown parameter and for a value out of range."""
        known = self.known_parameters  # an object may have others than its class
        usual = {**{name: one.default for name, one in known.items()}, **self.defaults(scale)}
        self.parameters = checked(self.name, known, usual, parameters or {})
        self.scale, self.data = scale, data
        self._cases: dict[str, tuple[Case, ...]] = {}
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        """What a process that computes references needs: neither the lock nor the cases."""
        return {name: value for name, value in vars(self).items() if name not in ("_lock", "_cases")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _cases={}, _lock=threading.RLock())

    def __repr__(self) -> str:
        values = "".join(f", {name}={value:g}" for name, value in self.parameters.items())
        return f"<Task {self.name}{values}, {self.scale} scale>"

    @property
    def form(self) -> "Form | None":
        """The problem of one's own that the task states, if it is one."""
        return None

    @classmethod
    def defaults(cls, scale: str) -> dict[str, float]:
        """Every parameter's default at a scale."""
        usual = {name: parameter.default for name, parameter in cls.known_parameters.items()}
        return {**usual, **cls.defaults_by_scale.get(scale, {})}

    @classmethod
    def scales(cls) -> tuple[str, ...]:
        """The scales that the task has data of."""
        return ("demo",)

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """SHA-256 over everything that determines the data: task, parameters, scale, sizes, source text or file."""

    @abstractmethod
    def brief(self, libraries: Sequence[str] = (), time_limit: float | None = None) -> Brief:
        """The public face; `libraries` come from the sandbox that will run the programs."""

    def split(self, name: SplitName, progress: Progress | None = None) -> tuple[Case, ...]:
        """The cases of a split, generated on first use and cached; batches of different splits are disjoint.

        Raises InputError for a reference that no program can be compared with.
        """
        # Every candidate asks for the same cases, from several threads: read, or made, once.
        with self._lock:
            if name not in self._cases:
                cases = self.cases(name, progress)
                for case in cases:
                    _check_finite(case)
                self._cases[name] = cases
            return self._cases[name]

    @abstractmethod
    def cases(self, name: SplitName, progress: Progress | None) -> tuple[Case, ...]:
        """The cases of a split, read from the cache or made."""

    def refinement(self) -> tuple[Case, ...]:
        """Smooth data at three or more resolutions, coarse to fine, for the empirical order of convergence; () without."""
        return ()

    def ready(self, progress: Progress | None = None) -> None:
        """Make what must be there before the brief can be given, if anything; it may take a while."""
        return

    def examine(self) -> None:
        """Raises InputError if the published file that was given is not one of this task."""
        return

    def measure(self, case: Case, outputs: Mapping[str, np.ndarray]) -> Mapping[str, float] | float:
        """The task's own metric for the answer to one call, or several figures by name, the metric among them.

        Called on the host, and only where `metric` is not nRMSE. Arrays are of the signature's shapes and hold any finite
        numbers, such as indices that are out of range. A value
        that is not finite fails the program, for the reason that the metric's `failure` gives. A metric called `seconds`
        is the wall time of the call and needs no figure here.
        """
        raise InputError(f"{type(self).__name__} has the metric {self.metric.name} and no `measure`.", "Write it.")

    def conserved(self, outputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Totals [batch, time] that the exact solution keeps constant, by name; empty where nothing is conserved.

        Each is divided by a scale of its own at time 0 (such as the integral of the absolute value), so that a
        change of 1e-3 means a thousandth of what is there even where the total itself is zero.
        """
        return {}


def _check_finite(case: Case) -> None:
    for name, values in case.reference.items():
        with np.errstate(over="ignore", invalid="ignore"):
            size = float(np.linalg.norm(values))
        if not np.isfinite(size):
            count = int((~np.isfinite(values)).sum())
            words = f"holds {count} values that are not finite" if count else "is so large that its squares overflow"
            raise InputError(
                f"{case.name}: The reference of {name} {words}.",
                "Mend the task; `fieldsmith tasks check` looks into it.",
            )


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
    given: np.ndarray | None = None
    """An input that lies at the places of a map, such as the coefficient that its solution depends on; `given_name` says what it is."""
    given_name: str = ""
    labels: tuple[str, ...] = ()
    """What stands at the axes, with units; their names where there are none."""
    time: str = "t"
    """What the time is called among the axes."""
