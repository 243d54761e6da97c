"""What a run may use: programs, tokens, dollars, hours. Asked before each move."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fieldsmith.agents.author import Candidate, Proposal, Usage
from fieldsmith.orchestrator.meter import UPPER
from fieldsmith.orchestrator.run import Spend

NOTHING = Usage()
WITHOUT_PRICE = "a reply came whose price is not known, so the budget of {:g} dollars cannot be kept any longer"
"""Why a search ends whose limit of dollars is of no use any more."""


@dataclass
class Budget:
    """Limits; infinite where nothing is asked. `candidates` counts every program, mends included; `unit` is what one is called.

    `refused` says why nothing more may be asked for another reason, where there is one. `charged` tells the dollars that count where the
    spend has no sum, as a reply has no price: with that one at an upper rate, infinite where there is none.
    """

    candidates: int = 8
    tokens: float = math.inf
    usd: float = math.inf
    hours: float = math.inf
    unit: str = "candidate"
    refused: Callable[[], str] = lambda: ""
    charged: Callable[[], float] = lambda: 0.0
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
        """Why nothing more may be asked, or an empty string."""
        if len(history) >= self.candidates:
            return exhausted(self.candidates, self.unit)
        if why := self.refused():
            return why
        how = ", by an estimate, as not all tokens were counted" if spend.estimated else ""
        if spend.input_tokens + spend.output_tokens >= self.tokens:
            return exhausted(self.tokens, "token") + how
        if why := out_of_dollars(self.usd, self._dollars(spend), spend.usd is None):
            return why + how
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
        limits = [(self.tokens, float(spend.input_tokens + spend.output_tokens)), (self.usd, self._dollars(spend))]
        for limit, used in limits:
            if math.isinf(limit):
                continue
            if used >= limit:
                return 0
            mean = used / answered if answered else 0.0
            if not answered:
                left = min(left, 1 - waited)
            elif mean > 0.0:
                # What is begun may go over the limit by less than one reply.
                left = min(left, math.ceil((limit - used) / mean) - waited)
                # Few replies say little of what others cost, so no more than three times as many are asked for at once.
                left = min(left, 3 * answered - waited)
        return max(0, left)

    def _dollars(self, spend: Spend) -> float:
        """What counts for the limit of dollars."""
        return self.charged() if spend.usd is None else spend.usd


def exhausted(limit: float, unit: str) -> str:
    """Why a search ends at a limit."""
    return f"the budget of {limit:g} {unit}{'' if limit == 1 else 's'} is spent"


def out_of_dollars(limit: float, usd: float, guessed: bool = False) -> str:
    """Why a search ends at its limit of dollars, or an empty string. guessed: whether replies of unknown price are in the sum."""
    if usd < limit or math.isinf(limit):
        return ""
    if math.isinf(usd):
        return WITHOUT_PRICE.format(limit)
    return exhausted(limit, "dollar") + (
        f", replies of unknown price taken at {UPPER:g} times the known rates" if guessed else ""
    )


def spent(history: Sequence[Candidate], seconds: float, lost: Usage = NOTHING) -> Spend:
    """What the candidates have cost, and attempts that came to nothing; the price is unknown as soon as one of theirs is."""
    usage = Usage.sum([lost, *(c.proposal.usage for c in history if c.proposal is not None)])
    return Spend(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        usd=usage.usd,
        seconds=seconds,
        estimated=usage.estimated,
        cached_tokens=usage.cached_tokens,
        saved_usd=usage.saved_usd,
        lost_tokens=usage.lost_tokens,
        uncounted=any(uncounted(c.proposal) for c in history if c.proposal is not None),
    )


def uncounted(proposal: Proposal) -> bool:
    """Whether a model has replied, or a client called, and nobody said or estimated in how many tokens."""
    asked = bool(proposal.reply) or proposal.usage.usd is None
    return asked and not (proposal.usage.input_tokens or proposal.usage.output_tokens)
