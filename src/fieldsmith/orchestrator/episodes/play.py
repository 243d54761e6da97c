"""One episode, played to its end: the agent's turns, their calls, every step on disk before the next."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fieldsmith.agents.acting.agent import Agent, Exchange, Turn
from fieldsmith.environments.calls import Call
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.episode import Record
from fieldsmith.environments.observation import UNREADABLE, Step, StepFault
from fieldsmith.errors import MissingPart, ProviderError
from fieldsmith.models.chat_model import TURN
from fieldsmith.orchestrator.episodes.ledger import NO_TURN, Kept, Ledger, with_step

PAUSES = (1.0, 4.0)
"""Seconds before a step is tried again that failed for no fault of the agent's."""
RESUME = "Mend that; the same command resumes."
Told = Callable[[str, Mapping[str, object]], None]


def unheard(_kind: str, _fields: Mapping[str, object]) -> None:
    """Tells nobody."""


@dataclass
class Play:
    """An episode in the making; `run` takes it up where an earlier sitting stopped.

    format_errors: calls that are not valid, one after another, that end it. refusal: why nothing more may be asked, asked before each turn.
    branch: the episode and the step in whose state it begins, if not at the beginning.
    """

    env: AnyEnvironment
    agent: Agent
    ledger: Ledger
    candidate: int
    slot: str
    task: str
    seed: int
    max_steps: int
    format_errors: int = 6
    refusal: Callable[[], str] = lambda: ""
    branch: tuple[Kept, int] | None = None
    listener: Told = unheard
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> Kept:
        """Raises ProviderError and MissingPart for what is not the agent's fault, InterruptedError when it is stopped."""
        self._dialogue = self._begun()
        while not self.env.episode.over:
            if self.stopping.is_set():
                raise InterruptedError("stopped in the middle of an episode")
            if left := self._left_over():
                self._take(left)
            elif why := self._broken_off():
                self._ended(why)
            else:
                self._take(self._turn())
        return Kept(self.candidate, self.env.episode, tuple(self._dialogue), self._parent)

    @property
    def _parent(self) -> tuple[int, int] | None:
        return (self.branch[0].candidate, self.branch[1]) if self.branch else None

    def _begun(self) -> list[Exchange]:
        """The dialogue so far, of an episode that is begun now or was before."""
        kept = self.ledger.episode(self.candidate)
        if kept is not None:
            self.env.episode = kept.episode
            return list(kept.dialogue)
        if self.branch:
            parent, step = self.branch
            try:
                self.env.branch(parent.episode, step, self.seed, self.max_steps)
            except StepFault as fault:
                raise MissingPart(
                    f"The state after step {step} of episode {parent.candidate} cannot be taken up: {fault}", RESUME
                ) from None
        else:
            try:
                self.env.reset(self.seed, self.task, self.max_steps)
            except StepFault as fault:
                raise MissingPart(f"The episode cannot begin: {fault}", RESUME) from None
        self.ledger.begin(self.candidate, self.env.episode, self._parent)
        return []

    def _left_over(self) -> Turn | None:
        """The last turn, where a kill came before all its calls were taken."""
        if not self._dialogue:
            return None
        last = self._dialogue[-1]
        return last.turn if len(last.records) < max(1, len(last.turn.calls)) else None

    def _turn(self) -> Turn:
        number = len(self._dialogue)
        turn = self.agent.turn(self.env, self._dialogue, f"{self.slot}{TURN}{number + 1}")
        self.ledger.keep_turn(self.candidate, number, turn)
        self._dialogue.append(Exchange(turn, ()))
        return turn

    def _take(self, turn: Turn) -> None:
        """Take the turn's calls that were not taken yet, until the episode is over."""
        if not turn.calls:
            self._keep(self.env.rejected(turn.text, turn.problem), turn)
            return
        for asked in turn.calls[len(self._dialogue[-1].records) :]:
            if self.env.episode.over:
                return
            self._keep(self._stepped(asked.call), turn)

    def _stepped(self, call: Call) -> Step:
        """The step; what is not the agent's fault is tried again, and then ends this sitting."""
        for pause in (*PAUSES, None):
            step = self.env.step(call)
            if step.status not in ("resource_error", "transport_error"):
                return step
            words = step.observation.text
            if pause is None:
                fault = MissingPart if step.status == "resource_error" else ProviderError
                raise fault(f"{call.action} cannot be done: {words}", RESUME)
            self.listener("waiting", {"for": f"{words} It is tried again in {pause:g} s."})
            if self.stopping.wait(pause):
                raise InterruptedError("stopped before a step was tried again")
        raise AssertionError("unreachable")

    def _keep(self, step: Step, turn: Turn) -> None:
        record = self.env.episode.last
        self.ledger.keep_step(self.candidate, len(self.env.episode.records) - 1, len(self._dialogue) - 1, record)
        with_step(self._dialogue, record)
        self._tell(step, record, turn.text)

    def _ended(self, why: str) -> None:
        try:
            step = self.env.end(f"{why[:1].upper()}{why[1:]}.")
        except StepFault as fault:
            raise MissingPart(f"The episode cannot be judged: {fault}", RESUME) from None
        record = self.env.episode.last
        self.ledger.keep_step(self.candidate, len(self.env.episode.records) - 1, NO_TURN, record)
        self._tell(step, record)

    def _tell(self, step: Step, record: Record, said: str = "") -> None:
        fields = {**record_fields(record), "metrics": dict(step.metrics), "episode": self.candidate, "said": said}
        self.listener("step", fields)

    def _broken_off(self) -> str:
        """Why the episode ends here by a limit of the run, if it does."""
        wrong = 0
        for record in reversed(self.env.episode.records):
            if record.status not in UNREADABLE:
                break
            wrong += 1
        if wrong >= self.format_errors:
            return f"{wrong} calls in a row were not valid"
        return self.refusal()


def record_fields(record: Record) -> dict[str, object]:
    """A step as an event tells it, without its figures: what the agent may see of them is the environment's to say."""
    return {
        "step": record.step,
        "action": record.action,
        "arguments": dict(record.arguments),
        "status": record.status,
        "observation": record.text,
        "score": record.score,
        "reward": record.reward,
        "counted": record.counted,
        "terminated": record.terminated,
        "truncated": record.truncated,
        "seconds": round(record.seconds, 6),
    }


def valid_share(records: Sequence[object]) -> float | None:
    """Share of calls that were valid; None where there were none."""
    statuses = [getattr(record, "status", "") for record in records]
    return 1.0 - sum(status in UNREADABLE for status in statuses) / len(statuses) if statuses else None
