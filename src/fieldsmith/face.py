"""The Python face: the same things that the command line does, as functions and objects."""

import difflib
import importlib
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith import evaluation, sandboxes, tasks
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.reports.plain import visible
from fieldsmith.tasks.task import SplitName, Task


def task(name: str, scale: str = "demo", data: str | Path | None = None, **parameters: float) -> Task:
    """A task by name. Raises InputError for an unknown name, parameter, value, scale or data file."""
    return tasks.load(name, parameters, scale, Path(data) if data else None)


def solve(
    problem: str | Task,
    run_dir: str | Path | None = None,
    *,
    param: Mapping[str, float] | None = None,
    data: str | Path | None = None,
    key_file: str | Path | None = None,
    temperature: float | None = None,
    model_options: Mapping[str, object] | None = None,
    **options: Any,
) -> "Run":
    """Forge a solver; the options are those of `fieldsmith solve`, dashes as underscores.

    `param`, `scale` and `data` go with a task's name; a `Task` has its own. `model_options` are the model's settings, as
    with `--model-option`. Raises InputError, MissingPart or
    ProviderError; KeyboardInterrupt leaves a run that resumes.
    """
    from fieldsmith.reports.html import write_report

    known = set(inspect.signature(open_solve).parameters) - {"task", "parameters", "folder", "settings", "command"}
    if unknown := sorted(set(options) - known):
        close = difflib.get_close_matches(unknown[0], known, 1)
        raise InputError(
            f"solve has no option {unknown[0]!r}.{f' Did you mean {close[0]!r}?' if close else ''}",
            f"Options: param, temperature, model_options, {', '.join(sorted(known))}.",
        )
    ready = open_solve(
        problem,
        param,
        folder=Path(run_dir) if run_dir else None,
        data=Path(data) if data else None,
        key_file=Path(key_file) if key_file else None,
        settings={**(model_options or {}), **({} if temperature is None else {"temperature": temperature})},
        **options,
    )
    ready.write_report = write_report
    return Run(ready.run(), ready.task)


def evaluate(
    problem: str | Task, program: str | Path, splits: Sequence[SplitName] = ("test",), sandbox: str = "auto"
) -> Evaluation:
    """Score a solver on a task: a source text, or the path of a file that holds one.

    Raises InputError for a file that cannot be read and for an unknown split.
    """
    known = ("dev", "test")
    if isinstance(splits, str) or any(name not in known for name in splits) or not splits:
        raise InputError(f"splits = {splits!r} is not known.", 'Give ("test",), ("dev",) or both.')
    ready = tasks.load(problem) if isinstance(problem, str) else problem
    with sandboxes.choose(sandbox) as place:
        return evaluation.evaluate(ready, _source(program), place, splits=splits)


def _source(program: str | Path) -> str:
    """A text with a line break or a definition in it is a program, anything else names a file."""
    if isinstance(program, str) and ("\n" in program or "def " in program):
        return program
    try:
        return Path(program).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{program!r} cannot be read: {error}.", "Give a Python file or a source text.") from None


class BestProgram:
    """The chosen program of a run."""

    def __init__(self, run: RunRecord, problem: Task) -> None:
        if run.best is None:
            raise LookupError(f"No program of this run ran. {run.message}".strip())
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
        names = [argument.name for argument in signature.arguments]
        if len(arguments) != len(names):
            raise TypeError(f"solver takes {len(names)} arguments ({', '.join(names)}), not {len(arguments)}")
        inputs = dict(zip(names, arguments, strict=True))
        limits = evaluation.default_limits(self._task)
        with sandboxes.choose(self._sandbox) as place, place.open(limits) as session:
            result = session.call(self.source, signature.function, inputs, signature.shapes(inputs))
        if result.status != "ok":
            raise RuntimeError(visible(f"{result.status}: {result.failure.message if result.failure else ''}"))
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

        from fieldsmith.reports.figures import draw_picture

        pictures = self.record.best.pictures if self.record.best else ()
        picture = next((picture for picture in pictures if picture.axes), None)
        if picture is None:
            raise LookupError("This run has nothing to draw.")
        figure = plt.figure(figsize=(12, 3.5), layout="constrained")
        draw_picture(figure, picture)
        return figure

    def __repr__(self) -> str:
        best = self.record.best
        error = f"dev nRMSE {best.candidate.dev_nrmse:.3e}" if best else "no program ran"
        return f"<Run {self.record.asked.title}, {len(self.record.candidates)} candidates, {error}, {self.folder}>"

    def _repr_html_(self) -> str:
        test = self.best.test if self.record.best else None
        figure = f"{test.nrmse:.3e}" if test else "unknown"
        return f"<b>{self.record.asked.title}</b>: test nRMSE {figure}, <a href='{self.report}'>report</a>"
