"""Some drafts, then better programs from the best so far: CodePDE's refinement."""

from collections.abc import Sequence

from fieldsmith.agents.author import Candidate, Draft, Refine
from fieldsmith.agents.candidate import distinct
from fieldsmith.errors import InputError
from fieldsmith.strategies.chains import depth_of, grow, root_of, settled
from fieldsmith.strategies.choosing import choice
from fieldsmith.strategies.rounds import generation
from fieldsmith.strategies.settings import bounded
from fieldsmith.strategies.strategy import Ask

PARENTS = 5


class RefineBest:
    """`drafts` drafts with mending, then generations of `width` refinements of the best (up to five) programs, of which none is another's
    but for comments, formatting and names of local variables. The best are those that a run would hand over (`choosing.py`).

    A generation starts when the one before is settled, so that a slot's parents do not depend on timing. Where what is left
    has no room for as many chains side by side, a generation has fewer: each refinement that has to wait for another sees what
    came of it. Slots
    `1`, `1.1` for drafts and their mends, `r1`, `r1.1` for refinements. While nothing runs it goes on drafting.
    """

    name = "refine"

    def __init__(self, debug_rounds: int = 4, drafts: int = 4, width: int = 1) -> None:
        if drafts < 0 or width < 1:
            raise InputError(
                f"The strategy refine cannot make {drafts} drafts and generations of {width} refinements.",
                "Give drafts = 0 or more and width = 1 or more.",
            )
        bounded(self.name, drafts=drafts, width=width)
        self.debug_rounds, self.drafts, self.width = debug_rounds, drafts, width

    def ask(self, history: Sequence[Candidate], limit: int, left: int) -> Sequence[Ask]:
        return grow(history, self.debug_rounds, self._begun(history, len(history) + left), left, limit)

    def _begun(self, history: Sequence[Candidate], total: int) -> list[Ask]:
        """The chains that can begin now: what is left of the drafts or of a generation, or the next generation."""
        drafted = sum(c.move == Draft.name for c in history)
        refined = sum(c.move == Refine.name for c in history)
        if drafted < self.drafts:
            return [Ask(Draft(), str(n + 1)) for n in range(drafted, self.drafts)]
        more = -(drafted - self.drafts) % self.width
        if more:
            return [Ask(Draft(), str(drafted + n + 1)) for n in range(more)]
        first, count = generation(
            lambda first: len(_before(history, first, refined)),
            refined,
            total,
            lambda _: self.width,
            1 + self.debug_rounds,
        )
        if first == refined and not settled(history, self.debug_rounds):
            return []
        earlier = _before(history, first, refined)
        parents = _parents(earlier)
        if not parents:
            return [Ask(Draft(), str(drafted + n + 1)) for n in range(self.width)]
        return [Ask(Refine(parents), f"r{n + 1}") for n in range(refined, first + count)]


def _before(history: Sequence[Candidate], first: int, refined: int) -> list[Candidate]:
    """The candidates of the chains that were there before refinement number `first`, counted from 0."""
    later = {f"r{n + 1}" for n in range(first, refined)}
    return [c for c in history if root_of(c.slot) not in later]


def _parents(earlier: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The best programs, then the last refinements that gave one of them again: so no two refinements are asked for in the same words."""
    ranked = distinct(sorted((c for c in earlier if c.ok), key=lambda c: (*choice(c), _place(c))))
    best, again = ranked[:PARENTS], _again(earlier)
    if again and again[-1].essence not in {c.essence for c in best}:
        best = [*best[: PARENTS - 1], next(c for c in ranked if c.essence == again[-1].essence)]
    shown, programs = {c.id for c in best}, {c.essence for c in best}
    return (*best, *(c for c in again if c.id not in shown and c.essence in programs))


def _again(earlier: Sequence[Candidate]) -> list[Candidate]:
    """The refinements since the last new program whose program was there before, in the order of their slots."""
    known: set[str] = set()
    found: list[Candidate] = []
    for candidate in sorted((c for c in earlier if c.ok), key=_place):
        refined = _place(candidate)[0]
        found = [*found, candidate] if refined and candidate.program and candidate.essence in known else []
        known.add(candidate.essence)
    return found


def _place(candidate: Candidate) -> tuple[bool, int, int]:
    """Drafts by their number, then refinements by theirs, each before its mends."""
    root = root_of(candidate.slot)
    return root.startswith("r"), int(root.removeprefix("r")), depth_of(candidate.slot)
