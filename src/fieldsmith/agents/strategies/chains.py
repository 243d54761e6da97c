"""Chains of mending: a program that failed, its mend, the mend's mend ..."""

from collections.abc import Sequence

from fieldsmith.agents.author import Candidate, Debug
from fieldsmith.agents.strategies.strategy import Ask


def root_of(slot: str) -> str:
    """The slot that a chain began with: `3` for `3.2`."""
    return slot.partition(".")[0]


def depth_of(slot: str) -> int:
    """How often the program of that slot was mended: 2 for `3.2`."""
    return int(slot.partition(".")[2] or 0)


def mends(history: Sequence[Candidate], debug_rounds: int) -> list[Ask]:
    """The next mend of every chain whose last program has failed and that has rounds left."""
    asks = []
    for last in _ends(history):
        if last.evaluation is None or last.ok:
            continue
        if depth_of(last.slot) < debug_rounds:
            asks.append(Ask(Debug(last), f"{root_of(last.slot)}.{depth_of(last.slot) + 1}"))
    return asks


def settled(history: Sequence[Candidate], debug_rounds: int) -> bool:
    """Whether nothing is in the making and no chain can go on."""
    return all(c.evaluation is not None for c in history) and not mends(history, debug_rounds)


def _ends(history: Sequence[Candidate]) -> list[Candidate]:
    ends: dict[str, Candidate] = {}
    for candidate in history:
        root = root_of(candidate.slot)
        if root not in ends or depth_of(candidate.slot) > depth_of(ends[root].slot):
            ends[root] = candidate
    return list(ends.values())
