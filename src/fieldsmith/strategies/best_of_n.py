"""Independent drafts, each mended until it runs: CodePDE's repeated sampling with debugging."""

from collections.abc import Sequence
from itertools import count

from fieldsmith.agents.author import Candidate, Draft
from fieldsmith.strategies.chains import grow
from fieldsmith.strategies.strategy import Ask


class BestOfN:
    """Drafts until the budget ends; a failed program is mended in its own chain first. Slots `1`, `1.1`, `2` ..."""

    name = "best-of-n"
    independent = True

    def __init__(self, debug_rounds: int = 4) -> None:
        self.debug_rounds = debug_rounds

    def ask(self, history: Sequence[Candidate], limit: int, left: int) -> Sequence[Ask]:
        drafted = sum(c.move == Draft.name for c in history)
        drafts = (Ask(Draft(), str(n)) for n in count(drafted + 1))
        return grow(history, self.debug_rounds, drafts, left, limit)
