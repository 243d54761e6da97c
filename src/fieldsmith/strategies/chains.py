"""Chains of mending: a program that failed, its mend, the mend's mend ...

Chains grow side by side, but the budget is theirs in the order in which they began: a place is only given to a chain if
all before it could still mend as often as they may. So the same places are filled whatever is finished first.

A mend that makes the very mistake that it was to mend, or changes nothing, shows that patching leads nowhere: the next
place of its chain goes to a program that is written anew. So does the next place after a program that had failed before, in a
chain that one of its ancestors came of.
"""

import re
import sys
from collections.abc import Iterable, Sequence

from fieldsmith.agents.author import Candidate, Debug, Move
from fieldsmith.agents.moves import move_named
from fieldsmith.strategies.strategy import Ask


def root_of(slot: str) -> str:
    """The slot that a chain began with: `3` for `3.2`."""
    return slot.partition(".")[0]


def depth_of(slot: str) -> int:
    """How often the program of that slot was mended: 2 for `3.2`."""
    return int(slot.partition(".")[2] or 0)


def grow(
    history: Sequence[Candidate], debug_rounds: int, begun: Iterable[Ask], left: int, limit: int = sys.maxsize
) -> list[Ask]:
    """The next mend of every chain that can go on, then the new chains of `begun`, as far as places are left; the first `limit` of these."""
    asks: list[Ask] = []
    kept = 0  # places that chains before may still need
    for last in _ends(history):
        if last.ok:
            continue
        further = debug_rounds - depth_of(last.slot)
        if last.evaluation is not None and further > 0:
            if left <= kept + len(asks) or len(asks) >= limit:
                return asks
            asks.append(Ask(_next_move(last, history), f"{root_of(last.slot)}.{depth_of(last.slot) + 1}"))
            further -= 1
        kept += further
    for ask in begun:
        if left <= kept + len(asks) or len(asks) >= limit:
            break
        asks.append(ask)
        kept += debug_rounds
    return asks


def mistake(candidate: Candidate) -> tuple[str, ...] | None:
    """What went wrong and on which line of text, whatever the numbers in it; None where that says too little to compare.

    Programs that are too slow, too large or unstable share a status but seldom a mistake.
    """
    evaluation = candidate.evaluation
    if evaluation is None or evaluation.status not in ("crashed", "bad_output", "missing_function"):
        return None
    # Sizes and addresses may differ where the mistake does not.
    message = re.sub(r"0x[0-9a-f]+|\d+", "#", evaluation.error_message)
    return (evaluation.status, evaluation.error_type, message, candidate.failing_line)


def repeats(mend: Candidate, before: Candidate) -> bool:
    """Whether a mend fails as the program did that it was to mend."""
    if mend.program is not None and mend.essence == before.essence:
        return True
    return mistake(mend) is not None and mistake(mend) == mistake(before)


def _next_move(last: Candidate, history: Sequence[Candidate]) -> Move:
    """A mend, or a fresh start where the last program has repeated a mistake.

    A fresh start is what the chain's first move says to be its like (`Move.again`), which knows the mistake.
    """
    by_id = {candidate.id: candidate for candidate in history}
    mends_in_vain = last.move == Debug.name and repeats(last, by_id[last.parents[0]])
    if not mends_in_vain and not _failed_before(last, history):
        return Debug(last)
    begun = next(c for c in history if c.slot == root_of(last.slot))
    return move_named(begun.move, [by_id[n] for n in begun.parents]).again(last)


def _failed_before(last: Candidate, history: Sequence[Candidate]) -> bool:
    """Whether the program is one that failed in a chain of its ancestors: there it was mended already.

    Those chains are at their end, as their last program ran, so that the answer does not depend on timing.
    """
    by_id = {candidate.id: candidate for candidate in history}
    ancestors: set[int] = set()
    found = set(last.parents)
    while found:
        ancestors |= found
        found = {parent for n in found for parent in by_id[n].parents} - ancestors
    roots = {root_of(by_id[n].slot) for n in ancestors if by_id[n].ok}
    earlier = [c for c in history if root_of(c.slot) in roots and not c.ok]
    return last.program is not None and any(c.essence == last.essence for c in earlier)


def settled(history: Sequence[Candidate], debug_rounds: int) -> bool:
    """Whether nothing is in the making and no chain can go on."""
    return all(c.ok or (c.evaluation is not None and depth_of(c.slot) >= debug_rounds) for c in _ends(history))


def _ends(history: Sequence[Candidate]) -> list[Candidate]:
    """The last candidate of every chain, the chains in the order in which they began."""
    ends: dict[str, Candidate] = {}
    for candidate in history:
        root = root_of(candidate.slot)
        if root not in ends or depth_of(candidate.slot) > depth_of(ends[root].slot):
            ends[root] = candidate
    return list(ends.values())
