"""The words of acting: an agent answers an episode with a turn, which holds the calls that it asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from fieldsmith.agents.candidate import Usage
from fieldsmith.environments.calls import Call
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.episode import Record


@dataclass(frozen=True)
class Asked:
    """A call that an agent asks for. `given` is what it said; `call` what is taken, which is the documentation where that was not shown yet.

    id: what the provider calls it; empty where the call stood in the text.
    """

    call: Call
    given: Call
    id: str = ""


@dataclass(frozen=True)
class Turn:
    """One reply: its text, the calls in it, or the problem why there are none, as the agent is told it.

    kept: what the provider wants back unchanged, such as signed thoughts.
    """

    text: str = ""
    calls: tuple[Asked, ...] = ()
    problem: str = ""
    usage: Usage = field(default_factory=Usage)
    kept: tuple[Mapping[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, which `from_dict` reads."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Turn":
        calls = tuple(Asked(Call(**one["call"]), Call(**one["given"]), one["id"]) for one in fields["calls"])
        return cls(fields["text"], calls, fields["problem"], Usage(**fields["usage"]), tuple(fields["kept"]))


@dataclass(frozen=True)
class Exchange:
    """A turn and the records of what came of it: one a call, or one for a turn without calls."""

    turn: Turn
    records: tuple[Record, ...]


class Agent(Protocol):
    """`label` stands in the results, `note` says what kind of agent it is."""

    label: str
    note: str

    def turn(self, env: AnyEnvironment, dialogue: Sequence[Exchange], ordinal: str) -> Turn:
        """The next turn in the environment's episode, after those of the dialogue; `ordinal` tells it apart from all others of a run.

        Raises ProviderError if the provider gives up.
        """
        ...
