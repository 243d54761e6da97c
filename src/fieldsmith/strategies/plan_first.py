"""Plans first: each is drafted and criticised before a program is written, pilots at low resolution sort the programs out, and what was measured corrects the plans.

No paper's: a design of this project's own, out of parts that are known. Plans that are criticised before they are carried out, in one conversation, are as in Madaan et al., "Self-Refine",
arXiv 2303.17651; a cheap evaluation before a dear one is the oldest rule of multi-fidelity search.
"""

from collections.abc import Sequence

from fieldsmith.agents.author import Calibrate, Candidate, Move, Planned
from fieldsmith.agents.candidate import distinct
from fieldsmith.errors import InputError
from fieldsmith.strategies.merit import drawn, merits
from fieldsmith.strategies.rounds import Rounds, result_of
from fieldsmith.strategies.settings import bounded


class PlanFirst(Rounds):
    """`drafts` planned drafts, then rounds in which the plan of a program that survived is calibrated: corrected by its pilot and its figures in full.

    Every program is run on `pilots` samples at low resolution first; one that fails there or is hopeless is not run in full, and is mended in its own chain as long
    as `debug_rounds` allow. Which survivor is calibrated is drawn by Boltzmann's probabilities in decades of the error, at `temperature`. While nothing survives it goes on planning.

    A plan is a part of its draft's conversation: three requests for one candidate, all stored with it, and its tokens are the sum. So every candidate of the budget is a program,
    and a run is taken up in the middle of a plan as it is in the middle of a program.
    """

    name = "plan-first"
    requests = 3
    """The most that one candidate may take where no reply is cut off: plan, criticism, program."""

    def __init__(
        self,
        debug_rounds: int = 4,
        width: int = 1,
        seed: int = 0,
        drafts: int = 4,
        pilots: int = 1,
        temperature: float = 0.5,
    ) -> None:
        if pilots < 0 or temperature < 0.0:
            raise InputError(
                f"The strategy plan-first cannot search with pilots = {pilots} and temperature = {temperature:g}.",
                "Give 0 or more for each.",
            )
        bounded(self.name, pilots=pilots)
        super().__init__(debug_rounds, width, seed, drafts)
        self.pilots, self.temperature = pilots, temperature

    def opening(self) -> Move:
        return Planned()

    def begin(self, chain: int, chains: Sequence[Sequence[Candidate]]) -> Move:
        survivors = distinct(found for found in map(result_of, chains) if found)
        if not survivors:
            return Planned()
        return Calibrate((drawn(self.lot(chain), survivors, merits(survivors), self.temperature),))
