"""The words of this room: a run is a directory that holds what was asked and all that happened.

run.toml           what was asked, with every option that was in force
run.sqlite         candidates, model replies and events; each written in one transaction
candidates/        one folder a candidate: solver.py, prompt.md, reply.md, plan and evaluation as JSON
best/solver.py     the best program, runs by itself; best/pictures.npz and pictures.json what the report draws
best/solution.nc   of a problem of one's own the solution as it was asked for; of a plane in time also best/film.gif
problem/           of a problem of one's own its file, with the arrays that it names; best/problem/ the same
result.json        the final line of `solve --json`
report.html        rewritten as the run goes
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldsmith.agents.author import Candidate
from fieldsmith.orchestrator.question import Question
from fieldsmith.tasks.task import Picture

SOLUTION = "solution.nc"
"""In `best/`."""


@dataclass(frozen=True)
class Asked:
    """What the person asked for and what it came to, as kept in run.toml.

    In `question` names stand in place of objects, values in place of what was left to choose.
    """

    question: Question
    title: str
    statement: str
    fingerprint: str
    author: str
    author_note: str
    """What kind of author this is, in words: an LLM by name, or the built-in one, which is not an LLM."""
    command: str
    """What to type for the same; empty where objects were given that no command can name."""
    started: str
    width: int = 1
    """Refinements of a generation, as many as were in flight in the first sitting."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """A person's own templates by file name."""
    place: str = ""
    """Where the task is written, if its name does not load it."""
    independent: bool | None = None
    """Whether strategy and author both say that what was tried before has no say in what is tried next; None of a run that was begun before they were asked."""
    accuracy: float | None = None
    """The relative error that a problem of one's own asks for; None of other tasks."""
    judged_by: str = ""
    """What programs of such a problem are judged by, in words."""
    sittings: Sequence[Mapping[str, Any]] = field(default_factory=list)
    """What each sitting was made with (`provenance.py`); one that had the surroundings of the one before is not told again."""

    @property
    def task(self) -> str:
        return str(self.question.task)

    @property
    def parameters(self) -> Mapping[str, float]:
        return {name: float(value) for name, value in (self.question.param or {}).items()}

    @property
    def scale(self) -> str:
        return self.question.scale

    @property
    def sandbox(self) -> str:
        return self.question.sandbox

    @property
    def call(self) -> str:
        """The command, or words that say why there is none."""
        return self.command or "Asked from Python with objects that no command can name; the same call resumes."

    @property
    def resumed_by(self) -> str:
        """What takes the run up again, in words."""
        return "the same command" if self.command else "the same call from Python"


@dataclass(frozen=True)
class Spend:
    """What a run has used; `usd` is None where a price is unknown. `estimated` says that tokens were in part estimated from
    the texts, `uncounted` that of some replies they are not known at all and not in the sums. `cached_tokens`, `saved_usd` and
    `lost_tokens` are as in `Usage`."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0
    estimated: bool = False
    uncounted: bool = False
    cached_tokens: int = 0
    saved_usd: float | None = 0.0
    lost_tokens: int = 0

    @property
    def counted(self) -> bool:
        """Whether the tokens are known, if only by an estimate."""
        return bool(self.input_tokens or self.output_tokens) or not self.uncounted


@dataclass(frozen=True)
class Best:
    """The chosen candidate (its evaluation carries dev and, once the run is done, test) and its pictures.

    `by_frame` are lines of its error over physical time, one a kind of sample; None where the problem has no times.
    """

    candidate: Candidate
    pictures: tuple[Picture, ...] = ()
    by_frame: Picture | None = None


@dataclass(frozen=True)
class Waiting:
    """What a candidate waits for where somebody has to do something about it, such as the file of a mailbox's reply."""

    candidate: int
    slot: str
    what: str
    since: str

    def __str__(self) -> str:
        return f"{self.what} since {self.since}"


@dataclass(frozen=True)
class RunRecord:
    """A run as read from disk; what reports and `runs` look at. `state`: running, interrupted, done, failed."""

    folder: Path
    asked: Asked
    state: str
    candidates: tuple[Candidate, ...]
    best: Best | None
    spend: Spend
    result: Mapping[str, object] | None = None
    message: str = ""
    tested: tuple[int, ...] = ()
    """Candidates that the test split has been scored for, one for every time the run came to an end."""
    waiting: tuple[Waiting, ...] = ()
    """What is waited for, or was when the run was interrupted."""
    away: Mapping[str, float] | None = None
    """Of the solution that was handed over: `error` away from its jumps, `share` of the points that lie beside them; None where that is not known or there are none."""

    @property
    def written(self) -> tuple[Candidate, ...]:
        """The candidates that there are: one whose author has not answered yet is none."""
        return tuple(written(self.candidates))


def written(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Candidates that their author has answered for."""
    return [c for c in candidates if c.proposal is not None or c.evaluation is not None]
