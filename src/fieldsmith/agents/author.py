"""The words of this room: moves, programs, candidates and the authors that write them."""

from collections.abc import Sequence
from typing import Protocol

from fieldsmith.agents.candidate import Candidate, Plan, Program, Proposal, Usage
from fieldsmith.agents.moves import Calibrate, Combine, Debug, Draft, Move, Planned, Refine, Restart, SpeedUp
from fieldsmith.tasks.task import Brief

__all__ = [
    "Author",
    "Calibrate",
    "Candidate",
    "Combine",
    "Debug",
    "Draft",
    "Move",
    "NothingLeft",
    "Plan",
    "Planned",
    "Program",
    "Proposal",
    "Refine",
    "Restart",
    "SpeedUp",
    "Usage",
]

BUILT_IN = "built-in"
"""The author that is asked where nobody is named."""
NUMERICS = "numerics"
"""What it is called in results, where models are by their names."""


class NothingLeft(Exception):
    """An author has no further idea; the run ends with what it has, and with the reason given here."""


class Author(Protocol):
    """Turns a brief and a move into a program.

    `label` stands in the results (`openai:gpt-5`, `numerics`), `note` says what kind of author it is; `trusted` authors may run in a plain process.
    A class whose drafts do not depend on the history says `independent = True`: only such drafts are counted as independent (`fieldsmith scaling`).
    """

    label: str
    note: str
    trusted: bool

    def write(self, brief: Brief, move: Move, slot: str, history: Sequence[Candidate]) -> Proposal:
        """Answer a move. `history` holds all finished candidates. Raises ProviderError if the provider gives up, NothingLeft."""
        ...
