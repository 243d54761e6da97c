"""What a run waits for, kept where other processes can read it: which file of a mailbox, for which candidate, since when."""

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from fieldsmith.agents.author import Candidate
from fieldsmith.models.chat_model import TURN, ChatRequest
from fieldsmith.orchestrator.run import Waiting

FACT = "waiting"


class Facts(Protocol):
    """The part of a store that is needed here."""

    def candidates(self) -> list[Candidate]: ...
    def fact(self, name: str, default: Any = None) -> Any: ...
    def set_fact(self, name: str, value: object) -> None: ...


class Waits:
    """Notes what a model says it waits for, by the candidate whose request its thread is at, and passes it on."""

    def __init__(self, facts: Facts, told: Callable[[str], None]) -> None:
        self._facts, self._told = facts, told
        self._lock = threading.Lock()
        self._current = threading.local()

    def begin(self, request: ChatRequest) -> ChatRequest:
        """The request with the number of its candidate, which is this thread's from now on."""
        found = candidate_of(request.ordinal, self._facts.candidates())
        self._current.candidate = found
        return replace(request, candidate=found.id) if found else request

    def tell(self, what: str) -> None:
        found = getattr(self._current, "candidate", None)
        if found is not None:
            with self._lock:
                before = {one["candidate"]: one for one in self._facts.fact(FACT, [])}
                entry = {"candidate": found.id, "slot": found.slot, "what": what}
                # A later sitting waits for the same file.
                old = before.get(found.id, {})
                since = old["since"] if old.get("what") == what else time.strftime("%Y-%m-%d %H:%M:%S")
                self._facts.set_fact(FACT, [*({**before, found.id: {**entry, "since": since}}).values()])
        self._told(what)

    def end(self) -> None:
        """What this thread's candidate waited for is there."""
        found = getattr(self._current, "candidate", None)
        with self._lock:
            before = self._facts.fact(FACT, []) if found is not None else []
            left = [one for one in before if one["candidate"] != found.id] if found else []
            if len(left) < len(before):
                self._facts.set_fact(FACT, left)


def waiting_of(stored: Sequence[dict[str, Any]], candidates: Sequence[Candidate]) -> tuple[Waiting, ...]:
    """What is kept under `FACT`, for candidates that are not answered yet."""
    open_ = {c.id for c in candidates if c.proposal is None}
    return tuple(Waiting(**one) for one in stored if one["candidate"] in open_)


def candidate_of(ordinal: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """The candidate that a request's ordinal belongs to: its slot, then an episode's turn, a seed and what else is asked."""
    own = [c for c in candidates if re.fullmatch(rf"{re.escape(c.slot)}({TURN}\d+)?(@-?\d+)?-*(\+\w+)?", ordinal)]
    return max(own, key=lambda c: len(c.slot), default=None)
