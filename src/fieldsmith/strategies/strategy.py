"""What to try next, decided from what was tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fieldsmith.agents.author import Candidate, Move


@dataclass(frozen=True)
class Ask:
    """A move with the slot it fills."""

    move: Move
    slot: str


class Strategy(Protocol):
    """Pure: the same history gives the same answer.

    `history` holds every candidate, those in the making (evaluation None) included, so that nothing is asked
    twice. An empty answer while candidates are in the making means "wait"; with none in the making, "done".

    A class whose chains do not depend on each other says `independent = True`: only then are they counted as independent drafts
    (`fieldsmith scaling`); a strategy that says nothing is followed as it went.
    """

    name: str

    def ask(self, history: Sequence[Candidate], limit: int, left: int) -> Sequence[Ask]:
        """At most `limit` new moves that can start now, of which the whole run may still make `left`.

        Which moves a run makes in the end must not depend on which of several in the making is finished first.
        """
        ...
