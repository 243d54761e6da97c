"""A run's episodes as rows of a table: how each came to be, what it came to, what it has cost, how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from fieldsmith.agents.candidate import Usage
from fieldsmith.environments.episode import Episode
from fieldsmith.environments.observation import UNREADABLE
from fieldsmith.orchestrator.episodes.ledger import Kept
from fieldsmith.reports.plain import visible


@dataclass(frozen=True)
class EpisodeSpend:
    """What turns have used. `tokens` says that they were `counted` by the server, `estimated` from the texts, are `unknown`, or that there were `none`."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0
    tokens: str = "none"

    @property
    def tokens_told(self) -> str:
        if self.tokens in ("none", "unknown"):
            return {"none": "0", "unknown": "unknown"}[self.tokens]
        return f"{'about ' * (self.tokens == 'estimated')}{self.input_tokens + self.output_tokens:,}"

    @property
    def usd_told(self) -> str:
        if self.usd is None:
            return "unknown"
        return f"{'about ' * (self.tokens == 'estimated' and self.usd > 0)}${self.usd:.{2 if self.usd >= 1 or not self.usd else 4}f}"


@dataclass(frozen=True)
class EpisodeRow:
    """One episode. `calls` were made, `valid` of them were valid; `seconds` are those of its steps and of the agent's turns."""

    number: int
    move: str
    score: float
    steps: int
    most_steps: int
    calls: int
    valid: int
    seconds: float
    spend: EpisodeSpend
    ended: str
    parent: tuple[int, int] | None

    @property
    def valid_told(self) -> str:
        return f"{self.valid} of {self.calls}" if self.calls else "–"


def episode_row(kept: Kept, move: str, running: bool) -> EpisodeRow:
    records = [record for record in kept.episode.records[1:] if record.status != "budget_exceeded"]
    usages = [exchange.turn.usage for exchange in kept.dialogue]
    return EpisodeRow(
        number=kept.candidate,
        move=visible(move, 20),
        score=kept.episode.last.score,
        steps=kept.episode.used,
        most_steps=kept.episode.max_steps,
        calls=len(records),
        valid=sum(record.status not in UNREADABLE for record in records),
        seconds=sum(record.seconds for record in records) + sum(usage.seconds for usage in usages),
        spend=spend_of([kept]),
        ended=_ended(kept.episode, running),
        parent=kept.parent,
    )


def spend_of(episodes: Sequence[Kept]) -> EpisodeSpend:
    """The sums over all turns; a price is unknown as soon as one of theirs is."""
    turns = [exchange.turn for kept in episodes for exchange in kept.dialogue]
    usages = [turn.usage for turn in turns]
    prices = [usage.usd for usage in usages]
    return EpisodeSpend(
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        usd=None if None in prices else sum(price for price in prices if price is not None),
        tokens=_known(usages, any(turn.text for turn in turns)),
    )


def _known(usages: Sequence[Usage], spoke: bool) -> str:
    if any(usage.estimated for usage in usages):
        return "estimated"
    if any(usage.input_tokens or usage.output_tokens for usage in usages):
        return "counted"
    return "unknown" if spoke or any(usage.usd is None for usage in usages) else "none"


def _ended(episode: Episode, running: bool) -> str:
    last = episode.last
    if last.terminated:
        return "submitted" if last.action == "submit" else "ended by itself"
    if not last.truncated:
        return "going on" if running else "not finished"
    if last.status == "budget_exceeded":
        return visible(last.text.partition("\n")[0], 120)
    return "no steps left" if episode.used >= episode.max_steps else "too many calls that cost no step"
