"""What a run's model has used and may still use, replies that are on their way included."""

import math
import threading
from collections.abc import Sequence
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.models.chat_model import ChatModel, ChatReply, ChatRequest
from fieldsmith.models.counting import prompt_tokens, tokens_in
from fieldsmith.models.prices import WRITING

LEAST = 1000
"""Tokens that a reply may always have: a shorter one cannot hold a program, and what it costs is spent already."""
FEW = 1000
"""Tokens for which a price is asked to learn the rates: no price ends at a prompt as short as that."""
UPPER = 2.0
"""Times the known rates that a reply of unknown price is charged in a limit. It is one to a prompt beyond what a price holds for, and for these the
providers of the table ask twice the price of input and 1.5 times that of output."""


class Meter:
    """Tokens and dollars of all replies so far, and whether one that is on its way may grow.

    A reply may take what is left of the limits, and always as much as the longest so far: what is begun may go over a limit by
    less than one reply. A reply of unknown price is charged `UPPER` times the known rates. Safe to use from several threads.
    """

    def __init__(self, model: ChatModel, tokens: float = math.inf, usd: float = math.inf) -> None:
        self._model, self._tokens, self._usd = model, tokens, usd
        self._lock = threading.Lock()
        self._spent, self._cost, self._longest = 0, 0.0, 0
        self._growing: dict[str, tuple[int, int, float]] = {}
        self._lost: dict[str, tuple[int, int, float]] = {}
        rates = self._price(FEW, 0), self._price(0, FEW)
        self._unknown = None in rates
        self._reading, self._writing = (0.0 if price is None else price / FEW for price in rates)

    @property
    def spent(self) -> tuple[int, float]:
        """Tokens and dollars of all replies that are there, and dollars of attempts that came to nothing. Those of unknown price are charged at the
        upper rate; where no rate is known either, the dollars are infinite, as no limit can be kept."""
        with self._lock:
            return self._spent, self._cost + sum(self._charge(*tokens) for tokens in self._lost.values())

    def replied(self, replies: Sequence[tuple[Any, ChatReply, float | None]]) -> None:
        """Count replies that are there."""
        with self._lock:
            for request, reply, usd in replies:
                if isinstance(request, ChatRequest):
                    self._lost.pop(request.ordinal, None)  # the reply holds them from now on
                self._spent += sum(reply.charged_tokens)
                self._cost += self._upper(reply) if usd is None else usd
                self._longest = max(self._longest, reply.output_tokens)

    def lost(self, ordinal: str, read: int, written: int) -> None:
        """Count the tokens of all attempts of a request so far that came to nothing."""
        with self._lock:
            self._lost[ordinal] = (read, written, 1.0)

    def may_go_on(self, request: ChatRequest, characters: int) -> bool:
        """Whether a reply of so many characters may grow; it counts as on its way from now on."""
        if math.isinf(self._tokens) and math.isinf(self._usd):
            return True
        written, key = tokens_in(characters), request.key
        with self._lock:
            read, _, times = self._growing.get(key) or (prompt_tokens(request), 0, 0.0)
            self._growing[key] = (read, written, times or self._times(read))
            return written < max(LEAST, self._longest) or not self._over()

    def has_room(self, request: ChatRequest) -> bool:
        """Whether a further request can be asked: its text and the shortest of replies fit into what is left."""
        with self._lock:
            read = prompt_tokens(request)
            return not self._over((read, LEAST, self._times(read)))

    def ended(self, request: ChatRequest) -> None:
        """Count a request no longer as on its way."""
        with self._lock:
            self._growing.pop(request.key, None)

    def _over(self, *more: tuple[int, int, float]) -> bool:
        """Whether a limit is reached with so many tokens more, read and written, at so many times the rates."""
        under_way = [*self._growing.values(), *self._lost.values(), *more]
        tokens = self._spent + sum(read + written for read, written, _ in under_way)
        cost = self._cost + sum(self._charge(*one) for one in under_way)
        return tokens >= self._tokens or cost >= self._usd < math.inf

    def _charge(self, read: int, written: int, times: float) -> float:
        """Dollars of so many tokens, 0 where no rate is known."""
        return times * (read * self._reading + written * self._writing)

    def _times(self, read: int) -> float:
        """Times the known rates that a prompt of so many tokens is charged, whose price may be unknown though shorter ones have one."""
        return UPPER if not self._unknown and self._price(read, 0) is None else 1.0

    def _upper(self, reply: ChatReply) -> float:
        """What a reply of unknown price is charged."""
        if self._unknown:
            return math.inf
        read, written = reply.charged_tokens
        return self._charge(read, written, UPPER) + UPPER * (WRITING - 1.0) * reply.cache_written_tokens * self._reading

    def _price(self, read: int, written: int) -> float | None:
        """What so many tokens cost; None where that is not known."""
        try:
            return self._model.price(ChatReply("", read, written))
        except InputError:  # a price file that broke meanwhile
            return None
