"""What the programs of a run are known to do: one that was evaluated before is not evaluated again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fieldsmith.agents.author import Candidate, Program
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.evaluation.words import usual
from fieldsmith.orchestrator.store import Store


class Known:
    """Evaluations of a run by what their programs do. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._claims: dict[str, threading.Lock] = {}
        self._essences: dict[int, str] = {}

    @contextmanager
    def claimed(self, program: Program | None) -> Iterator[Evaluation | None]:
        """The evaluation of a program that is the same, as that of a copy; None where there is none.

        Until the block is left nobody else gets an answer for the same program, so that what is evaluated meanwhile is known then.
        """
        if program is None:
            yield None
            return
        with self._lock:
            claim = self._claims.setdefault(program.essence, threading.Lock())
        with claim:
            first = self._first(program.essence)
            yield None if first is None or first.evaluation is None else _copied(first.slot, first.evaluation)

    def _first(self, essence: str) -> Candidate | None:
        """The first candidate whose program is the same and was evaluated for itself."""
        return next((c for c in self._store.candidates() if _tells(c) and self._essence(c) == essence), None)

    def _essence(self, candidate: Candidate) -> str:
        if candidate.id not in self._essences and candidate.program is not None:
            self._essences[candidate.id] = candidate.program.essence
        return self._essences.get(candidate.id, "")


def _tells(candidate: Candidate) -> bool:
    """Whether an evaluation tells of the program: one that was ended by the wall clock may tell of the machine."""
    evaluation = candidate.evaluation
    return evaluation is not None and not evaluation.copy_of and evaluation.facts.get("limit") != "wall"


def _copied(slot: str, evaluation: Evaluation) -> Evaluation:
    facts = {**evaluation.facts, "copy_of": slot} if evaluation.facts else {}
    feedback = f"{usual().said({'kind': 'copy', 'copy_of': slot})}\n\n{evaluation.feedback}"
    return replace(evaluation, copy_of=slot, facts=facts, feedback=feedback, seconds=0.0)
