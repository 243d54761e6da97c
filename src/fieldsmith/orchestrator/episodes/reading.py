"""A run of episodes as read from disk: what its page looks at. Nothing is written, and the environment is not needed."""

from dataclasses import dataclass
from pathlib import Path

from fieldsmith.agents.author import Candidate, Usage
from fieldsmith.orchestrator.budget import NOTHING
from fieldsmith.orchestrator.episodes.asked import AskedEpisodes, read_asked
from fieldsmith.orchestrator.episodes.ledger import Kept, Ledger
from fieldsmith.orchestrator.record import is_held
from fieldsmith.orchestrator.store import Store

DATABASE = "run.sqlite"


@dataclass(frozen=True)
class EpisodesRecord:
    """`episodes` are those that have begun, in their order. `state`: running, interrupted, done, failed."""

    folder: Path
    asked: AskedEpisodes
    state: str
    message: str = ""
    seconds: float = 0.0
    episodes: tuple[Kept, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    lost: Usage = NOTHING
    """What attempts have cost that came to nothing."""

    @property
    def best(self) -> Kept | None:
        """The episode with the highest score among those that are over, or else among all; the first of equals."""
        over = [kept for kept in self.episodes if kept.episode.over]
        return max(over or self.episodes, key=lambda kept: kept.episode.last.score, default=None)


def state_of(folder: Path, store: Store) -> str:
    """`running` is only believed while a process holds the run's lock."""
    said = str(store.fact("state", "interrupted"))
    return "interrupted" if said == "running" and not is_held(folder) else said


def load_episodes(folder: Path) -> EpisodesRecord:
    """Raises InputError for a directory that holds no run of episodes, and for a damaged one."""
    asked = read_asked(folder)
    if not (folder / DATABASE).exists():
        return EpisodesRecord(folder, asked, "interrupted")
    store, ledger = Store(folder / DATABASE, reading=True), Ledger(folder / DATABASE, reading=True)
    try:
        found = (ledger.episode(number) for number in ledger.candidates())
        return EpisodesRecord(
            folder=folder,
            asked=asked,
            state=state_of(folder, store),
            message=str(store.fact("message", "")),
            seconds=float(store.fact("seconds", 0.0)),
            episodes=tuple(kept for kept in found if kept is not None),
            candidates=tuple(store.candidates()),
            lost=store.lost(),
        )
    finally:
        ledger.close()
        store.close()
