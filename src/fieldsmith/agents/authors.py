"""Authors by name, who write without a model: those here and those of the entry-point group `fieldsmith.authors`, each naming a class."""

import inspect
from collections.abc import Callable, Mapping

from fieldsmith.agents.author import BUILT_IN, Author
from fieldsmith.errors import MissingPart
from fieldsmith.plugins import Group

AUTHOR_MEMBERS = ("label", "note", "trusted", "write")


def _built_ins() -> dict[str, Callable[..., Author]]:
    from fieldsmith.agents.numerics_author import NumericsAuthor  # takes SymPy, which is for who writes without a model
    from fieldsmith.agents.scan_author import ScanAuthor

    return {BUILT_IN: NumericsAuthor, ScanAuthor.label: ScanAuthor}


def _fault(_name: str, part: object) -> str:
    """What is wrong with an author that a plug-in brings, if anything: a function that makes one will do."""
    if inspect.isclass(part) and callable(getattr(part, "write", None)):
        return ""
    return "" if inspect.isfunction(part) else "it is not a class with a method `write`"


AUTHORS: Group[Callable[..., Author]] = Group("fieldsmith.authors", "author", _built_ins, _fault)


def open_author(name: str = BUILT_IN, seed: int = 0) -> Author:
    """The author of that name, told of the run's `seed` if it takes one.

    Raises InputError for an unknown name, MissingPart for a plug-in that is broken or fails.
    """
    made = AUTHORS.get(name)
    with AUTHORS.calling(name):
        author = made(**_seeded(made, seed))
    if missing := [member for member in AUTHOR_MEMBERS if not hasattr(author, member)]:
        raise MissingPart(f"The author {name} has no {' and no '.join(missing)}.", "Mend the package that brings it.")
    return author


def _seeded(made: Callable[..., Author], seed: int) -> Mapping[str, int]:
    return {"seed": seed} if "seed" in inspect.signature(made).parameters else {}
