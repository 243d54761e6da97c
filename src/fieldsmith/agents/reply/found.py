"""What was found in a reply."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Found:
    """A program, or None and what was wrong in words an author can act on; `repairs` are sentences on what was done."""

    source: str | None
    problem: str = ""
    repairs: tuple[str, ...] = ()
    whole: bool = True
    """Whether the program came from a block that was closed, or from text that needs no fence."""


def with_words(found: Found, words: str) -> Found:
    """The same with a sentence more on what was done, if there is one."""
    return replace(found, repairs=(*found.repairs, words) if words else found.repairs)
