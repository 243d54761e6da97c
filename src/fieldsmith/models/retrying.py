"""What is done about each kind of fault of a provider: whether the same is asked again, after how long, how many times."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fieldsmith.errors import ProviderError
from fieldsmith.models.chat_model import ChatRequest
from fieldsmith.models.counting import prompt_tokens, tokens_in, tokens_of
from fieldsmith.models.faults import ToldFault, disconnected, lasts, limits_rate, timed_out
from fieldsmith.models.hearing import Hearing, TooLate
from fieldsmith.models.requests import BrokenOff

Kind = Literal["limited", "server", "unreachable", "cut", "late", "misread", "lasting"]


class Misread(ProviderError):
    """An answer of good status that is no reply; `body` is what came in its place."""

    def __init__(self, message: str, hint: str, body: object = None) -> None:
        super().__init__(message, hint)
        self.body = body


@dataclass(frozen=True)
class Patience:
    """How often and for how long the same is asked again. Pauses have full jitter: uniform up to `first` seconds, twice that after
    the second fault, and so on up to `longest` (M. Brooker, "Exponential Backoff and Jitter", 2015)."""

    attempts: int = 6
    """In all, rate limits left out."""
    limited: int = 60
    """Rate limits in a row; they pass, so the pauses are what is limited."""
    fewer: Mapping[Kind, int] = field(default_factory=lambda: {"late": 3, "misread": 3, "unreachable": 3})
    """Attempts with faults that pass seldom: time-outs, answers that are no reply, servers that have never answered."""
    first: float = 0.5
    longest: float = 60.0
    pauses: float = 900.0
    """Seconds that the pauses which a provider asks of one request may come to."""

    def backoff(self, times: int) -> float:
        """Seconds to wait after so many faults in a row."""
        return random.uniform(0.0, min(self.longest, self.first * 2.0 ** min(times - 1, 30)))


class Faults:
    """The faults of one request so far."""

    def __init__(self, patience: Patience, met_before: bool) -> None:
        """`met_before` says whether the server has ever answered."""
        self._patience, self._met_before = patience, met_before
        self._seen: Counter[Kind] = Counter()
        self.paused = 0.0

    @property
    def count(self) -> int:
        """Attempts that came to nothing, rate limits left out."""
        return sum(n for kind, n in self._seen.items() if kind != "limited")

    def again(self, kind: Kind) -> bool:
        """Count a fault; whether the same may be asked again."""
        self._seen[kind] += 1
        if kind == "lasting":
            return False
        if kind == "limited":
            return self._seen[kind] < self._patience.limited
        few = self._patience.attempts
        if not (kind == "unreachable" and self._met_before):
            few = min(few, self._patience.fewer.get(kind, few))
        return self._seen[kind] < few and self.count < self._patience.attempts


def charged(request: ChatRequest, heard: Hearing | None, error: Exception) -> tuple[int, int]:
    """Tokens read and written, told or estimated, that a provider charges for an attempt that came to nothing.

    The rule: whoever began to answer is paid for the prompt and for what came; whoever took the request and then said nothing until the time was up,
    for the prompt. A request that was refused, limited or failed before its answer began costs nothing.
    """
    if heard is not None and (heard.size or heard.counts.told):
        return heard.counts.read or prompt_tokens(request), max(heard.counts.written, tokens_in(heard.size))
    if isinstance(error, Misread) and isinstance(error.body, str) and error.body.lstrip()[:1] == "{":
        return prompt_tokens(request), tokens_of(error.body)
    connected = type(error.__cause__).__name__ not in ("ConnectTimeout", "PoolTimeout")
    return (prompt_tokens(request), 0) if kind_of(error) == "late" and connected else (0, 0)


def kind_of(error: Exception) -> Kind | None:
    """What kind of fault it is; None for an error that is no provider's."""
    if isinstance(error, BrokenOff):
        return "cut"
    if isinstance(error, Misread):
        return "misread"
    if isinstance(error, TooLate) or timed_out(error):
        return "late"
    if isinstance(error, ToldFault):
        return "lasting" if lasts(error) else "limited" if limits_rate(error) else "server"
    if disconnected(error):
        return "unreachable"
    if type(error).__module__.partition(".")[0] not in ("openai", "anthropic"):
        return None
    if lasts(error):
        return "lasting"
    return "limited" if limits_rate(error) else "server"
