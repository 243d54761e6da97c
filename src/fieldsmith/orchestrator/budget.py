"""What a run may use: programs, tokens, dollars, hours. Asked before each move."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from fieldsmith.agents.author import Candidate
from fieldsmith.orchestrator.run import Spend


@dataclass
class Budget:
    """Limits; infinite where nothing is asked. `candidates` counts every program, mends included."""

    candidates: int = 8
    tokens: float = math.inf
    usd: float = math.inf
    hours: float = math.inf
    used_before: float = 0.0
    """Seconds that earlier sittings of the same run took."""
    begun: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        return self.used_before + time.monotonic() - self.begun

    @property
    def late(self) -> bool:
        """Whether the wall time is used up."""
        return self.seconds() >= 3600.0 * self.hours

    def refusal(self, history: Sequence[Candidate], spend: Spend) -> str:
        """Why nothing more may be asked, or an empty string. A price that is unknown never reaches a limit."""
        if len(history) >= self.candidates:
            return exhausted(self.candidates, "candidate")
        if spend.input_tokens + spend.output_tokens >= self.tokens:
            return exhausted(self.tokens, "token")
        if spend.usd is not None and spend.usd >= self.usd:
            return exhausted(self.usd, "dollar")
        if self.late:
            return exhausted(self.hours, "hour")
        return ""

    def affordable(self, history: Sequence[Candidate], spend: Spend) -> int:
        """How many more replies may be asked for now, each taken to cost as much as those before on average.

        Replies that are being waited for count too. Where tokens or dollars are limited and nothing is known yet of
        what a reply costs, one is asked for first.
        """
        left = self.candidates - len(history)
        waited = sum(c.proposal is None for c in history)
        answered = len(history) - waited
        limits = [(self.tokens, float(spend.input_tokens + spend.output_tokens)), (self.usd, spend.usd or 0.0)]
        for limit, used in limits:
            if math.isinf(limit):
                continue
            mean = used / answered if answered else 0.0
            if not answered:
                left = min(left, 1 - waited)
            elif mean > 0.0:
                # What is begun may go over the limit by less than one reply.
                left = min(left, math.ceil((limit - used) / mean) - waited)
        return max(0, left)


def exhausted(limit: float, unit: str) -> str:
    """Why a search ends at a limit."""
    return f"the budget of {limit:g} {unit}{'' if limit == 1 else 's'} is spent"


def spent(history: Sequence[Candidate], seconds: float) -> Spend:
    """What the candidates have cost; the price is unknown as soon as one of theirs is."""
    usages = [c.proposal.usage for c in history if c.proposal is not None]
    prices = [usage.usd for usage in usages]
    return Spend(
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        usd=None if None in prices else sum(price for price in prices if price is not None),
        seconds=seconds,
    )
