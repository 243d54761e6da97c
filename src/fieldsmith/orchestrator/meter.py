"""What a run's model has used and may still use, replies that are on their way included."""

import math
import threading
from collections.abc import Sequence
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.models.chat_model import ChatModel, ChatReply, ChatRequest
from fieldsmith.models.counting import prompt_tokens, tokens_in

LEAST = 1000
"""Tokens that a reply may always have: a shorter one cannot hold a program, and what it costs is spent already."""
MANY = 1_000_000
"""Tokens for which a price is asked, as prices are told."""


class Meter:
    """Tokens and dollars of all replies so far, and whether one that is on its way may grow.

    A reply may take what is left of the limits, and always as much as the longest so far: what is begun may go over a limit by
    less than one reply. Safe to use from several threads.
    """

    def __init__(self, model: ChatModel, tokens: float = math.inf, usd: float = math.inf) -> None:
        self._model, self._tokens, self._usd = model, tokens, usd
        self._lock = threading.Lock()
        self._spent, self._cost, self._longest = 0, 0.0, 0
        self._growing: dict[str, tuple[int, int]] = {}
        self._lost: dict[str, tuple[int, int]] = {}
        self._reading, self._writing = self._price(MANY, 0), self._price(0, MANY)

    @property
    def spent(self) -> tuple[int, float]:
        """Tokens and dollars of all replies that are there."""
        with self._lock:
            return self._spent, self._cost

    def replied(self, replies: Sequence[tuple[Any, ChatReply, float | None]]) -> None:
        """Count replies that are there."""
        with self._lock:
            for request, reply, usd in replies:
                if isinstance(request, ChatRequest):
                    self._lost.pop(request.ordinal, None)  # the reply holds them from now on
                self._spent += sum(reply.charged_tokens)
                self._cost += usd or 0.0
                self._longest = max(self._longest, reply.output_tokens)

    def lost(self, ordinal: str, read: int, written: int) -> None:
        """Count the tokens of all attempts of a request so far that came to nothing."""
        with self._lock:
            self._lost[ordinal] = (read, written)

    def may_go_on(self, request: ChatRequest, characters: int) -> bool:
        """Whether a reply of so many characters may grow; it counts as on its way from now on."""
        if math.isinf(self._tokens) and math.isinf(self._usd):
            return True
        written = tokens_in(characters)
        with self._lock:
            self._growing[request.key] = (prompt_tokens(request), written)
            return written < max(LEAST, self._longest) or not self._over()

    def has_room(self, request: ChatRequest) -> bool:
        """Whether a further request can be asked: its text and the shortest of replies fit into what is left."""
        with self._lock:
            return not self._over(prompt_tokens(request), LEAST)

    def ended(self, request: ChatRequest) -> None:
        """Count a request no longer as on its way."""
        with self._lock:
            self._growing.pop(request.key, None)

    def _over(self, read: int = 0, written: int = 0) -> bool:
        """Whether a limit is reached with so many tokens more."""
        under_way = [*self._growing.values(), *self._lost.values()]
        read += sum(r for r, _ in under_way)
        written += sum(w for _, w in under_way)
        cost = self._cost + (read * self._reading + written * self._writing) / MANY
        return self._spent + read + written >= self._tokens or cost >= self._usd

    def _price(self, read: int, written: int) -> float:
        """What so many tokens cost; 0 where that is not known."""
        try:
            return self._model.price(ChatReply("", read, written)) or 0.0
        except InputError:  # a price file that broke meanwhile
            return 0.0
