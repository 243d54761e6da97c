"""The Python face: the same things that the command line does, as functions and objects."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith import evaluation, sandboxes, tasks
from fieldsmith.errors import MissingPart
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.tasks.task import SplitName, Task


def task(name: str, scale: str = "demo", data: str | Path | None = None, **parameters: float) -> Task:
    """A task by name. Raises InputError for an unknown name, parameter or scale."""
    return tasks.load(name, parameters, scale, Path(data) if data else None)


def solve(problem: str | Task, run_dir: str | Path | None = None, **options: Any) -> "Run":
    """Forge a solver; the options are those of `fieldsmith solve`, dashes as underscores.

    Raises InputError, MissingPart or ProviderError; KeyboardInterrupt leaves a run that resumes.
    """
    from fieldsmith.reports.html import write_report

    ready = open_solve(problem, folder=Path(run_dir) if run_dir else None, **options)
    ready.write_report = write_report
    return Run(ready.run(), ready.task)


def evaluate(
    problem: Task, program: str | Path, splits: Sequence[SplitName] = ("test",), sandbox: str = "auto"
) -> Evaluation:
    """Score a solver: a source text, or the path of a file that holds one."""
    is_file = isinstance(program, Path) or "\n" not in program
    source = Path(program).read_text(encoding="utf-8") if is_file else str(program)
    return evaluation.evaluate(problem, source, sandboxes.choose(sandbox), splits=splits)


class BestProgram:
    """The chosen program of a run."""

    def __init__(self, run: RunRecord, problem: Task) -> None:
        if run.best is None:
            raise LookupError("No program of this run ran.")
        self.candidate = run.best.candidate
        self._task, self._sandbox = problem, run.asked.sandbox

    @property
    def source(self) -> str:
        program = self.candidate.program
        return program.source if program else ""

    @property
    def dev(self) -> Score | None:
        return self.candidate.evaluation.dev if self.candidate.evaluation else None

    @property
    def test(self) -> Score | None:
        return self.candidate.evaluation.test if self.candidate.evaluation else None

    def solver(self, *arguments: np.ndarray | float) -> np.ndarray | tuple[np.ndarray, ...]:
        """Call the program in its sandbox; arrays as the task's signature says. Raises RuntimeError if it fails."""
        signature = self._task.brief().signature
        inputs = dict(zip([a.name for a in signature.arguments], arguments, strict=True))
        with sandboxes.choose(self._sandbox).open(evaluation.default_limits(self._task)) as session:
            result = session.call(self.source, signature.function, inputs, signature.shapes(inputs))
        if result.status != "ok":
            raise RuntimeError(f"{result.status}: {result.failure.message if result.failure else ''}")
        outputs = tuple(result.outputs[r.name] for r in signature.results)
        if len(outputs) == 1:
            return outputs[0]
        return outputs


class Run:
    """A finished run."""

    def __init__(self, record: RunRecord, problem: Task) -> None:
        self.record, self._task = record, problem

    @property
    def folder(self) -> Path:
        return self.record.folder

    @property
    def report(self) -> Path:
        return self.record.folder / "report.html"

    @property
    def best(self) -> BestProgram:
        return BestProgram(self.record, self._task)

    def plot(self) -> Any:
        """Solution, reference and error of the first sample as a matplotlib figure (needs matplotlib)."""
        try:
            plt = importlib.import_module("matplotlib.pyplot")
        except ImportError:
            raise MissingPart("Plots need matplotlib.", "pip install matplotlib") from None

        if self.record.best is None or not self.record.best.pictures:
            raise LookupError("This run has nothing to draw.")
        picture = self.record.best.pictures[0]
        figure, axes = plt.subplots(1, 3, figsize=(12, 3.5), constrained_layout=True)
        for axis, (name, values) in zip(
            axes,
            {
                "solution": picture.solution,
                "reference": picture.reference,
                "error": picture.solution - picture.reference,
            }.items(),
            strict=True,
        ):
            drawn = axis.imshow(values.T, origin="lower", aspect="auto", extent=picture.extent)
            axis.set(title=name, xlabel=picture.axes[0], ylabel=picture.axes[1])
            figure.colorbar(drawn, ax=axis)
        return figure

    def _repr_html_(self) -> str:
        test = self.best.test
        figure = f"{test.nrmse:.3e}" if test else "unknown"
        return f"<b>{self.record.asked.title}</b>: test nRMSE {figure}, <a href='{self.report}'>report</a>"
