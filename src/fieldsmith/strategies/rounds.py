"""What strategies have in common that begin chains in rounds: drafts side by side, then rounds that see all that came before them."""

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from fieldsmith.agents.author import Candidate, Draft, Move
from fieldsmith.errors import InputError
from fieldsmith.strategies.chains import depth_of, grow, root_of, settled
from fieldsmith.strategies.settings import bounded
from fieldsmith.strategies.strategy import Ask


def generation(
    before: Callable[[int], int], begun: int, total: int, width: Callable[[int], int], chain: int
) -> tuple[int, int]:
    """How many chains came before the round that goes on, or comes next, and how many it has.

    `before(first)` counts the candidates that were there when chain number `first` began, `width(first)` is how many chains a round that begins
    with it may have, `total` counts the candidates of the whole run, `chain` is how many a chain may have. Told from what each began with, so that it is the same whatever is finished first; where what is left has no
    room for as many chains side by side, a round has fewer.
    """
    first = 0
    while True:
        count = min(width(first), max(1, math.ceil((total - before(first)) / chain)))
        if first + count > begun:
            return first, count
        first += count


class Rounds(ABC):
    """Chains `1`, `2` ... with their mends `1.1` ...: `drafts` drafts side by side, then rounds of `width` chains.

    A round begins when all before it is settled, so that what a chain begins with does not depend on timing. A strategy says in `begin` which
    move that is; what it draws by lot comes from `lot`, which the seed and the chain's number settle, so a run is taken up from its store alone.
    """

    name = ""

    def __init__(self, debug_rounds: int = 4, width: int = 1, seed: int = 0, drafts: int = 0) -> None:
        if width < 1 or drafts < 0:
            raise InputError(
                f"The strategy {self.name} cannot make {drafts} drafts and rounds of {width} chains.",
                "Give drafts = 0 or more and width = 1 or more.",
            )
        bounded(self.name, drafts=drafts, width=width)
        self.debug_rounds, self.width, self.seed, self.drafts = debug_rounds, width, seed, drafts

    @abstractmethod
    def begin(self, chain: int, chains: Sequence[Sequence[Candidate]]) -> Move:
        """The move that chain number `chain`, counted from 0, begins with. `chains` are all before its round, settled, each from its first candidate on."""

    def opening(self) -> Move:
        """What each of the first `drafts` chains begins with."""
        return Draft()

    def widest(self, chain: int) -> int:
        """The most chains that a round may have which begins with chain number `chain`, counted from 0."""
        return self.width

    def lot(self, *words: object) -> random.Random:
        """Chance, the same for the same words."""
        return random.Random(" ".join(map(str, (self.name, self.seed, *words))))

    def ask(self, history: Sequence[Candidate], limit: int, left: int) -> Sequence[Ask]:
        return grow(history, self.debug_rounds, self._begun(history, len(history) + left), left, limit)

    def _begun(self, history: Sequence[Candidate], total: int) -> list[Ask]:
        begun = len({root_of(candidate.slot) for candidate in history})
        if begun < self.drafts:
            return [Ask(self.opening(), str(n + 1)) for n in range(begun, self.drafts)]

        def before(first: int) -> int:
            return sum(number_of(candidate) < self.drafts + first for candidate in history)

        def width(first: int) -> int:
            return self.widest(self.drafts + first)

        first, count = generation(before, begun - self.drafts, total, width, 1 + self.debug_rounds)
        if self.drafts + first == begun and not settled(history, self.debug_rounds):
            return []
        chains = _chains(history, self.drafts + first)
        return [Ask(self.begin(n, chains), str(n + 1)) for n in range(begun, self.drafts + first + count)]


def number_of(candidate: Candidate) -> int:
    """The number of its chain, counted from 0."""
    return int(root_of(candidate.slot)) - 1


def result_of(chain: Sequence[Candidate]) -> Candidate | None:
    """What a chain came to: the candidate that ran, which is its last; None where none did."""
    return next((candidate for candidate in chain if candidate.ok), None)


def _chains(history: Sequence[Candidate], count: int) -> list[list[Candidate]]:
    """The first chains, each in the order of its mends."""
    chains: list[list[Candidate]] = [[] for _ in range(count)]
    for candidate in sorted(history, key=lambda candidate: depth_of(candidate.slot)):
        if number_of(candidate) < count:
            chains[number_of(candidate)].append(candidate)
    return chains
