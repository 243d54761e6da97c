"""Makes the candidates of a search for a program: an author writes it, a sandbox runs it, the judge scores it."""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fieldsmith.agents.author import Author, Candidate, Move, NothingLeft, Proposal
from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.evaluation.judge import OnOutputs
from fieldsmith.orchestrator.known import Known
from fieldsmith.orchestrator.store import Store
from fieldsmith.orchestrator.tracked import TrackedSandbox
from fieldsmith.sandboxes.sandbox import Limits, Sandbox
from fieldsmith.tasks.task import Brief, Task

STUDIED = 3
"""The order of convergence is measured of a program unless that many of those that it was made from are better."""


@dataclass
class ProgramMaker:
    """For one task; `evaluators` programs run at a time, each on `pilots` samples at low resolution first. `draw` gives what is to see a candidate's arrays, if anything is."""

    task: Task
    brief: Brief
    author: Author
    sandbox: Sandbox
    limits: Limits
    store: Store
    evaluators: int = 1
    draw: Callable[[Candidate], OnOutputs | None] = lambda _: None
    pilots: int = 0

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
            self._known.keep(candidate)
        return candidate

    def _evaluate(self, candidate: Candidate, proposal: Proposal) -> Evaluation:
        if proposal.program is None:
            problem = proposal.problem
            return Evaluation("missing_function", problem, error_message=problem, sandbox=self.sandbox.name)
        source = proposal.program.source
        drawn, worst = self.draw(candidate), self._studied_up_to(candidate)
        return evaluate(
            self.task,
            source,
            self._sandbox,
            limits=self.limits,
            studied_up_to=worst,
            on_outputs=drawn,
            pilots=self.pilots,
        )

    def _studied_up_to(self, candidate: Candidate) -> float:
        """The rank up to which a program is among the best that were known when its making began.

        Those are taken to be its ancestors, which the strategy chose: who else is finished by then depends on timing, and
        feedback must not.
        """
        by_id = {c.id: c for c in self.store.candidates()}
        ancestors: set[int] = set()
        found = set(candidate.parents)
        while found:
            ancestors |= found
            found = {parent for n in found for parent in by_id[n].parents} - ancestors
        ranks = sorted({by_id[n].dev_rank for n in ancestors})  # one that was repeated counts once
        return ranks[STUDIED - 1] if len(ranks) >= STUDIED else math.inf
