"""What the programs of a run are known to do: one that was evaluated before is not evaluated again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fieldsmith.agents.author import Candidate, Program
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.orchestrator.store import Store


class Known:
    """Evaluations of a run by what their programs do. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._lock = threading.Lock()
        self._claims: dict[str, threading.Lock] = {}
        self._first: dict[str, tuple[str, Evaluation]] = {}
        """By essence: slot and evaluation of the first candidate that was evaluated for itself."""
        for candidate in store.candidates():
            self.keep(candidate)

    @contextmanager
    def claimed(self, program: Program | None) -> Iterator[Evaluation | None]:
        """The evaluation of a program that is the same, as that of a copy; None where there is none.

        Until the block is left nobody else gets an answer for the same program, so that what is evaluated and kept meanwhile is known then.
        """
        if program is None:
            yield None
            return
        with self._lock:
            claim = self._claims.setdefault(program.essence, threading.Lock())
        with claim:
            first = self._first.get(program.essence)
            yield _copied(*first) if first else None

    def keep(self, candidate: Candidate) -> None:
        """From now on the candidate's evaluation, if it tells of its program, is known."""
        evaluation = candidate.evaluation
        if candidate.program is not None and evaluation is not None and _tells(evaluation):
            with self._lock:
                self._first.setdefault(candidate.program.essence, (candidate.slot, evaluation))


def _tells(evaluation: Evaluation) -> bool:
    """Whether it tells of the program itself: one that was ended by the wall clock may tell of the machine."""
    return not evaluation.copy_of and evaluation.facts.get("limit") != "wall"


def _copied(slot: str, evaluation: Evaluation) -> Evaluation:
    """Its feedback is the other's: which of two was evaluated depends on timing, and what a model is told must not."""
    return replace(evaluation, copy_of=slot, seconds=0.0)
