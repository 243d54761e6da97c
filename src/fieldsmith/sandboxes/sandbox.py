"""The words of this room: a sandbox calls a named function of a source text with named arrays.

It knows nothing of equations, references or scores. Only inputs go in, only arrays come out, as plain
buffers with a checked header; what comes out is checked for shape, type and size on the host before it is read.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np

from fieldsmith.errors import InputError

NUMERICAL_LIBRARIES = ("numpy", "scipy", "numba", "pyamg", "torch", "jax")
Status = Literal["ok", "crashed", "timeout", "out_of_memory", "missing_function", "bad_output"]
Limit = Literal["", "memory", "processes", "time", "wall", "output", "scratch", "log"]


_BOUNDS: dict[str, tuple[float, float]] = {
    "seconds": (0.001, 10**8),
    "memory_mb": (128, 2**24),
    "processes": (4, 2**22),
    "cpus": (0.01, 2**16),
    "scratch_mb": (1, 2**24),
    "log_kb": (1, 8192),
    "patience": (1, 1000),
}
"""The least and the most of each limit; the worker itself needs 100 MB and three threads."""


@dataclass(frozen=True)
class Limits:
    """What one call may use. Exceeding `seconds` or `memory_mb` ends the call with a status of its own.

    `seconds` are those of the processor, all processes and threads of the call together, on however many cores: what else the
    machine does neither adds to them nor takes them away. A call that waits for so long without computing is ended as well, and one
    that takes `patience` times as long by the wall, for which the machine has no time.
    """

    seconds: float = 60.0
    memory_mb: int = 4096
    processes: int = 128
    cpus: float = 1.0
    scratch_mb: int = 256
    log_kb: int = 256
    patience: float = 20.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            least, most = _BOUNDS[name]
            whole = name not in ("seconds", "cpus", "patience")
            if not least <= value <= most or (whole and value != int(value)):
                kind = "a whole number, " if whole else ""
                words = f"Give {kind}at least {least} and at most {most:,}."
                raise InputError(f"A sandbox cannot be limited to {name} = {value!r}.", words)


@dataclass(frozen=True)
class LocalArray:
    """A local variable that is an array of floats, or a list of such: its shape and largest absolute value: NaN if not all is finite, None if it is too large to look through.

    `frames` is the largest absolute value of each of its parts along the second axis, where it has the shape of a result; those of
    a list (`listed`) are its items, and its shape begins with their number.
    """

    name: str
    shape: tuple[int, ...]
    largest: float | None
    frames: tuple[float, ...] = ()
    listed: bool = False


@dataclass(frozen=True)
class Failure:
    """Why a call failed, in the program's own terms.

    `line` is the line of the program (1-based) the error points at, None where there is none; `trace` is the
    traceback restricted to the program's frames. `variables` are the local variables of the function it happened in, by
    name, each in a few words: type and shape of arrays, values of numbers; of a call that was ended for its time those of all its functions,
    inner ones first, with `arrays` among them. All of it is the program's own word.
    """

    type: str
    message: str
    line: int | None = None
    trace: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    arrays: tuple[LocalArray, ...] = ()


@dataclass(frozen=True)
class CallResult:
    """What came of one call. Arrays are C-contiguous float64 and cannot be written to.

    `seconds` is wall time as the host saw it, `worker_seconds` as the sandbox did; `cpu_seconds`, of all processes and threads, and `peak_mb` come from the
    control group where the sandbox has one of its own. `limit` is the limit that was met, if one was: `time` that of the processor, `wall` the other.
    """

    status: Status
    outputs: Mapping[str, np.ndarray] = field(default_factory=dict)
    seconds: float = 0.0
    worker_seconds: float | None = None
    cpu_seconds: float | None = None
    peak_mb: float | None = None
    stdout: str = ""
    stderr: str = ""
    failure: Failure | None = None
    limit: Limit = ""

    @property
    def cost(self) -> float:
        """What counts against limits: processor seconds; those by the wall where those are not known."""
        return self.seconds if self.cpu_seconds is None else self.cpu_seconds


Denied = Literal["network", "sockets", "files"]
"""`sockets` are those within the machine, which asyncio, pipes of multiprocessing and managers need; `files` those outside scratch."""


class Session(ABC):
    """A place where one program is called, once or several times. Use as a context manager; closing leaves nothing."""

    @abstractmethod
    def call(
        self,
        program: str,
        function: str,
        inputs: Mapping[str, np.ndarray | float],
        results: Mapping[str, tuple[int, ...]],
        seconds: float | None = None,
    ) -> CallResult:
        """Call `function(**inputs in order)` of the source text `program`.

        `results` names the returned arrays in order with the shapes they must have (one array for one name, a
        tuple for several). An input that cannot be written to is taken to stay as it is for good, and is sent but once.
        `seconds` of the processor replace the limit for this call, and as many more by the wall. Never raises for what the program does; raises InputError for inputs
        that are no real numbers, and MissingPart if the sandbox is gone.
        """

    @abstractmethod
    def close(self) -> None: ...

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether the session was closed, perhaps by another thread; calls then return at once as crashed."""

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Sandbox(ABC):
    """A kind of place where untrusted code runs. Use as a context manager where it is not kept for long."""

    name: str
    isolates: bool
    """False for a plain process, which only trusted authors or an explicit choice may use."""
    denies: tuple[Denied, ...] = ()
    """What a program might ask for and does not get here."""
    reason: str = ""
    """Why this one was taken, in words for a person."""

    @abstractmethod
    def open(self, limits: Limits) -> Session:
        """A place for one program that no other program has been in."""

    def expect(self, limits: Limits, count: int) -> None:
        """Make ready for `count` more programs with these limits; a hint, which need not be followed."""
        del limits, count

    def ready(self) -> int:
        """How many places wait for a program."""
        return 0

    def facts(self) -> dict[str, str]:
        """What is worth knowing of this sandbox on this machine, by name, in words."""
        return {}

    def listen(self, tell: Callable[[str], None]) -> None:
        """Whom to tell what a person should hear of it, what came up so far included."""
        del tell

    def image_facts(self) -> dict[str, str]:
        """`tag`, `id` and the day it was `made` of the image that programs run in; empty where there is none."""
        return {}

    def close(self) -> None:
        """End what was made ready; sessions are closed before."""
        return

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def libraries(self) -> tuple[str, ...]:
        """Python and the numerical libraries that a program can import here, with versions: `Python 3.11.9`, `numpy 2.3.1`."""
