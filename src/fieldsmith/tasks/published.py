"""A published data file in place of generated data: its splits, and how far its solutions are from trusted ones."""

import hashlib
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np

from fieldsmith.tasks import cache, hdf5, standing_out
from fieldsmith.tasks.task import Case, Progress, Signature, SplitName

Arrays = dict[str, np.ndarray]
Inputs = Mapping[str, np.ndarray | float]


class Published(Protocol):
    """A task of which there are published files, as far as they ask for it."""

    name: str
    parameters: Mapping[str, float]
    samples_a_process: ClassVar[int]

    @property
    def fingerprint(self) -> str: ...

    @property
    def signature(self) -> Signature: ...

    @classmethod
    def sizes_at(cls, scale: str) -> Mapping[str, int]: ...

    def intervals(self, arrays: Mapping[str, np.ndarray]) -> int: ...

    def from_file(self, path: Path, part: hdf5.Part) -> tuple[dict[str, np.ndarray | float], Arrays]: ...

    def trusted(self, inputs: Mapping[str, np.ndarray | float]) -> Arrays | None: ...

    def at_scale_of_files(self) -> "Published": ...


class PublishedFile:
    """The samples of one file. As in CodePDE the first ones are for the test; those after them are for selection."""

    def __init__(self, task: Published, path: Path) -> None:
        self._task, self.path = task, path
        self._read: dict[str, tuple[Inputs, Arrays]] = {}
        self._lock = threading.Lock()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def arrays(self, name: SplitName) -> tuple[Inputs, Arrays]:
        """Inputs and solutions of a split, at most as many as at paper scale; InputError names what is wrong."""
        size = self._task.sizes_at("paper")

        def part(total: int) -> slice:
            test = min(size["test"], max(1, (2 * total) // 3))
            return slice(0, test) if name == "test" else slice(test, min(total, test + size["dev"]))

        with self._lock:
            if name not in self._read:
                self._read[name] = self._task.from_file(self.path, part)
            return self._read[name]

    def case(self, name: SplitName, progress: Progress | None) -> Case:
        """A split with what the trusted method makes of it, measured once and kept in the cache.

        How far that is from the file's solutions tells of their errors as much as of its own.
        """
        inputs, reference = self.arrays(name)
        task = self._task.at_scale_of_files()
        key = f"{task.name}-{name}-trusted-{task.fingerprint[:20]}"
        what = f"{self._task.name} {name} by the trusted method"
        stored = cache.load_or_make(key, lambda: self._trusted(task, name, progress, what, key), progress, what)
        errors = stored.get("trusted_errors")
        if errors is not None:
            values = ", ".join(f"{key}={value:g}" for key, value in self._task.parameters.items())
            first = 0 if name == "test" else len(next(iter(self.arrays("test")[1].values())))
            if words := standing_out.told(np.asarray(errors), reference, first, values):
                print(f"{self.path}: its {name} {words}", file=sys.stderr)
        return Case(
            name=name,
            inputs=inputs,
            reference=reference,
            trusted_errors=errors,
            resolution=self._task.intervals(reference),
        )

    def _trusted(self, task: Published, name: SplitName, progress: Progress | None, what: str, key: str) -> Arrays:
        """Errors of the trusted method; nothing where it cannot follow some of the samples."""
        inputs, reference = self.arrays(name)
        count = len(next(iter(reference.values())))
        batched = {argument.name for argument in task.signature.arguments if "batch" in argument.axes}
        work = [
            ({key: np.asarray(value)[part] if key in batched else value for key, value in inputs.items()},)
            for part in cache.parts(count, task.samples_a_process)
        ]
        solved = cache.in_processes(partial(trusted_of, task), work, progress, what, key)
        if any(part is None for part in solved):
            return {}
        return {"trusted_errors": distances(join([part for part in solved if part is not None]), reference)}


def trusted_of(task: Published, inputs: Inputs) -> Arrays | None:
    """The trusted solution of a file's samples, None where the trusted method cannot follow them.

    Runs in a process of its own.
    """
    try:
        with np.errstate(all="ignore"):
            solved = task.trusted(inputs)
    except (ArithmeticError, ValueError, MemoryError):
        return None
    return solved if solved is not None and all(np.isfinite(values).all() for values in solved.values()) else None


def join(parts: Sequence[Arrays]) -> Arrays:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def distances(ours: Mapping[str, np.ndarray], reference: Mapping[str, np.ndarray], batched: bool = True) -> np.ndarray:
    """nRMSE [samples], fields stacked; all arrays are one sample unless they are batched."""

    def squares(array: np.ndarray, count: int) -> np.ndarray:
        return np.sum(array.reshape(count, -1) ** 2, axis=1)

    counts = {name: len(array) if batched else 1 for name, array in reference.items()}
    error = sum(squares(ours[name] - reference[name], count) for name, count in counts.items())
    norm = sum(squares(reference[name], count) for name, count in counts.items())
    return np.asarray(np.sqrt(error / np.where(norm == 0.0, 1.0, norm)))
