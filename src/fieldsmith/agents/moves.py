"""What a strategy asks for. A move knows its name, its parents, its words, and how it is made anew from a run's store.

A plug-in adds one by deriving a class, with a sentence that says to an author what is wanted:

    class Join(Move):
        words = "Write one program that takes the discretisation of the first and the time steps of the second."

`Join((first, second))` can then be asked for as the built-in moves can. Importing the class makes it known, so it belongs
into the strategy's module: whoever resumes a run imports that.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from fieldsmith.agents.candidate import Candidate, distinct
from fieldsmith.errors import InputError

NAME = re.compile(r"[a-z][a-z0-9_-]*")
"""What a move, and a turn of one, may be called."""

TAKEN = ("program", "continue", "shorter")
"""What requests of every conversation are kept as, which a turn must not be mistaken for."""

_known: dict[str, type["Move"]] = {}


@dataclass(frozen=True)
class Move:
    """A wish of a strategy. It is nothing but its kind and its parents, which is what a run keeps of it.

    Raises InputError, where a class is derived, for a name that is another move's or cannot be a file's, for a lack of words, and for turns
    that are no tuple of names.
    """

    parents: tuple[Candidate, ...] = ()
    """The candidates that it names, in order: the lineage of what comes of it."""
    name: ClassVar[str] = ""
    """What runs and reports call it; of a derived class, where it gives none, the class's own in small letters."""
    words: ClassVar[str] = ""
    """A sentence that says to an author what is wanted. A model reads it unless the style has a template NAME.md.jinja."""
    turns: ClassVar[tuple[str, ...]] = ()
    """Names of templates that a model answers first, each a turn of the same conversation, before it is asked for the program: `plan` and
    `criticise`, which every style has, or files NAME.md.jinja in the folder of --prompts."""
    avoids: ClassVar[bool] = False
    """Whether a failed candidate that is the last of several parents is a mistake to avoid, and no program to work from. Where a chain repeats a mistake,
    such a move is then asked for again with the failed candidate behind its parents; another one gives way to a `Restart`."""

    improves: ClassVar[bool] = False
    """Whether it works from programs that ran, one at least, and from none that failed: their figures are told."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parents", tuple(self.parents))

    def __init_subclass__(cls) -> None:
        cls.name = cls.__dict__.get("name") or cls.__name__.lower()
        if not NAME.fullmatch(cls.name):
            raise InputError(f"A move cannot be called {cls.name!r}.", "Use small letters, digits, - and _.")
        if not cls.words.strip():
            raise InputError(
                f"The move {cls.name!r} has no words.", "Give it `words`, a sentence that says what is wanted."
            )
        _check_turns(cls.name, cls.turns)
        other = _known.get(cls.name, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            taken = f"{other.__module__}.{other.__qualname__}"
            raise InputError(f"The move {cls.name!r} of {cls.__module__} has the name of {taken}.", "Give it another.")
        _known[cls.name] = cls

    @classmethod
    def remade(cls, parents: Sequence[Candidate]) -> Self:
        """The move with these parents, which may come from a store: the inverse of `parents`."""
        return cls(tuple(parents))

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The parents to work from, best first: their programs and figures are shown."""
        return self.parents if self.avoid is None else self.parents[:-1]

    @property
    def repeated(self) -> Mapping[int, int]:
        """How many further parents have the program of which candidate, counted from 1: what came of the move when it was asked last."""
        places = {c.essence: n for n, c in enumerate(self.candidates, 1) if c.program}
        shown = {c.id for c in (*self.candidates, self.avoid) if c is not None}
        return Counter(places[c.essence] for c in self.parents if c.id not in shown and c.essence in places)

    @property
    def avoid(self) -> Candidate | None:
        """The parent whose mistake is not to be made again, if there is one."""
        last = self.parents[-1] if self.avoids and len(self.parents) > 1 else None
        return last if last is not None and last.evaluation is not None and not last.ok else None

    def again(self, failed: Candidate) -> "Move":
        """What a chain that began with this move goes on with where a mend has repeated the mistake of `failed`: it must tell an author of that mistake, else
        the same is asked for in the same words."""
        kept = self.parents if self.avoid is None else self.parents[:-1]
        anew = self.remade((*kept, failed)) if self.avoids else None
        return anew if anew is not None and anew.avoid == failed else Restart(failed, kept)

    @property
    def templates(self) -> tuple[str, ...]:
        """Names of the templates that say it, of which the first counts that a style has."""
        return (self.name,)

    def with_fewer(self) -> Self | None:
        """The move without the last of several candidates, for a model that has no room for all; else None."""
        if len(self.candidates) < 2:
            return None
        *kept, last = self.candidates
        shown = {c.id for c in (*kept, self.avoid) if c is not None}
        return self.remade([c for c in self.parents if c.id in shown or c.essence != last.essence])


def _check_turns(move: str, turns: object) -> None:
    """Raises InputError for turns that are no tuple of names, each of its own."""
    names = (
        [turn for turn in turns if isinstance(turn, str) and NAME.fullmatch(turn)] if isinstance(turns, tuple) else []
    )
    if not isinstance(turns, tuple) or len(names) != len(turns):
        hint = "Give it a tuple of names in small letters, as in turns = ('plan', 'criticise')."
        raise InputError(f"The turns of the move {move!r} are no names of templates.", hint)
    for name in names:
        if name.rstrip("-") in TAKEN or names.count(name) > 1:
            raise InputError(
                f"The move {move!r} cannot have a turn {name!r}.", f"Name each turn once, and none {', '.join(TAKEN)}."
            )


class Draft(Move):
    """Write a program from the brief alone."""

    words = "Write a program from the problem alone."


class Debug(Move):
    """Mend a program that failed."""

    words = "Mend the program that failed."

    def __init__(self, candidate: Candidate) -> None:
        super().__init__((candidate,))

    @classmethod
    def remade(cls, parents: Sequence[Candidate]) -> Self:
        return cls(*parents)

    @property
    def candidate(self) -> Candidate:
        return self.parents[0]

    def again(self, failed: Candidate) -> "Move":
        return Restart(failed)


class Refine(Move):
    """Write a better program than these, best first.

    A parent whose program is that of an earlier one is not shown again: it says that a refinement came to nothing else.
    """

    words = "Write a better program than these."
    improves = True

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return tuple(distinct(self.parents))


class Restart(Move):
    """Begin anew where mending repeats a mistake: as a draft, or as a refinement of `candidates` where the chain began so."""

    words = "Begin anew and do not repeat the mistake of the program that failed."

    def __init__(self, failed: Candidate, candidates: Sequence[Candidate] = ()) -> None:
        super().__init__((failed, *candidates))

    @classmethod
    def remade(cls, parents: Sequence[Candidate]) -> Self:
        return cls(parents[0], parents[1:])

    @property
    def failed(self) -> Candidate:
        return self.parents[0]

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return tuple(distinct(self.parents[1:]))

    @property
    def avoid(self) -> Candidate:
        return self.failed

    def again(self, failed: Candidate) -> "Move":
        """Of two mistakes the newer one is to be avoided."""
        return Restart(failed, self.parents[1:])

    @property
    def templates(self) -> tuple[str, ...]:
        return (self.name, Refine.name if self.candidates else Draft.name)


class Planned(Draft):
    """Write a program by a plan that was criticised before: a model drafts the plan, looks for its faults, and then writes the program.

    A parent is one whose mistake is not to be made again.
    """

    words = "Plan a program from the problem alone, look for faults of the plan, mend it, then write the program."
    turns = ("plan", "criticise")
    avoids = True

    @property
    def avoid(self) -> Candidate | None:
        return self.parents[-1] if self.parents else None


class Calibrate(Move):
    """Correct the plan of a program by what was measured of it, in its pilot and in full, and write the program of the corrected plan."""

    words = (
        "Compare what the plan of this program promises with what was measured: order, error, time, at low resolution and in full. Correct the plan where the "
        "figures do not bear it out, choose resolution and steps from them, and write the program of the corrected plan."
    )
    avoids = True
    improves = True


class Combine(Move):
    """Write one program that joins what is best in several that go different ways."""

    words = (
        "These programs go different ways. Say of each in one sentence what it does better than the others: its discretisation, its steps in "
        "time, how it controls the resolution, its speed. Then write one new program that joins these merits; a lower error comes first."
    )
    avoids = True
    improves = True

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return tuple(distinct(super().candidates))


class SpeedUp(Move):
    """Write a faster program of the same accuracy."""

    name = "speed-up"
    words = (
        "This program is accurate but slow. Write one that does the same in a fraction of its time and is no less accurate: whole arrays in place "
        "of loops, all samples at once, factorisations and transforms made once, no finer grid and no more steps than the error needs."
    )
    avoids = True
    improves = True


BUILT_IN: tuple[type[Move], ...] = (Draft, Debug, Refine, Restart, Planned, Calibrate, Combine, SpeedUp)


def kinds() -> list[type[Move]]:
    """Every move that is known, the built-in ones first."""
    return list(_known.values())


def move_named(name: str, parents: Sequence[Candidate]) -> Move:
    """The move of that name with these parents. Raises InputError for a name that no imported class has."""
    if name not in _known:
        words = f"Nobody knows the move {name!r} that this run has asked for."
        raise InputError(words, "Install the plug-in that it comes from; the module of its strategy must define it.")
    return _known[name].remade(parents)
