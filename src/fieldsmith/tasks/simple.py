"""A problem that is no PDE in a few lines: what a call is given, and what solves it or measures the answer.

    class Kepler(SimpleTask):
        \"\"\"Words about the problem, as authors read them.\"\"\"

        name, title = "kepler", "Orbit about a fixed mass"
        signature = Signature("orbit", (data("start", ("4",), "place and velocity"), ...), (result(...),))

        def inputs(self, rng): ...           # the arguments of one call, by name
        def reference(self, inputs): ...     # the results, by name; or `metric` and `measure` in its place

examples/tasks/kepler.py and examples/tasks/deconvolution.py are whole ones.
"""

import hashlib
import inspect
import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from fieldsmith.errors import InputError
from fieldsmith.tasks import cache
from fieldsmith.tasks.published import distances
from fieldsmith.tasks.shapes import check_inputs, check_reference
from fieldsmith.tasks.sources import source_digest
from fieldsmith.tasks.statement import render_stub, render_task_statement
from fieldsmith.tasks.task import NRMSE, Brief, Case, Progress, Signature, SplitName, Task

Arrays = dict[str, np.ndarray]
Inputs = Mapping[str, np.ndarray | float]
SEEDS: Mapping[SplitName, int] = {"dev": 1, "test": 2}


class SimpleTask(Task):
    """A task of named arrays. The problem's words are the class's docstring, unless `problem_text` gives others."""

    signature: ClassVar[Signature]
    calls: ClassVar[Mapping[SplitName, int]] = {"dev": 3, "test": 3}
    """Calls a split, each with inputs of its own; a batch within a call is the signature's matter."""
    time_limit: ClassVar[float] = 60.0
    """Seconds a call may take."""
    memory_mb: ClassVar[int] = 4096

    def __init__(
        self, parameters: Mapping[str, float] | None = None, scale: str = "demo", data: Path | None = None
    ) -> None:
        super().__init__(parameters, scale, data)
        self._source = source_digest(type(self))
        if data is not None:
            raise InputError(f"{self.name} has no published files.", "Leave --data out.")

    @abstractmethod
    def inputs(self, rng: np.random.Generator) -> dict[str, np.ndarray | float]:
        """The arguments of one call: arrays and floats by name."""

    def reference(self, inputs: Inputs) -> Arrays:
        """The trusted results by name; not needed with a metric of the task's own. Computed once, then kept on disk."""
        return {}

    def rougher_reference(self, inputs: Inputs) -> Arrays | None:
        """The same with coarser steps or another method, which tells how good the reference is; None leaves that open."""
        return None

    def problem_text(self) -> str:
        """Markdown: what is asked, with the values of the parameters."""
        return inspect.getdoc(type(self)) or self.title

    @property
    def fingerprint(self) -> str:
        facts = {
            "task": self.name,
            "parameters": dict(sorted(self.parameters.items())),
            "scale": self.scale,
            "calls": dict(self.calls),
            "source": self._source,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def brief(self, libraries: Sequence[str] = (), time_limit: float | None = None) -> Brief:
        stub, problem, limit = render_stub(self.signature), self.problem_text(), time_limit or self.time_limit
        example = self._drawn("dev", 0)
        sizes = {axis: n for axis, n in self.signature.sizes(example).items() if not axis.isdecimal()}
        values = {a.name: float(example[a.name]) for a in self.signature.arguments if a.role == "parameter"}
        return Brief(
            title=self.title,
            statement=render_task_statement(
                self.title, problem, stub, self.metric, self.signature, sizes, limit, self.memory_mb, libraries
            ),
            stub=stub,
            signature=self.signature,
            equation=None,
            parameters=values,
            sizes=sizes,
            span=None,
            time_limit=limit,
            memory_mb=self.memory_mb,
            libraries=tuple(libraries),
            problem=problem,
            metric=self.metric,
        )

    def cases(self, name: SplitName, progress: Progress | None) -> tuple[Case, ...]:
        key, what = f"{self.name}-{name}-{self.fingerprint[:20]}", f"{self.name} {name}"
        stored = cache.load_or_make(key, lambda: self._made(name), progress, what)
        return tuple(self._case(name, n, stored) for n in range(self.calls[name]))

    def _rng(self, name: SplitName, call: int) -> np.random.Generator:
        return np.random.default_rng([SEEDS[name], call, *self.name.encode()])

    def _drawn(self, name: SplitName, call: int) -> dict[str, np.ndarray | float]:
        """The arguments of a call. Raises InputError for others than the signature says."""
        inputs = self.inputs(self._rng(name, call))
        check_inputs(type(self).__name__, self.signature, inputs)
        return inputs

    def _made(self, name: SplitName) -> Arrays:
        stored: Arrays = {}
        for n in range(self.calls[name]):
            inputs = self._drawn(name, n)
            reference, rougher = self.reference(inputs), self.rougher_reference(inputs)
            check_reference(name, self.signature, inputs, reference, self.metric == NRMSE)
            stored |= {f"{n}/input/{key}": np.asarray(value, float) for key, value in inputs.items()}
            stored |= {f"{n}/reference/{key}": np.asarray(value, float) for key, value in reference.items()}
            if rougher is not None:
                stored[f"{n}/reference_errors"] = distances(rougher, reference, self.signature.batched)
        return stored

    def _case(self, name: SplitName, n: int, stored: Arrays) -> Case:
        inputs: dict[str, np.ndarray | float] = {}
        for argument in self.signature.arguments:
            value = stored[f"{n}/input/{argument.name}"]
            inputs[argument.name] = value if argument.axes else float(value)
        keys = {r.name: f"{n}/reference/{r.name}" for r in self.signature.results}
        reference = {result: stored[key] for result, key in keys.items() if key in stored}
        return Case(name, inputs, reference, stored.get(f"{n}/reference_errors"))
