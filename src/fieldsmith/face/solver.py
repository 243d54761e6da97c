"""A program of a run as a function: its arguments put in shape, its sandbox kept warm between calls."""

import threading
import weakref
from contextlib import ExitStack
from typing import Any

from numpy.typing import ArrayLike

from fieldsmith import sandboxes
from fieldsmith.evaluation import default_limits
from fieldsmith.face.arguments import BATCH, arranged, by_name, shape_of
from fieldsmith.reports.plain import visible
from fieldsmith.sandboxes.sandbox import Session
from fieldsmith.tasks.task import Task


class Solver:
    """Calls a program in its sandbox, which is opened with the first call and stays open until `close` or the end of Python."""

    def __init__(self, source: str, task: Task, sandbox: str) -> None:
        self.source, self.signature = source, task.brief().signature
        self._limits, self._sandbox = default_limits(task), sandbox
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._open = ExitStack()
        self._end = weakref.finalize(self, self._open.close)

    def __call__(self, *arguments: ArrayLike, **named: ArrayLike) -> Any:
        """What the program returns: an array, or a tuple of arrays where the task asks for several.

        Arrays, or lists of numbers, have the axes that the task's signature names. One sample may be given without the batch
        axis if all arguments that have the axis are; the result has none either. Raises InputError for arguments
        of another shape or kind, RuntimeError for a program that fails.
        """
        inputs, single = arranged(self.signature, by_name(self.signature, arguments, named))
        with self._lock:
            shapes = self.signature.shapes(inputs)
            result = self._warm().call(self.source, self.signature.function, inputs, shapes)
        if result.status != "ok":
            raise RuntimeError(visible(f"{result.status}: {result.failure.message if result.failure else ''}"))
        outputs = tuple(
            result.outputs[one.name][0] if single and one.axes[:1] == (BATCH,) else result.outputs[one.name]
            for one in self.signature.results
        )
        return outputs[0] if len(outputs) == 1 else outputs

    def _warm(self) -> Session:
        if self._session is None or self._session.closed:
            self._open.close()
            place = self._open.enter_context(sandboxes.choose(self._sandbox))
            self._session = self._open.enter_context(place.open(self._limits))
        return self._session

    def close(self) -> None:
        """End the sandbox; a further call opens another."""
        with self._lock:
            self._open.close()
            self._session = None

    def __repr__(self) -> str:
        arguments = ", ".join(f"{one.name} {shape_of(one)}" for one in self.signature.arguments)
        return f"<Solver {self.signature.function}({arguments})>"
