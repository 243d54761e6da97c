"""Makes the candidates of a search for a program: an author writes it, a sandbox runs it, the judge scores it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fieldsmith.agents.author import Author, Candidate, Move, NothingLeft, Proposal
from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.evaluation.judge import OnOutputs
from fieldsmith.orchestrator.known import Known
from fieldsmith.orchestrator.store import Store
from fieldsmith.orchestrator.tracked import TrackedSandbox
from fieldsmith.sandboxes.sandbox import Limits, Sandbox
from fieldsmith.tasks.task import Brief, Task

STUDIED = 3
"""Of how many of the best so far the order of convergence is measured."""


@dataclass
class ProgramMaker:
    """For one task; `evaluators` programs run at a time. `draw` gives what is to see a candidate's arrays, if anything is."""

    task: Task
    brief: Brief
    author: Author
    sandbox: Sandbox
    limits: Limits
    store: Store
    evaluators: int = 1
    draw: Callable[[Candidate], OnOutputs | None] = lambda _: None

    def __post_init__(self) -> None:
        self._sandbox = TrackedSandbox(self.sandbox)
        self._known = Known(self.store)
        self._places = threading.Semaphore(self.evaluators)

    @property
    def label(self) -> str:
        return self.author.label

    def expect(self, count: int) -> None:
        self._sandbox.expect(self.limits, count)

    def stop(self) -> None:
        """End running programs."""
        self._sandbox.end_all()

    def make(
        self, candidate: Candidate, move: Move, history: Sequence[Candidate], stopping: threading.Event
    ) -> Candidate | NothingLeft:
        """Write and evaluate one candidate, or say why the author has nothing left."""
        proposal = candidate.proposal
        if proposal is None:
            try:
                proposal = self.author.write(self.brief, move, candidate.slot, history)
            except NothingLeft as nothing:
                return nothing
            candidate = replace(candidate, proposal=proposal)
            self.store.record(candidate)
        with self._known.claimed(proposal.program) as evaluation:
            if evaluation is None:
                with self._places:
                    if stopping.is_set():
                        return candidate
                    evaluation = self._evaluate(candidate, proposal)
            if stopping.is_set():
                return candidate
            candidate = replace(candidate, evaluation=evaluation)
            self.store.record(candidate)
        return candidate

    def _evaluate(self, candidate: Candidate, proposal: Proposal) -> Evaluation:
        if proposal.program is None:
            problem = proposal.problem
            return Evaluation("missing_function", problem, error_message=problem, sandbox=self.sandbox.name)
        source = proposal.program.source
        drawn = self.draw(candidate)
        return evaluate(
            self.task, source, self._sandbox, limits=self.limits, refinement=self._worth_a_study, on_outputs=drawn
        )

    def _worth_a_study(self, score: Score) -> bool:
        """Whether a program that ran is among the best so far."""
        better = sum(c.dev_rank < score.rank for c in self.store.candidates() if c.evaluation)
        return better < STUDIED
