"""A run and its best program as objects."""

import importlib
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from fieldsmith.agents.author import Candidate
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.evaluation.evaluation import Score
from fieldsmith.face.solver import Solver
from fieldsmith.orchestrator.open import task_of
from fieldsmith.orchestrator.run import SOLUTION, RunRecord
from fieldsmith.tasks.task import SplitName, Task


class BestProgram:
    """The chosen program of a run."""

    def __init__(self, candidate: Candidate, run: "Run") -> None:
        self.candidate, self._run = candidate, run

    @property
    def source(self) -> str:
        program = self.candidate.program
        return program.source if program else ""

    @property
    def dev(self) -> Score:
        """Raises LookupError where the dev split was not scored."""
        return self._score("dev")

    @property
    def test(self) -> Score:
        """Raises LookupError where the test split was not scored, as in a run that has not ended."""
        return self._score("test")

    def _score(self, split: str) -> Score:
        score = getattr(self.candidate.evaluation, split, None)
        if score is None:
            raise LookupError(f"The best program of {self._run.folder} has no score on the {split} split.")
        return score

    @cached_property
    def solver(self) -> Solver:
        """The program as a function; its sandbox stays open from the first call on."""
        return Solver(self.source, self._run.task, self._run.record.asked.sandbox)


class Run:
    """A run as it stood when it was opened. `problem` is needed where its task cannot be loaded by name or place."""

    def __init__(self, record: RunRecord, problem: Task | None = None) -> None:
        self.record, self._problem = record, problem

    @property
    def folder(self) -> Path:
        return self.record.folder

    @property
    def report(self) -> Path:
        return self.record.folder / "report.html"

    @property
    def state(self) -> str:
        """running, interrupted, done or failed"""
        return self.record.state

    @cached_property
    def task(self) -> Task:
        """The task that was asked. Raises InputError where it cannot be loaded by its name or place."""
        if self._problem is not None:
            return self._problem
        try:
            return task_of(self.record.asked)
        except InputError as error:
            hint = "Give the task: fs.open_run(folder, task)."
            raise InputError(f"The task of {self.folder} cannot be loaded: {error.message}", hint) from None

    @cached_property
    def best(self) -> BestProgram:
        """Raises LookupError where no program ran."""
        if self.record.best is None:
            raise LookupError(f"No program of {self.folder} ran. {self.record.message}".strip())
        return BestProgram(self.record.best.candidate, self)

    @cached_property
    def solution(self) -> Any:
        """The solution that a problem file asked for, as an xarray Dataset of `best/solution.nc`.

        Raises LookupError where there is none, as in a run that has not ended, MissingPart without xarray.
        """
        file = self.folder / "best" / SOLUTION
        if not file.exists():
            raise LookupError(f"{self.folder} has no solution; it is written at the end of a run on a problem file.")
        try:
            xarray = importlib.import_module("xarray")
        except ImportError:
            raise MissingPart("Datasets need xarray.", "pip install 'fieldsmith[xarray]'") from None
        return xarray.load_dataset(file, engine="h5netcdf", decode_times=False)

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
        count = len(self.record.written)
        candidates = f"{count} candidate{'s' if count != 1 else ''}"
        return f"<Run {self.record.asked.title}, {candidates}, {self._figure('dev')}, {self.folder}>"

    def _repr_html_(self) -> str:
        report = escape(self.report.resolve().as_uri())
        title, figure = escape(self.record.asked.title), escape(self._figure("test"))
        return f'<b>{title}</b>: {figure}, <a href="{report}">report</a>'

    def _figure(self, split: SplitName) -> str:
        """The metric of the best program on a split, in words."""
        if self.record.best is None:
            return "no program ran"
        score: Score | None = getattr(self.record.best.candidate.evaluation, split, None)
        return f"{split} {score.metric} {score.figure:.3e}" if score else f"not scored on {split}"
