"""The words of this room: moves, programs, candidates and the authors that write them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.tasks.task import Brief


@dataclass(frozen=True)
class Program:
    """A source text, identified by its content."""

    source: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.source.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Plan:
    """The numerical strategy behind a program, kept beside it. `expected_order` is the order in space."""

    discretisation: str = ""
    time_integrator: str = ""
    resolution_control: str = ""
    expected_order: float | None = None
    summary: str = ""


@dataclass(frozen=True)
class Draft:
    """Write a program from the brief alone."""


@dataclass(frozen=True)
class Debug:
    """Mend a program that failed."""

    candidate: "Candidate"


@dataclass(frozen=True)
class Refine:
    """Write a better program than these, best first."""

    candidates: tuple["Candidate", ...]


@dataclass(frozen=True)
class Restart:
    """Begin anew where mending repeats a mistake: as a draft, or as a refinement of `candidates` where the chain began so."""

    failed: "Candidate"
    candidates: tuple["Candidate", ...] = ()


Move = Draft | Debug | Refine | Restart


@dataclass(frozen=True)
class Usage:
    """What one or more chat replies cost; `usd` is None where the price is unknown."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Proposal:
    """What an author answers to a move. Without a program, `problem` says what was wrong with the reply.

    `repairs` says in sentences what was done to get the program out of the reply, where it was not simply there.
    """

    program: Program | None
    plan: Plan = field(default_factory=Plan)
    problem: str = ""
    prompt: str = ""
    reply: str = ""
    usage: Usage = field(default_factory=Usage)
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A program with its lineage and its evaluation; `evaluation` is None while it is in the making.

    `slot` names its place in the search independently of timing: the same slot in a rerun gets the same prompt.
    """

    id: int
    slot: str
    move: str
    """draft, debug, refine or restart"""
    parents: tuple[int, ...] = ()
    author: str = ""
    proposal: Proposal | None = None
    evaluation: Evaluation | None = None

    @property
    def program(self) -> Program | None:
        return self.proposal.program if self.proposal else None

    @property
    def ok(self) -> bool:
        return self.evaluation is not None and self.evaluation.status == "ok"

    @property
    def failing_line(self) -> str:
        """The line of the program at which it failed, as text; empty where that is not known."""
        line = self.evaluation.error_line if self.evaluation else None
        rows = self.program.source.splitlines() if self.program else []
        return rows[line - 1].strip() if line and 0 < line <= len(rows) else ""

    @property
    def dev_nrmse(self) -> float:
        """Dev error, infinite unless the program ran and was scored."""
        score = self.evaluation.dev if self.evaluation else None
        return score.nrmse if self.ok and score else float("inf")

    @property
    def dev_figure(self) -> float | None:
        """The task's metric on dev; None unless the program ran and was scored."""
        score = self.evaluation.dev if self.evaluation else None
        return score.figure if self.ok and score else None

    @property
    def dev_rank(self) -> float:
        """What candidates sort by, the smaller the better: the task's metric on dev in its direction, infinite without one."""
        score = self.evaluation.dev if self.evaluation else None
        return score.rank if self.ok and score else float("inf")


class NothingLeft(Exception):
    """An author has no further idea; the run ends with what it has, and with the reason given here."""


class Author(Protocol):
    """Turns a brief and a move into a program.

    `label` stands in the results (`openai:gpt-5`, `numerics`), `note` says what kind of author it is; `trusted` authors may run in a plain process.
    """

    label: str
    note: str
    trusted: bool

    def write(self, brief: Brief, move: Move, slot: str, history: Sequence[Candidate]) -> Proposal:
        """Answer a move. `history` holds all finished candidates. Raises ProviderError if the provider gives up, NothingLeft."""
        ...
