"""What an author writes and what becomes of it: programs, proposals, candidates."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from fieldsmith.blocks import Plan
from fieldsmith.evaluation.essence import digest, essence_of
from fieldsmith.evaluation.evaluation import Evaluation


@dataclass(frozen=True)
class Program:
    """A source text, identified by its content."""

    source: str

    @property
    def sha256(self) -> str:
        return digest(self.source)

    @property
    def essence(self) -> str:
        """The same for programs that differ in comments, formatting, docstrings and names of local variables alone; that of the text where it is no Python."""
        return essence_of(self.source)


@dataclass(frozen=True)
class Usage:
    """What one or more chat replies cost; `usd` is None where the price is unknown. `estimated` says that tokens, and with
    them the price, were not all counted by the server but made from the text.

    Of the input tokens `cached_tokens` were read from the provider's cache of prompts, which saved `saved_usd` (what writing to it cost taken off;
    None where the price is unknown). `lost_tokens`, of both kinds, are those of attempts that came to nothing and were charged; they
    are in the counts."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0
    estimated: bool = False
    cached_tokens: int = 0
    saved_usd: float | None = 0.0
    lost_tokens: int = 0

    @classmethod
    def sum(cls, usages: Iterable["Usage"]) -> "Usage":
        """What all of them cost together; the price is unknown as soon as one of theirs is."""
        total = cls()
        for one in usages:
            total = cls(
                total.input_tokens + one.input_tokens,
                total.output_tokens + one.output_tokens,
                _added(total.usd, one.usd),
                total.seconds + one.seconds,
                total.estimated or one.estimated,
                total.cached_tokens + one.cached_tokens,
                _added(total.saved_usd, one.saved_usd),
                total.lost_tokens + one.lost_tokens,
            )
        return total


def _added(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


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
    """Its name: draft, debug, refine, restart, or that of a plug-in's move."""
    parents: tuple[int, ...] = ()
    author: str = ""
    proposal: Proposal | None = None
    evaluation: Evaluation | None = None

    @property
    def program(self) -> Program | None:
        return self.proposal.program if self.proposal else None

    @property
    def essence(self) -> str:
        """That of its program; empty without one."""
        return self.program.essence if self.program else ""

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


def distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The first candidate of each program, where programs that differ in comments, formatting and names of local variables alone are the same.

    Candidates without a program are all kept.
    """
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.essence or f"without a program: {candidate.id}", candidate)
    return list(first.values())
