"""A plain scan: every setting of every family of methods in a random order, without any reasoning. It is not a language model."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from threading import Lock

from fieldsmith.agents.author import Candidate, Move, NothingLeft, Program, Proposal
from fieldsmith.agents.known_methods import Known, OnBoxes, OnEquations, Rung
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.numerics.methods import families
from fieldsmith.numerics.space import space
from fieldsmith.tasks.task import Brief


class ScanAuthor:
    """What anybody can do without thinking: the baseline that an author who thinks has to beat.

    Every move is answered with the next setting of an order that the seed draws, whatever came of those before: the n-th candidate's
    depends on the equation, the seed and n alone, so a run that resumes goes on with it. Time-outs and failures are part of it.

    It goes through `numerics.space`: the settings of the families' own variants (steps, tolerances, inner cells), those for when others have blown up
    among them, times every block that fits (limiters, fluxes, integrators, dealiasing, interpolation, solvers). Programs that differ in comments and names of local variables alone
    are one. For the five tasks at their usual parameters that comes to 2 (advection), 56 (burgers), 40 (reacdiff1d), 88 (cns1d) and 10 (darcy).
    """

    label = "scan"
    note = "plain scan over the built-in methods' settings in random order: no reasoning, no LLM"
    trusted = True
    independent = True

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._order: tuple[Brief, Iterator[Proposal]] | None = None
        self._known: list[Proposal] = []
        self._lock = Lock()

    def write(self, brief: Brief, move: Move, slot: str, history: Sequence[Candidate]) -> Proposal:
        """The setting after those of the history. Raises NothingLeft when none is left, or no method is known."""
        n = len(history)
        try:
            with self._lock:
                known = self._up_to(n, brief)
        except Unsuited as reason:
            words = f"the scan finds no method for this equation. {reason} A model may know one: name it with --model"
            raise NothingLeft(words) from None
        if n >= len(known):
            raise NothingLeft(f"all {len(known)} settings of the known methods have been tried")
        return known[n]

    def programs(self, brief: Brief) -> Iterator[Proposal]:
        """All that it would ever write for a brief, in order. Raises Unsuited if no family suits."""
        known, rungs = _known(brief)
        seen: set[str] = set()
        for rung in sorted(rungs, key=self._place):
            try:
                program = Program(known.text(rung))
            except Unsuited:  # of others of this family it is known that they can be written
                continue
            if program.essence not in seen:
                seen.add(program.essence)
                yield Proposal(program, replace(known.plan(rung), summary=_name(rung)))

    def _up_to(self, n: int, brief: Brief) -> list[Proposal]:
        """Its programs up to number n, or all where there are fewer."""
        if self._order is None or self._order[0] is not brief:
            self._order, self._known = (brief, self.programs(brief)), []
        self._known += itertools.islice(self._order[1], max(0, n + 1 - len(self._known)))
        return self._known

    def _place(self, rung: Rung) -> str:
        """A random number of the seed and the setting: methods that a plug-in adds do not stir the others' order."""
        return sha256(f"{self.seed} {_name(rung)}".encode()).hexdigest()


def _known(brief: Brief) -> tuple[Known, list[Rung]]:
    """The methods, and all their settings; of a problem of one's own the variants alone. Raises Unsuited if no family suits."""
    if brief.form is not None:
        known = OnBoxes(brief.form)
        return known, known.rungs
    known = OnEquations(brief, families())
    return known, [*space(families(), known.analysis, brief)]


def _name(rung: Rung) -> str:
    return f"{rung[0].name}: {rung[1].name}"
