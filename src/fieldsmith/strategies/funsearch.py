"""Islands of programs that evolve apart and are reset now and then: FunSearch.

Romera-Paredes et al., "Mathematical discoveries from program search with large language models", Nature 625 (2024), Methods: programs database,
sampling by clusters, resets of the worse half of the islands.
"""

import math
from collections.abc import Sequence

from fieldsmith.agents.author import Candidate, Draft, Move, Refine
from fieldsmith.agents.candidate import distinct
from fieldsmith.errors import InputError
from fieldsmith.strategies.merit import drawn, merits
from fieldsmith.strategies.rounds import Rounds, result_of
from fieldsmith.strategies.settings import bounded

Island = list[Candidate]
SHORTER = 1.0
"""Temperature of the choice within a cluster, where shorter programs are likelier."""


class FunSearch(Rounds):
    """`islands` populations, each begun with a draft, take turns. A new program is asked for from `shown` of its island's, best first.

    Those come of different clusters, which are the programs that have the same errors on all samples (to two digits): clusters by Boltzmann's
    probabilities in decades of the error, at a temperature that falls from `temperature` in the `period` turns of an island, then the shorter
    programs of the cluster. After these turns the worse half of the islands is emptied, each begun anew with the best program of
    an island that stays. (The paper has 10 islands, 2 programs, temperatures that fall over 30,000 programs and resets every four hours;
    these settings are for dozens of programs.)
    """

    name = "funsearch"

    def __init__(
        self,
        debug_rounds: int = 4,
        width: int = 1,
        seed: int = 0,
        islands: int = 3,
        shown: int = 2,
        temperature: float = 0.5,
        period: int = 4,
    ) -> None:
        if min(islands, shown, period) < 1 or temperature < 0.0:
            words = f"islands = {islands}, shown = {shown}, period = {period} and temperature = {temperature:g}"
            raise InputError(
                f"The strategy funsearch cannot search with {words}.", "Give 1 or more, and a temperature of 0 or more."
            )
        bounded(self.name, islands=islands, shown=shown, period=period)
        super().__init__(debug_rounds, width, seed, drafts=islands)
        self.islands, self.shown, self.temperature, self.period = islands, shown, temperature, period

    def begin(self, chain: int, chains: Sequence[Sequence[Candidate]]) -> Move:
        programs = distinct(self._islands(chains)[chain % self.islands])
        if not programs:
            return Draft()
        turn = chain // self.islands % self.period
        clusters = list(_clusters(programs).values())
        chosen: list[Candidate] = []
        lot = self.lot(chain)
        while clusters and len(chosen) < self.shown:
            best = [min(cluster, key=lambda one: one.dev_rank) for cluster in clusters]
            cluster = drawn(lot, clusters, merits(best), self.temperature * (1.0 - turn / self.period))
            clusters.remove(cluster)
            chosen.append(drawn(lot, cluster, _brevity(cluster), SHORTER))
        return Refine(tuple(sorted(chosen, key=lambda one: one.dev_rank)))

    def widest(self, chain: int) -> int:
        """A round ends where a reset is due: that sees all that came before, and no chain draws from an island that is about to be emptied."""
        return min(self.width, self.islands * self.period - chain % (self.islands * self.period))

    def _islands(self, chains: Sequence[Sequence[Candidate]]) -> list[Island]:
        """The programs of each island after these chains, resets included."""
        islands: list[Island] = [[] for _ in range(self.islands)]
        for number, chain in enumerate((*chains, ())):
            if number and number % (self.islands * self.period) == 0:
                self._reset(islands, number)
            found = result_of(chain)
            if found:
                islands[number % self.islands].append(found)
        return islands

    def _reset(self, islands: list[Island], number: int) -> None:
        """Empty the worse half, and begin each of these anew with the best program of an island that stays."""
        order = sorted(range(self.islands), key=lambda n: min((one.dev_rank for one in islands[n]), default=math.inf))
        stay = [islands[n] for n in order[: self.islands - self.islands // 2] if islands[n]]
        lot = self.lot("reset", number)
        for n in order[self.islands - self.islands // 2 :]:
            islands[n] = [min(lot.choice(stay), key=lambda one: one.dev_rank)] if stay else []


def _clusters(programs: Sequence[Candidate]) -> dict[tuple[str, ...], list[Candidate]]:
    """Programs by what they do: their errors on the dev samples."""
    clusters: dict[tuple[str, ...], list[Candidate]] = {}
    for one in programs:
        score = one.evaluation.dev if one.evaluation else None
        errors = (score.samples or (score.figure,)) if score else ()
        clusters.setdefault(tuple(f"{error:.1e}" for error in errors), []).append(one)
    return clusters


def _brevity(cluster: Sequence[Candidate]) -> list[float]:
    """The shorter a program is among these, the greater."""
    lengths = [len(one.program.source) if one.program else 0 for one in cluster]
    return [-(length - min(lengths)) / (max(lengths) + 1e-6) for length in lengths]
