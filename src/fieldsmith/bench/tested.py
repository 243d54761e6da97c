"""Test errors of a run's candidates: a run scores its best alone on the test split, so the others are scored afterwards and kept beside it.

`tested.json` in the run's folder holds for each program, by its digest, how it did on the test split, and the digest of the arrays that it was scored on: figures
of other arrays, as of another machine, are not mixed with them. Only what tells of the program is kept; one that was ended by the wall clock may tell of the machine,
and one that cannot import what it could when it ran tells of the sandbox.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from fieldsmith.agents.author import Candidate
from fieldsmith.errors import InputError
from fieldsmith.evaluation import Evaluation, evaluate
from fieldsmith.orchestrator.open import task_of
from fieldsmith.orchestrator.record import write_text
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.digest import digest_of
from fieldsmith.tasks.task import Task

FILE = "tested.json"
NOT_IMPORTED = ("ModuleNotFoundError", "ImportError")


@dataclass(frozen=True)
class Kept:
    """What the file holds; one that holds anything else is as good as none. digest: of the test split's arrays."""

    fingerprint: str
    ranks: dict[str, float | None]
    digest: str


Tell = Callable[[int, int], None]


class Tested:
    """The test errors of a run. unkept: why the file could not be written, so that what was measured is lost afterwards; empty where it was.
    unimported: programs that lack a library in the sandbox they were given, and had it when they ran, by their digests: the message of each. Their test errors stay unknown.

    `measure` raises InputError for a task that cannot be loaded or whose data is not the run's, MissingPart for a sandbox that dies.
    """

    def __init__(self, run: RunRecord) -> None:
        self.run, self.unkept = run, ""
        self._file = run.folder / FILE
        self._task: Task | None = None
        own = str(run.asked.sittings[-1].get("data", {}).get("test", "")) if run.asked.sittings else ""
        self.unimported: dict[str, str] = {}
        kept = stored(self._file, run.asked.fingerprint)
        self._digest = kept.digest if kept else own
        self._known: dict[str, float | None] = dict(kept.ranks) if kept else {}
        if self._digest == own:
            self._known |= _own(run)
        self._passing: dict[str, float | None] = {}
        """What was found and may tell of the machine."""

    def knows(self, candidates: Sequence[Candidate]) -> bool:
        """Whether the test errors of all of these that ran are known."""
        return not self.missing(candidates)

    def missing(self, candidates: Sequence[Candidate]) -> list[str]:
        """Digests of the programs that ran and whose test errors are not known."""
        programs = dict.fromkeys(c.program.sha256 for c in candidates if c.ok and c.program)
        return [digest for digest in programs if digest not in self._known and digest not in self._passing]

    def rank(self, candidate: Candidate) -> float | None:
        """The candidate's figure on the test split, the smaller the better; None where it failed there."""
        assert candidate.program is not None
        digest = candidate.program.sha256
        return self._known[digest] if digest in self._known else self._passing[digest]

    def measure(self, candidates: Sequence[Candidate], sandbox: Sandbox, tell: Tell = lambda _done, _all: None) -> None:
        """Score those that ran and are not known, one after the other; each is kept at once."""
        if self.knows(candidates):
            return
        task = self._opened()
        sources = {c.program.sha256: c.program.source for c in candidates if c.program}
        missing = self.missing(candidates)
        for done, digest in enumerate(missing):
            tell(done, len(missing))
            outcome = scored(task, sources[digest], sandbox)
            if outcome.error_type in NOT_IMPORTED and not ran_in(self.run, sandbox):
                self.unimported[digest] = outcome.error_message
                continue
            rank = rank_of(outcome)
            if _by_the_wall(outcome):
                self._passing[digest] = rank
                continue
            self._known[digest] = rank
            self._keep()

    def _keep(self) -> None:
        kept = {"fingerprint": self.run.asked.fingerprint, "digest": self._digest, "ranks": self._known}
        try:
            write_text(self._file, json.dumps(kept, indent=1))
        except OSError as error:
            self.unkept = f"{self._file} cannot be written: {error.strerror}. What was measured is not kept"

    def _opened(self) -> Task:
        """The task; what is known of other arrays than those that it has here is forgotten."""
        if self._task is None:
            task = task_of(self.run.asked)
            if task.fingerprint != self.run.asked.fingerprint:
                words = f"The data of {self.run.asked.task} is not what {self.run.folder} was made with."
                raise InputError(words, "Use the version of the task that the run was made with.")
            digest = digest_of(task.split("test"))
            if digest != self._digest:
                self._digest, self._known = digest, {}
            self._task = task
        return self._task


def scored(task: Task, source: str, sandbox: Sandbox) -> Evaluation:
    """On the test split; once more where the wall clock ended it, since that may be the machine's fault."""
    outcome = evaluate(task, source, sandbox, splits=("test",), refinement=False, probing=False)
    if _by_the_wall(outcome):
        return evaluate(task, source, sandbox, splits=("test",), refinement=False, probing=False)
    return outcome


def ran_in(run: RunRecord, sandbox: Sandbox) -> bool:
    """Whether a sandbox has what one of the run's own had: what a program cannot import there is its own fault."""
    now = sandbox.name, list(sandbox.libraries()), sandbox.image_facts().get("id", "")
    own = [(one.get("sandbox"), one.get("sandbox_libraries"), one.get("image_id", "")) for one in run.asked.sittings]
    return now in own


def rank_of(outcome: Evaluation) -> float | None:
    """The figure on the test split, the smaller the better; None for a program that failed."""
    return outcome.test.rank if outcome.status == "ok" and outcome.test else None


def _by_the_wall(outcome: Evaluation) -> bool:
    return outcome.facts.get("limit") == "wall"


def stored(file: Path, fingerprint: str) -> Kept | None:
    """What a file holds of a task of this fingerprint; None for one that is missing, damaged or of another."""
    try:
        kept = TypeAdapter(Kept).validate_json(file.read_bytes(), strict=True)
    except (OSError, ValidationError):
        return None
    return kept if kept.fingerprint == fingerprint else None


def _own(run: RunRecord) -> Mapping[str, float | None]:
    """What the run knows itself: of its best."""
    best = run.best.candidate if run.best else None
    score = best.evaluation.test if best and best.evaluation else None
    return {best.program.sha256: score.rank} if best and best.program and score else {}
