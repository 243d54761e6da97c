"""The loop: ask the strategy, have the candidates made, record; until the budget is spent."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Literal, Protocol

from fieldsmith.agents.author import Candidate, Move, NothingLeft
from fieldsmith.agents.moves import move_named
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.orchestrator.budget import Budget, exhausted, spent
from fieldsmith.orchestrator.elapsed import Elapsed
from fieldsmith.orchestrator.store import Store
from fieldsmith.strategies.strategy import Ask, Strategy, asks_of

OnCandidate = Callable[[Candidate], None]
Reason = Literal["no_more_ideas", "fault", "stopped"]
OnWithdrawn = Callable[[Candidate, Reason, str], None]
Working = dict[Future[Candidate | NothingLeft], Candidate]
FAULT_SECONDS = 300.0
"""How long replies that are on their way are waited for after another request has failed."""


class Maker(Protocol):
    """Makes candidates, in several threads at a time. `label` says in the results who makes them."""

    @property
    def label(self) -> str: ...

    def expect(self, count: int) -> None:
        """Make ready for so many candidates; a hint."""

    def make(
        self, candidate: Candidate, move: Move, history: Sequence[Candidate], stopping: threading.Event
    ) -> Candidate | NothingLeft:
        """The candidate with its proposal and evaluation, without the latter where `stopping` was set meanwhile.

        `history` holds all finished candidates. Raises ProviderError and MissingPart for what is no candidate's fault, InterruptedError when it is
        stopped.
        """
        ...

    def stop(self) -> None:
        """End what candidates in the making are at."""


@dataclass
class Loop:
    """One search. `in_flight` candidates are in the making at a time."""

    maker: Maker
    strategy: Strategy
    budget: Budget
    store: Store
    elapsed: Elapsed
    in_flight: int = 1
    on_candidate: OnCandidate = lambda _: None
    on_start: OnCandidate = lambda _: None
    on_withdrawn: OnWithdrawn = lambda _candidate, _reason, _why: None
    """Hears of each candidate that was begun and does not come in this sitting."""
    on_stop: Callable[[], None] = lambda: None
    enough: Callable[[Sequence[Candidate]], str] = lambda _history: ""
    """Why nothing better is sought than what there is; empty where something is."""
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._deadline = math.inf

    def run(self) -> str:
        """Search until the budget is spent or nothing is left to try; says which. Resumes what was begun before.

        An exception, Ctrl-C included, ends running programs and open requests at once; what was recorded stays.
        """
        self.maker.expect(self.budget.candidates - len(self.store.candidates()))
        pool = ThreadPoolExecutor(self.in_flight, thread_name_prefix="candidate")
        working: Working = {}
        try:
            return self._search(pool, working)
        except BaseException as error:
            self._stop()
            for candidate in working.values():
                self.on_withdrawn(candidate, "stopped", str(error) or "the run was interrupted")
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _search(self, pool: ThreadPoolExecutor, working: Working) -> str:
        unfinished = [c for c in self.store.candidates() if c.evaluation is None]
        reason, fault = "", None
        while True:
            if not fault and not self.stopping.is_set():
                for candidate in unfinished[: self.in_flight - len(working)]:
                    unfinished.remove(candidate)
                    self._starts(candidate)
                    working[pool.submit(self._make, candidate)] = candidate
                if not unfinished and not reason:
                    asks, reason = self._asks(self.in_flight - len(working))
                    for ask in asks:
                        candidate = self._issued(ask)
                        self._starts(candidate)
                        working[pool.submit(self._make, candidate)] = candidate
            if not working:
                if fault:
                    raise fault
                return reason or "the strategy has nothing more to ask"
            self.elapsed.keep_if_due()
            done, _ = wait(working, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                ended, error = self._ended(working[future], future)
                del working[future]
                reason, fault = ended or reason, fault or error
                if error:
                    self._deadline = time.monotonic() + FAULT_SECONDS
            if not self.stopping.is_set() and (self.budget.late or time.monotonic() > self._deadline):
                reason = exhausted(self.budget.hours, "hour") if self.budget.late else reason
                self._stop()

    def _starts(self, candidate: Candidate) -> None:
        self.elapsed.keep()
        self.on_start(candidate)

    def _issued(self, ask: Ask) -> Candidate:
        """A new candidate for a move. Raises InputError for a move that a later sitting could not take up as it is."""
        move = ask.move
        for parent in move.parents:
            if parent.evaluation is None:
                words = f"The strategy {self.strategy.name!r} asks for {move.name!r} with candidate {parent.id}"
                raise InputError(f"{words}, which is still in the making.", "Ask for it when it is evaluated.")
        if move_named(move.name, move.parents) != move:
            words = f"The move {move.name!r} holds more than its parents, and a run that resumes would lose it."
            raise InputError(words, f"Let {type(move).__qualname__}.remade give the same move.")
        return self.store.issue(ask.slot, move, self.maker.label)

    def _ended(
        self, candidate: Candidate, future: "Future[Candidate | NothingLeft]"
    ) -> tuple[str, FieldsmithError | None]:
        """Why the search ends with this candidate, if it does, and the fault that ended its making.

        After a fault nothing more is asked, but what others were asked for is waited for: it may be paid for already.
        """
        try:
            finished = future.result()
        except FieldsmithError as error:
            self.on_withdrawn(candidate, "fault", str(error))
            return "", error
        except InterruptedError:
            if self.stopping.is_set():
                return self._left(candidate)
            raise
        if isinstance(finished, NothingLeft):
            self.store.withdraw(candidate)
            why = str(finished) or "the author has tried all it knows"
            self.on_withdrawn(candidate, "no_more_ideas", why)
            return why, None
        if finished.evaluation is None:
            return self._left(candidate)
        self.on_candidate(finished)
        return "", None

    def _left(self, candidate: Candidate) -> tuple[str, None]:
        """A candidate that stays unfinished at the end of the time; the next sitting takes it up."""
        self.on_withdrawn(candidate, "stopped", "the time was over before it was finished")
        return "", None

    def _stop(self) -> None:
        """End running programs and open requests."""
        self.stopping.set()
        self.on_stop()
        self.maker.stop()

    def _asks(self, room: int) -> tuple[Sequence[Ask], str]:
        history = self.store.candidates()
        spend = spent(history, self.budget.seconds(), self.store.lost())
        refusal = self.enough(history) or self.budget.refusal(history, spend)
        if refusal:
            return (), refusal
        room = min(room, self.budget.affordable(history, spend))
        return (asks_of(self.strategy, history, room, self.budget.candidates - len(history)) if room > 0 else ()), ""

    def _make(self, candidate: Candidate) -> Candidate | NothingLeft:
        """The candidate made, or why the maker has nothing left; one without an evaluation was stopped in its making."""
        history = [c for c in self.store.candidates() if c.evaluation is not None]
        made = self.maker.make(candidate, self._move(candidate, history), history, self.stopping)
        if not isinstance(made, NothingLeft) and made.evaluation is not None:
            self.store.record(made)
        return made

    def _move(self, candidate: Candidate, history: Sequence[Candidate]) -> Move:
        by_id = {c.id: c for c in history}
        return move_named(candidate.move, [by_id[n] for n in candidate.parents])
