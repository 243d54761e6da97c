"""Actions: what an agent can do in an environment, as pydantic models.

The docstring of an action is its short documentation, its fields with their descriptions are its arguments. The long page is
`docs/NAME.md` beside the environment's module.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
"""What an action may be called: both providers take it as the name of a tool."""


@dataclass(frozen=True)
class Needs:
    """What one step with an action may take, and where it runs.

    seconds: wall time, after which the step has the status `timeout`. place: `host`, in this process and in programs that it starts by
    `Tools.run`; or `sandbox`, where whatever an agent has written runs, with `image` as Docker knows it. programs: commands
    that must be found for it. variables: environment variables that these commands get besides the harmless ones.
    cores, memory_mb, gpus: what a scheduler has to set aside, and the limits in a sandbox.
    """

    seconds: float = 60.0
    place: Literal["host", "sandbox"] = "host"
    image: str = "base"
    programs: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    cores: int = 1
    memory_mb: int = 4096
    gpus: int = 0


class Action(BaseModel):
    """One kind of action; derive from it, one field an argument.

    free: whether it only reads, so that it costs no step and changes nothing. needs: what a step takes. called: its name where
    it is not the class's in snake case. example: arguments of a sensible call for its page, which has some by chance otherwise.
    suffices: whether one sensible call of it may do a task well, so that only what its repetition adds is an exploit. long_text: the argument that is
    a program or another long text; an agent that writes such a text and no call means this action, and need not write it a second time to have read its page.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    free: ClassVar[bool] = False
    needs: ClassVar[Needs] = Needs()
    called: ClassVar[str] = ""
    example: ClassVar[Mapping[str, Any]] = {}
    suffices: ClassVar[bool] = False
    long_text: ClassVar[str] = ""


class Submit(Action):
    """Hand in what you have: it is judged, and the episode ends."""


class GoBack(Action):
    """Return to the state after an earlier step and go on from there; what was tried since is kept in the history."""

    example: ClassVar[Mapping[str, Any]] = {"step": 1}
    step: int = Field(description="Number of the step whose state you want back; 0 is the beginning.", ge=0)


class ReadDocs(Action):
    """Read the whole documentation of an action before you use it. Costs no step."""

    free: ClassVar[bool] = True
    action: str = Field(description="Name of the action.", min_length=1, max_length=100)


class History(Action):
    """See all steps so far with their main figures, and which of them are Pareto-efficient. Costs no step."""

    free: ClassVar[bool] = True


EVERYWHERE: tuple[type[Action], ...] = (GoBack, ReadDocs, History, Submit)
"""Actions that every environment has."""


def name_of(action: type[Action] | Action) -> str:
    """`WriteSolver` is called `write_solver`, unless it says otherwise."""
    kind = action if isinstance(action, type) else type(action)
    return kind.called or re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind.__name__).lower()


def short_docs(action: type[Action]) -> str:
    """The docstring in one paragraph."""
    own = action.__doc__ if action.__doc__ != Action.__doc__ else ""
    return " ".join((own or "").split())


def schema_of(action: type[Action]) -> dict[str, Any]:
    """JSON schema of the arguments, an object without references to elsewhere, as models' tools are told.

    Raises ValueError for a model that contains itself.
    """
    whole = action.model_json_schema()
    known = whole.pop("$defs", {})
    schema: dict[str, Any] = _plain(whole, known, ())
    schema.pop("description", None)
    return {"type": "object", "properties": {}, **schema, "additionalProperties": False}


def _plain(part: Any, known: dict[str, Any], inside: tuple[str, ...]) -> Any:
    """A part of a schema with what it refers to put in its place, and without titles."""
    if isinstance(part, list):
        return [_plain(one, known, inside) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        name = str(part["$ref"]).rpartition("/")[2]
        if name in inside:
            raise ValueError(f"{name} contains itself")
        return _plain({**known[name], **{k: v for k, v in part.items() if k != "$ref"}}, known, (*inside, name))
    # A property may be called "title"; the keyword is a text.
    return {
        key: _plain(value, known, inside)
        for key, value in part.items()
        if not (key == "title" and isinstance(value, str))
        and key != "discriminator"
        and not (key == "default" and value is None)  # what is left out needs no word for it
    }
