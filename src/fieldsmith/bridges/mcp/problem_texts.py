"""Problems of clients' own, handed over as the text of a problem file: checked, solved, their solutions fetched.

A tool is a method of `ProblemDesk` and a line of `tools_of` in `fieldsmith_server.py`. A text is no path, and none that it names is read.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from fieldsmith.boxes import methods
from fieldsmith.boxes.form import Form
from fieldsmith.bridges.mcp.allowed import NUMERICS, Allowed, Author, Candidates, Seed
from fieldsmith.bridges.mcp.answers import Figures, Started, finite
from fieldsmith.bridges.mcp.solving import Runs
from fieldsmith.errors import InputError
from fieldsmith.files import write_whole
from fieldsmith.orchestrator.met import met_by
from fieldsmith.problems import Problem, ProblemError
from fieldsmith.problems.problem import LARGEST, parsed
from fieldsmith.tasks.own.files import ENDING, name_of

FOLDER = "problems"
"""Where texts are kept, in the server's folder."""

ProblemText = Annotated[
    str,
    Field(
        description="The text of a problem file, in TOML: equations, [domain], [parameters], [boundary], [initial], [output] …",
        max_length=LARGEST,
    ),
]


class FindingShown(BaseModel):
    weight: str = Field(description="fault: it must be mended; doubt and note stop nothing.")
    line: int | None
    column: int | None
    message: str
    hint: str = Field(description="What would be right.")


class ProblemShown(BaseModel):
    ok: bool = Field(description="Whether it can be solved as it stands.")
    findings: list[FindingShown]
    understood: list[str] = Field(description="How it is understood, a line each; none of a problem with faults.")
    methods: dict[str, str] = Field(
        description="Built-in methods by name, with why one does not fit; empty where it does."
    )


class AccuracyShown(BaseModel):
    """The best program's relative error for the problem as it is asked, beside what was asked for."""

    asked: float
    error: float | None = Field(description="Where estimate is true, no error but a residual: no reference was found.")
    reference_error: float | None = Field(
        description="What the reference itself may be off by; 0 of an exact solution."
    )
    estimate: bool
    met: bool
    away: float | None = Field(
        default=None, description="The error away from jumps of the solution, where it has some and that is known."
    )
    beside: float = Field(default=0.0, description="Share of the points that lie beside jumps.")


class SolutionShown(BaseModel):
    run: str
    state: str
    accuracy: AccuracyShown | None = Field(description="null of a run of no problem text, and where no program ran.")
    judged_by: str | None = Field(description="What programs were judged by, in words.")
    test: Figures | None = Field(description="Null until the run is done.")
    files: dict[str, str] = Field(
        description="Paths on the server's machine by name: solution, pictures, the program, the problem, the report."
    )


class ProblemDesk:
    """Takes texts of problems, within what the server's owner allows."""

    def __init__(self, allowed: Allowed, runs: Runs) -> None:
        self.allowed, self.runs = allowed, runs

    def check_problem(self, problem: ProblemText) -> ProblemShown:
        """Says how a problem of your own is understood, or what is wrong with it and in which line."""
        try:
            read = _read(problem)
        except ProblemError as error:
            return ProblemShown(ok=False, findings=_findings(error.faults), understood=[], methods={})
        form = Form(read) if read.seen.form is not None else None
        verdicts = methods.verdicts(form) if form else []
        return ProblemShown(
            ok=True,
            findings=_findings(read.seen.told.ordered()),
            understood=read.understood.lines(),
            methods={family.name: why for family, why in verdicts},
        )

    def solve_problem(
        self,
        problem: ProblemText,
        called: Annotated[
            str, Field(description="A name for it, which the run's name begins with.", max_length=60)
        ] = "problem",
        parameters: Annotated[
            dict[str, float] | None, Field(description="Other values of parameters, within their ranges.")
        ] = None,
        author: Author = NUMERICS,
        candidates: Candidates = None,
        seed: Seed = 0,
    ) -> Started:
        """Starts to solve a problem of your own; watch_run tells how it goes, fetch_solution what came of it.

        Where the text gives no exact solution, a reference is sought first, which may take minutes. The same call again takes up a run that was interrupted.
        """
        _read(problem)
        digest = hashlib.sha256(problem.encode()).hexdigest()[:12]
        file = self.allowed.folder.resolve() / FOLDER / digest / f"{name_of(called)}{ENDING}"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, problem.encode())
        question = self.allowed.asked_of_file(file, parameters or {}, author, candidates, seed)
        run, place = self.runs.start(question)
        return Started(
            run=run,
            state="starting",
            author=author,
            candidates_allowed=question.candidates,
            sandbox=place,
            report=str((self.allowed.folder / run / "report.html").resolve()),
        )

    def fetch_solution(
        self, run: Annotated[str, Field(description="A run's name, as solve_problem tells it.", max_length=300)]
    ) -> SolutionShown:
        """Fetches what came of a run: the error beside the one that was asked for, and the files of the best program."""
        found = self.allowed.run(run)
        met, best = met_by(found), found.best.candidate.evaluation if found.best else None
        accuracy = {**met.fields(), "error": finite(met.error)} if met else None
        return SolutionShown(
            run=run,
            state=found.state,
            accuracy=AccuracyShown.model_validate(accuracy) if accuracy else None,
            judged_by=found.asked.judged_by or None,
            test=Figures.of(best.test) if best else None,
            files=_files(found.folder),
        )


def _read(text: str) -> Problem:
    """The problem of a text. Raises InputError for one that names a file, ProblemError for what is wrong in it."""
    document, _ = parsed(text)
    if document is not None and _names_files(document):
        raise InputError("The text names a file, and this server reads none.", "Give an expression, or a family.")
    return Problem.from_text(text)


def _names_files(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "file" in value or any(map(_names_files, value.values()))
    return isinstance(value, list) and any(map(_names_files, value))


def _findings(faults: Any) -> list[FindingShown]:
    return [
        FindingShown(
            weight=one.weight,
            line=one.spot.line or None,
            column=one.spot.column or None,
            message=one.what,
            hint=one.mend,
        )
        for one in faults
    ]


def _files(folder: Path) -> dict[str, str]:
    """The report, and all that lies with the best program."""
    best = folder / "best"
    files = [folder / "report.html", *sorted(best.rglob("*"))]
    return {
        str(file.relative_to(best) if file.is_relative_to(best) else file.name): str(file.resolve())
        for file in files
        if file.is_file()
    }
