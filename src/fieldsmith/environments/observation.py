"""What comes of a step: observation, status, figures, and the faults that an environment's code may raise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal[
    "success", "parse_error", "validation_error", "runtime_error", "timeout",
    "resource_error", "transport_error", "budget_exceeded",
]  # fmt: skip
UNREADABLE: tuple[Status, ...] = ("parse_error", "validation_error")
"""Calls that nothing was run for: they cost no step, though there may be only so many of them."""
NOT_THE_AGENTS: tuple[Status, ...] = ("resource_error", "transport_error", "budget_exceeded")
"""What is no failure of the agent's: it is tried again and never counted against it."""


class StepFault(Exception):
    """Ends an action with a status and a sentence for the agent; what the action has changed is taken back.

    `hint` says what would be right.
    """

    status: Status = "runtime_error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Unfit(StepFault):
    """Arguments that are well formed and do not fit the state: an empty selection, a residue that is not there."""

    status = "validation_error"


class ToolFailed(StepFault):
    """The tool ran and failed."""


class OutOfTime(StepFault):
    """The step took longer than it may."""

    status = "timeout"


class Lacking(StepFault):
    """This machine lacks something: a program, memory, a GPU, a sandbox."""

    status = "resource_error"


class Unreachable(StepFault):
    """A service that the tool needs does not answer."""

    status = "transport_error"


@dataclass(frozen=True)
class Measure:
    """One figure of the panel that is computed after every action.

    lower_is_better: None where neither way is. main: whether it stands in the history table and decides what is
    Pareto-efficient. held_out: whether only judges see it, never the agent, so that over-optimisation shows.
    """

    name: str
    meaning: str
    lower_is_better: bool | None = True
    unit: str = ""
    main: bool = False
    held_out: bool = False


@dataclass(frozen=True)
class Artifact:
    """Something that a step has made and people may look at: a program, a picture, a structure.

    kind: its media type, such as text/x-python, image/png, chemical/x-pdb. digest: SHA-256 of its content, by which whoever
    hosts the environment finds it.
    """

    name: str
    kind: str
    digest: str
    caption: str = ""


@dataclass(frozen=True)
class Observation:
    """What the agent is shown: a text that stands alone, and what there is to look at."""

    text: str
    artifacts: tuple[Artifact, ...] = ()


@dataclass(frozen=True)
class Step:
    """One action and what came of it.

    number: how many steps have been counted, this one included. reward: by how much the score has changed; over an episode they add up to the final
    score. metrics: the whole panel, held-out figures left out; None for one that could not be computed. terminated: the episode has ended by
    the agent's doing; truncated: by a limit. counted: whether it has cost a step.
    """

    number: int
    action: str
    arguments: Mapping[str, Any]
    observation: Observation
    status: Status = "success"
    reward: float = 0.0
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    terminated: bool = False
    truncated: bool = False
    counted: bool = True
    seconds: float = 0.0
