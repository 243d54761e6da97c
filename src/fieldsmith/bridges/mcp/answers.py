"""What the tools of Fieldsmith's own server answer, as clients are told by the schemas of these models. What is not known is null."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from fieldsmith.agents.author import Candidate
from fieldsmith.evaluation.evaluation import Score
from fieldsmith.evaluation.record import score_fields
from fieldsmith.orchestrator.result import spend_fields
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.tasks.task import Brief, Task

LONGEST = 20_000
"""Characters of a text that a program or a model has written."""


class ParameterRange(BaseModel):
    default: float
    low: float
    high: float
    meaning: str


class TaskRow(BaseModel):
    name: str
    title: str
    parameters: dict[str, ParameterRange]
    scales: list[str]
    defaults_by_scale: dict[str, dict[str, float]] = Field(description="Defaults that differ at a scale.")

    @classmethod
    def of(cls, name: str, kind: type[Task]) -> "TaskRow":
        ranges = {
            key: ParameterRange(default=p.default, low=p.low, high=p.high, meaning=p.meaning)
            for key, p in kind.known_parameters.items()
        }
        others = {scale: dict(values) for scale, values in kind.defaults_by_scale.items()}
        return cls(name=name, title=kind.title, parameters=ranges, scales=list(kind.scales()), defaults_by_scale=others)


class TaskList(BaseModel):
    tasks: list[TaskRow]


class Statement(BaseModel):
    task: str
    title: str
    parameters: dict[str, float]
    scale: str
    statement: str = Field(description="All that an author of programs is told.")
    stub: str = Field(description="The function that a program must define.")
    time_limit: float = Field(description="Seconds that one call of the function may take.")
    sizes: dict[str, int]

    @classmethod
    def of(cls, task: Task, brief: Brief) -> "Statement":
        return cls(
            task=task.name,
            title=brief.title,
            parameters=dict(task.parameters),
            scale=task.scale,
            statement=brief.statement,
            stub=brief.stub,
            time_limit=brief.time_limit,
            sizes=dict(brief.sizes),
        )


class Figures(BaseModel):
    """A program's measured figures on one split."""

    metric: str = Field(description="What programs are chosen by.")
    value: float | None = Field(description="The metric: for nRMSE the mean over samples of ||u - u_ref|| / ||u_ref||.")
    geometric: float | None = Field(default=None, description="Geometric mean over samples of the nRMSE.")
    lower_is_better: bool = True
    trusted: float | None = Field(
        description="What the trusted reference method reaches from the same inputs; no bound, it can be beaten."
    )
    reference_error: float | None = Field(
        description="The reference's own estimated error: below it nothing can be told apart."
    )
    order: float | None = Field(default=None, description="Measured order of convergence on smooth data.")
    drift: float | None = Field(default=None, description="Relative drift of conserved totals.")
    max_error: float | None = Field(description="Largest absolute deviation.")
    seconds: float = Field(description="Wall time of the calls.")
    cpu_seconds: float | None = Field(default=None, description="Processor time of the calls.")
    peak_mb: float | None = Field(default=None, description="Largest memory.")
    fields: dict[str, float | None] = Field(default_factory=dict, description="The nRMSE of each field.")
    measures: dict[str, float | None] = Field(default_factory=dict, description="Further figures of the task's own.")
    by_kind: dict[str, dict[str, float | None]] = Field(
        default_factory=dict, description="The same for each kind of sample, such as smooth and kinked ones."
    )

    @classmethod
    def of(cls, score: Score | None) -> "Figures | None":
        fields = score_fields(score)
        return cls.model_validate(fields) if fields else None


class Spend(BaseModel):
    usd: float | None = Field(description="US dollars spent on models; null where a price is unknown.")
    input_tokens: int | None
    output_tokens: int | None
    estimated: bool = Field(description="Whether tokens are in part estimated from the texts.")
    seconds: float


class CandidateRow(BaseModel):
    candidate: str = Field(description="Its name in the run, such as 1 or 2.1.")
    move: str = Field(description="What was asked of its author: draft, debug, refine …")
    status: str | None = Field(description="ok, or how it failed; null while it is in the making.")
    value: float | None = Field(description="The task's metric on the dev split.")
    summary: str = Field(description="The author's words for it.")

    @classmethod
    def of(cls, candidate: Candidate) -> "CandidateRow":
        return cls(
            candidate=candidate.slot,
            move=candidate.move,
            status=candidate.evaluation.status if candidate.evaluation else None,
            value=finite(candidate.dev_figure),
            summary=candidate.proposal.plan.summary[:400] if candidate.proposal else "",
        )


class RunRow(BaseModel):
    run: str = Field(description="The run's name, which other tools take.")
    task: str
    parameters: dict[str, float]
    scale: str
    author: str
    begun: str
    state: str = Field(description="starting, running, interrupted, done or failed.")
    candidates: int = Field(description="Programs written so far.")
    candidates_allowed: int
    best: CandidateRow | None = Field(description="The best program so far; null while none has run.")
    test_value: float | None = Field(
        description="The best program's metric on the test split; null until it is scored."
    )
    spend: Spend

    @classmethod
    def of(cls, run: RunRecord) -> "RunRow":
        return cls(**_row(run))


class Watched(RunRow):
    new: list[CandidateRow] = Field(description="Candidates finished that are not among those named as known.")
    waiting: list[str] = Field(description="What the run waits for, where a person has to do something.")
    message: str

    @classmethod
    def since(cls, run: RunRecord, known: Sequence[str], state: str, message: str) -> "Watched":
        finished = [c for c in run.candidates if c.evaluation is not None and c.slot not in known]
        row = {**_row(run), "state": state}
        new = [CandidateRow.of(candidate) for candidate in finished]
        return cls(**row, new=new, waiting=[str(one) for one in run.waiting], message=message)


class RunList(BaseModel):
    runs: list[RunRow] = Field(description="The newest last.")
    unreadable: list[str] = Field(description="Folders whose run cannot be read, with why.")


class Started(BaseModel):
    run: str = Field(description="The run's name; the same call takes up the same run.")
    state: str
    author: str
    candidates_allowed: int
    sandbox: str
    report: str = Field(description="Path of the report on the server's machine, rewritten as the run goes.")


class CandidateShown(CandidateRow):
    run: str
    feedback: str = Field(description="What was wrong with it, or where its error sits; never a reference value.")
    parents: list[str]
    dev: Figures | None
    program: str | None
    repairs: list[str] = Field(description="What had to be done to take the program out of the model's reply.")

    @classmethod
    def shown(cls, run: RunRecord, candidate: Candidate) -> "CandidateShown":
        slots = {one.id: one.slot for one in run.candidates}
        evaluation, proposal = candidate.evaluation, candidate.proposal
        return cls(
            **dict(CandidateRow.of(candidate)),
            run=run.folder.name,
            feedback=(evaluation.feedback if evaluation else "")[:LONGEST],
            parents=[slots.get(parent, str(parent)) for parent in candidate.parents],
            dev=Figures.of(evaluation.dev) if evaluation else None,
            program=proposal.program.source if proposal and proposal.program else None,
            repairs=list(proposal.repairs) if proposal else [],
        )


class Solved(BaseModel):
    run: str
    state: str
    candidate: str
    author: str
    author_note: str = Field(description="What kind of author wrote it.")
    program: str = Field(description="The source text; it defines the asked function.")
    sha256: str
    status: str = Field(description="ok, or how it failed on the split that was scored last.")
    dev: Figures | None
    test: Figures | None = Field(
        description="Null until the run is done: only the chosen program is scored on test, once."
    )
    notes: list[str]
    sandbox: str
    spend: Spend
    solver_file: str | None = Field(description="Path on the server's machine of the program, made to run by itself.")
    report: str | None = Field(description="Path of the report on the server's machine.")

    @classmethod
    def of(cls, run: RunRecord, candidate: Candidate) -> "Solved":
        assert candidate.program
        assert candidate.evaluation
        evaluation = candidate.evaluation
        return cls(
            run=run.folder.name,
            state=run.state,
            candidate=candidate.slot,
            author=run.asked.author,
            author_note=run.asked.author_note,
            program=candidate.program.source,
            sha256=candidate.program.sha256,
            status=evaluation.status,
            dev=Figures.of(evaluation.dev),
            test=Figures.of(evaluation.test),
            notes=list(evaluation.notes),
            sandbox=run.asked.sandbox,
            spend=_spend(run),
            solver_file=_present(run.folder / "best" / "solver.py"),
            report=_present(run.folder / "report.html"),
        )


class ConvergenceRow(BaseModel):
    resolution: int
    error: float | None


class Evaluated(BaseModel):
    task: str
    parameters: dict[str, float]
    scale: str
    sandbox: str
    program: str = Field(description="The program's SHA-256.")
    status: str = Field(description="ok, or how the program failed.")
    feedback: str = Field(description="What was wrong with it, or where its error sits; never a reference value.")
    dev: Figures | None = None
    test: Figures | None = None
    convergence: list[ConvergenceRow] = Field(description="Errors of the refinement study on smooth data.")


def finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _row(run: RunRecord) -> dict[str, Any]:
    best = run.best.candidate if run.best else None
    test = best.evaluation.test if best and best.evaluation else None
    return {
        "run": run.folder.name,
        "task": run.asked.task,
        "parameters": dict(run.asked.parameters),
        "scale": run.asked.scale,
        "author": run.asked.author,
        "begun": run.asked.started,
        "state": run.state,
        "candidates": len(run.written),
        "candidates_allowed": run.asked.question.candidates,
        "best": CandidateRow.of(best) if best else None,
        "test_value": finite(test.figure) if test else None,
        "spend": _spend(run),
    }


def _spend(run: RunRecord) -> Spend:
    return Spend.model_validate(spend_fields(run.spend))


def _present(file: Path) -> str | None:
    return str(file.resolve()) if file.exists() else None
