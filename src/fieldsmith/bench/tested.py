"""Test errors of a run's candidates: a run scores its best alone on the test split, so the others are scored afterwards and kept beside it.

`tested.json` in the run's folder holds for each program, by its digest, how it did on the test split of the data of that digest.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from fieldsmith.agents.author import Candidate
from fieldsmith.errors import InputError
from fieldsmith.evaluation import evaluate
from fieldsmith.orchestrator.open import task_of
from fieldsmith.orchestrator.record import write_text
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.task import Task

FILE = "tested.json"


@dataclass(frozen=True)
class _Kept:
    """What the file holds; one that holds anything else is as good as none."""

    fingerprint: str
    ranks: dict[str, float | None]


Tell = Callable[[int, int], None]


class Tested:
    """The test errors of a run. Raises InputError for a task that cannot be loaded or whose data is not the run's."""

    def __init__(self, run: RunRecord) -> None:
        self.run = run
        self._file = run.folder / FILE
        self._known: dict[str, float | None] = {**_stored(self._file, run.asked.fingerprint), **_own(run)}
        self._task: Task | None = None

    def knows(self, candidates: Sequence[Candidate]) -> bool:
        """Whether the test errors of all of these that ran are known."""
        return all(c.program.sha256 in self._known for c in candidates if c.ok and c.program)

    def rank(self, candidate: Candidate) -> float | None:
        """The candidate's figure on the test split, the smaller the better; None where it failed there."""
        assert candidate.program is not None
        return self._known[candidate.program.sha256]

    def measure(self, candidates: Sequence[Candidate], sandbox: Sandbox, tell: Tell = lambda _done, _all: None) -> None:
        """Score those that ran and are not known, one after the other; each is kept at once."""
        programs = {c.program.sha256: c.program for c in candidates if c.ok and c.program}
        missing = [program for digest, program in programs.items() if digest not in self._known]
        for done, program in enumerate(missing):
            tell(done, len(missing))
            outcome = evaluate(
                self._opened(), program.source, sandbox, splits=("test",), refinement=False, probing=False
            )
            self._known[program.sha256] = outcome.test.rank if outcome.status == "ok" and outcome.test else None
            stored = {"fingerprint": self.run.asked.fingerprint, "ranks": self._known}
            write_text(self._file, json.dumps(stored, indent=1))

    def _opened(self) -> Task:
        if self._task is None:
            task = task_of(self.run.asked)
            if task.fingerprint != self.run.asked.fingerprint:
                words = f"The data of {self.run.asked.task} is not what {self.run.folder} was made with."
                raise InputError(words, "Use the version of the task that the run was made with.")
            self._task = task
        return self._task


def _stored(file: Path, fingerprint: str) -> Mapping[str, float | None]:
    try:
        kept = TypeAdapter(_Kept).validate_json(file.read_bytes(), strict=True)
    except (OSError, ValidationError):
        return {}
    return kept.ranks if kept.fingerprint == fingerprint else {}


def _own(run: RunRecord) -> dict[str, float | None]:
    """What the run knows itself: of its best."""
    best = run.best.candidate if run.best else None
    score = best.evaluation.test if best and best.evaluation else None
    return {best.program.sha256: score.rank} if best and best.program and score else {}
