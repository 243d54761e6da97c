"""The words of this room: a run is a directory that holds what was asked and all that happened.

run.toml           what was asked, with every option that was in force
run.sqlite         candidates, model replies and events; each written in one transaction
candidates/        one folder a candidate: solver.py, prompt.md, reply.md, plan and evaluation as JSON
best/solver.py     the best program, runs by itself; best/pictures.npz and pictures.json what the report draws
result.json        the final line of `solve --json`
report.html        rewritten as the run goes
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fieldsmith.agents.author import Candidate
from fieldsmith.tasks.task import Picture


@dataclass(frozen=True)
class Asked:
    """What the person asked for, as kept in run.toml."""

    task: str
    title: str
    statement: str
    parameters: Mapping[str, float]
    scale: str
    data: str
    fingerprint: str
    author: str
    author_note: str
    """What kind of author this is, in words: an LLM by name, or the built-in one, which is not an LLM."""
    strategy: str
    sandbox: str
    seed: int
    budget: Mapping[str, float]
    command: str
    started: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Spend:
    """What a run has used; `usd` is None where a price is unknown."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Best:
    """The chosen candidate (its evaluation carries dev and, once the run is done, test) and its pictures."""

    candidate: Candidate
    pictures: tuple[Picture, ...] = ()


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
