"""What to try next, decided from what was tried."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fieldsmith.agents.author import Candidate, Move
from fieldsmith.errors import InputError

SLOT = re.compile(r"[\w-]+(\.[\w-]+)*", re.ASCII)
"""A slot names a folder of the run."""


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


def asks_of(strategy: Strategy, history: Sequence[Candidate], limit: int, left: int) -> list[Ask]:
    """What a strategy asks for, `limit` moves at most, whoever has written it.

    Raises InputError for an answer that holds anything but `Ask`s of moves, for a slot that names no folder and for one that is taken,
    and for a move that improves programs of which none is given or one did not run.
    """
    answer: object = strategy.ask(history, limit, left)
    who = f"The strategy {getattr(strategy, 'name', type(strategy).__name__)!r}"
    wanted = 'Let it return a list of `Ask(move, slot)`, such as [Ask(Draft(), "1")], empty to wait or to end.'
    if not isinstance(answer, Iterable):
        raise InputError(f"{who} answers with {answer!r}.", wanted)
    asks: list[Ask] = []
    taken = {candidate.slot for candidate in history}
    for ask in answer:
        if not (isinstance(ask, Ask) and isinstance(ask.move, Move) and isinstance(ask.slot, str)):
            raise InputError(f"{who} asks for {ask!r}.", wanted)
        if not SLOT.fullmatch(ask.slot):
            raise InputError(
                f"{who} asks for the slot {ask.slot!r}.", "Use letters, digits, - and _, and dots between."
            )
        if ask.slot in taken:
            hint = "Give each candidate a slot of its own; `history` holds those in the making too."
            raise InputError(f"{who} asks for the slot {ask.slot!r} a second time.", hint)
        if fault := _fault_of_parents(ask.move):
            raise InputError(f"{who} asks for {ask.move.name!r} {fault}.", "Choose among candidates that are `ok`.")
        taken.add(ask.slot)
        asks.append(ask)
    return asks[:limit]


def _fault_of_parents(move: Move) -> str:
    if any(not isinstance(parent, Candidate) for parent in move.parents):
        return f"of {move.parents!r}, which are no candidates"
    if not move.improves:
        return ""
    failed = [candidate for candidate in move.candidates if candidate.evaluation is not None and not candidate.ok]
    if failed:
        return f"of candidate {failed[0].id}, which did not run"
    return "" if move.candidates else "of no candidate"
