"""What a program returned for the dev inputs, sample by sample and field by field, beside the reference.

Of the reference nothing leaves this module but sizes of errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fieldsmith.environments.observation import Unfit
from fieldsmith.environments.pde_workbench.problem import Problem
from fieldsmith.environments.pde_workbench.running import Answers
from fieldsmith.evaluation.measuring import as_samples
from fieldsmith.evaluation.metrics import sample_nrmse
from fieldsmith.plugins import meant
from fieldsmith.tasks.task import Case, Result


@dataclass(frozen=True)
class Axis:
    """One axis of a field as it is plotted: its name, and where its points lie from and to."""

    name: str
    low: float
    high: float

    def place(self, part: slice, size: int) -> str:
        width = (self.high - self.low) / size
        return f"{self.name} {self.low + part.start * width:.3g} to {self.low + part.stop * width:.3g}"


@dataclass(frozen=True)
class View:
    """One field of one sample: [time, *points], one time where it does not change.

    errors: its deviation from the reference in size, None without one. relative: the error's norm at each time over the reference's.
    first: number of the frame that it begins with.
    """

    field: str
    values: np.ndarray
    errors: np.ndarray | None
    relative: np.ndarray | None
    times: np.ndarray | None
    axes: tuple[Axis, ...]
    first: int = 0


class Samples:
    """All dev samples of an answer, numbered through all cases."""

    def __init__(self, problem: Problem, answers: Answers) -> None:
        self.problem = problem
        self.signature = problem.plain.signature
        self._places: list[tuple[int, int]] = []
        self._answers = answers
        errors, self.kinds = [], []
        for n, (case, outputs) in enumerate(answers):
            size = len(next(iter(outputs.values())))
            self._places += [(n, i) for i in range(size)]
            errors.append(sample_nrmse(outputs, as_samples(self.signature, case.reference)))
            self.kinds += [*case.kinds] if len(case.kinds) == size else [""] * size
        self.errors = np.concatenate(errors) if errors else np.zeros(0)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def judged(self) -> bool:
        """Whether there are references."""
        return len(self.errors) == len(self)

    def chosen(self, sample: int | None) -> int:
        """The sample's number, the worst if none is given. Raises Unfit for one that there is not."""
        if sample is None:
            return int(np.argmax(self.errors)) if self.judged else 0
        if sample >= len(self):
            raise Unfit(f"There is no sample {sample}.", f"There are samples 0 to {len(self) - 1}.")
        return sample

    def result(self, field: str, sample: int) -> Result:
        """The result of that name or unknown; that with the largest error if none is given. Raises Unfit for one that there is not."""
        results = self.problem.shown.signature.results
        if not field:
            return max(results, key=lambda result: self._relative(result, sample))
        found = next((result for result in results if field in (result.name, result.of)), None)
        if found is None:
            names = [result.name for result in results]
            raise Unfit(f"There is no field {field!r}.{meant(field, names)}", f"There are {', '.join(names)}.")
        return found

    def view(self, result: Result, sample: int) -> View:
        case, values, reference = self._arrays(result, sample)
        names = list(result.axes[1:])
        place = names.index("time") if "time" in names else None
        own = _time_first(values, place)
        errors = relative = None
        if reference is not None:
            errors = np.abs(own - _time_first(reference, place))
            relative = _norms(errors) / _filled(_norms(_time_first(reference, place)))
        axes = tuple(self._axis(name, size) for name, size in zip([n for n in names if n != "time"], own.shape[1:], strict=True))  # fmt: skip
        return View(result.name, own, errors, relative, self._times(case) if place is not None else None, axes)

    def case(self, sample: int) -> tuple[Case, Mapping[str, np.ndarray], int]:
        """The case of a sample, what was returned for it, and the sample's number in it."""
        n, i = self._places[sample]
        return (*self._answers[n], i)

    def _arrays(self, result: Result, sample: int) -> tuple[Case, np.ndarray, np.ndarray | None]:
        case, outputs, i = self.case(sample)
        reference = as_samples(self.signature, case.reference).get(result.name)
        return case, np.asarray(outputs[result.name][i]), None if reference is None else reference[i]

    def _relative(self, result: Result, sample: int) -> float:
        _, values, reference = self._arrays(result, sample)
        if reference is None:
            return 0.0
        return float(np.linalg.norm(values - reference)) / (float(np.linalg.norm(reference)) or 1.0)

    def _times(self, case: Case) -> np.ndarray | None:
        name = next((a.name for a in self.signature.arguments if a.role == "times"), None)
        return None if name is None else np.asarray(case.inputs[name], dtype=float)

    def _axis(self, name: str, size: int) -> Axis:
        equation, form = self.problem.plain.equation, self.problem.plain.form
        axes = form.system.axes if form else equation.axes if equation else ()
        known = next((axis for axis in axes if axis.name == name), None)
        return Axis(name, known.low, known.high) if known else Axis(f"{name} index", 0.0, float(size))


def _time_first(array: np.ndarray, place: int | None) -> np.ndarray:
    return array[None] if place is None else np.moveaxis(array, place, 0)


def _norms(array: np.ndarray) -> np.ndarray:
    return np.linalg.norm(array.reshape(array.shape[0], -1), axis=1)


def _filled(norms: np.ndarray) -> np.ndarray:
    return np.where(norms > 0.0, norms, 1.0)


def flat(values: np.ndarray, most: int, root: bool) -> np.ndarray:
    """[time, *points] with two axes of points at most: further ones are averaged, by their root mean squares if asked."""
    while values.ndim - 1 > most:
        values = np.sqrt((values**2).mean(axis=-1)) if root else values.mean(axis=-1)
    return values


def marks(frames: int, most: int) -> Sequence[int]:
    """Frames spread evenly, the first and the last among them."""
    return sorted({int(n) for n in np.linspace(0, frames - 1, min(frames, most)).round()})
