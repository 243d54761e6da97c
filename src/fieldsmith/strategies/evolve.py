"""The best program of every kind is kept and bred from: MAP-Elites over kind of method, order and cost.

Mouret and Clune, "Illuminating search spaces by mapping elites", arXiv 1504.04909; with a language model as variation as in Lehman et al., "Evolution
through Large Models", arXiv 2206.08896.
"""

from collections.abc import Sequence

from fieldsmith.agents.author import Candidate, Combine, Draft, Move, Refine, SpeedUp
from fieldsmith.errors import InputError
from fieldsmith.strategies.features import decade_of, features
from fieldsmith.strategies.rounds import Rounds, result_of

SLOW = 0
"""Decade of processor seconds on the dev split, 10^0 s, from which on a program is worth being made faster."""


class Evolve(Rounds):
    """`drafts` drafts, then programs bred from the elites, the best of each cell (`features.py`).

    With probability `best` from the best of all, else from an elite drawn evenly, so that a kind of method that is behind is gone on with
    too. In a share `combine` of the moves a second elite joins; in a share `faster` an elite that is slow is to be made faster.

    Processor seconds are measured, so a program near the edge of a decade may stand in the next cell when another run measures it. Within a run they are
    read from its store, in decades alone, and of two programs that are equally good the one of the earlier chain counts: the same store gives the same moves.
    """

    name = "evolve"

    def __init__(
        self,
        debug_rounds: int = 4,
        width: int = 1,
        seed: int = 0,
        drafts: int = 4,
        best: float = 0.5,
        combine: float = 0.25,
        faster: float = 0.1,
    ) -> None:
        shares = {"best": best, "combine": combine, "faster": faster}
        for name, share in shares.items():
            if not 0.0 <= share <= 1.0:
                raise InputError(f"The strategy evolve cannot take {name} = {share:g}.", "Give a share from 0 to 1.")
        if combine + faster > 1.0:
            raise InputError(
                f"combine = {combine:g} and faster = {faster:g} are more than all moves.",
                "Give shares whose sum is 1 or less.",
            )
        super().__init__(debug_rounds, width, seed, drafts)
        self.best, self.combine, self.faster = best, combine, faster

    def begin(self, chain: int, chains: Sequence[Sequence[Candidate]]) -> Move:
        elites = _elites([found for found in map(result_of, chains) if found])
        if not elites:
            return Draft()
        lot = self.lot(chain)
        first = elites[0] if lot.random() < self.best else lot.choice(elites)
        chance = lot.random()
        others = [one for one in elites if one is not first]
        if chance < self.combine and others:
            return Combine(tuple(sorted((first, lot.choice(others)), key=_rank)))
        if self.combine <= chance < self.combine + self.faster and _slow(first):
            return SpeedUp((first,))
        return Refine((first,))


def _elites(programs: Sequence[Candidate]) -> list[Candidate]:
    """The best of each cell, the earlier of equals, the best of all first."""
    elites: dict[tuple[str, ...], Candidate] = {}
    for one in programs:
        cell = features(one)
        if cell not in elites or one.dev_rank < elites[cell].dev_rank:
            elites[cell] = one
    return sorted(elites.values(), key=_rank)


def _rank(candidate: Candidate) -> float:
    return candidate.dev_rank


def _slow(candidate: Candidate) -> bool:
    decade = decade_of(candidate)
    return decade is not None and decade >= SLOW
