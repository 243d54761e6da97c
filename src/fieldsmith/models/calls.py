"""The calls of a reply as they come in, in the many ways in which servers cut them up."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fieldsmith.models.chat_model import ChatRequest, ToolCall

ID_LENGTH = 9
"""Characters of an id that is made here: Mistral takes no other number of them."""


@dataclass
class _Coming:
    place: object
    id: str = ""
    name: str = ""
    parts: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether the arguments are complete, so that a further name begins another call."""
        return ToolCall(self.id, self.name, "".join(self.parts)).values is not None


class Calls:
    """Calls of one reply. Servers name the call that a part belongs to by its place, by its id, by both or not at all."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._coming: list[_Coming] = []

    def take(
        self,
        place: object = None,
        id: object = None,
        name: object = None,
        arguments: object = None,
        extra: Mapping[str, Any] | None = None,
    ) -> int:
        """Add a part of a call; how many characters it holds. `extra` is what a server wants back with the call."""
        told, called = id if isinstance(id, str) else "", name if isinstance(name, str) else ""
        text = arguments if isinstance(arguments, str) else "" if arguments is None else as_text(arguments)
        call = self._belongs(place, told, called)
        if call is None:
            call = _Coming(place)
            self._coming.append(call)
        call.id, call.name = call.id or told, call.name or called
        call.parts.append(text)
        call.extra |= extra or {}
        return len(called) + len(text)

    def _belongs(self, place: object, id: str, name: str) -> _Coming | None:
        """The call that a part goes on with; None for one that begins another.

        Some servers number all calls 0, and some give a part of a call another id; only one that has a name begins a call.
        """
        if place is None:
            found = next((c for c in self._coming if id and c.id == id), self._coming[-1] if self._coming else None)
        else:
            found = next((c for c in reversed(self._coming) if c.place == place), None)
        if found is None or not name or not found.name:
            return found
        another = id != found.id if id and found.id else found.whole or name != found.name
        return None if another else found

    def made(self) -> tuple[ToolCall, ...]:
        """The calls; those without an id, or with that of another, get one of their own, the same whenever the same is asked."""
        calls: list[ToolCall] = []
        for coming in self._named():
            taken = {call.id for call in calls}
            id = coming.id if coming.id and coming.id not in taken else self._id(len(calls))
            calls.append(ToolCall(id, coming.name, _arguments("".join(coming.parts))))
        return tuple(calls)

    def extras(self) -> list[dict[str, Any]]:
        """What the server wants back with each call."""
        return [coming.extra for coming in self._named()]

    def _named(self) -> list[_Coming]:
        return [c for c in self._coming if c.name or any(c.parts)]

    def _id(self, number: int) -> str:
        return hashlib.sha256(f"{self._request.key} {number}".encode()).hexdigest()[:ID_LENGTH]


def as_text(arguments: object) -> str:
    """Arguments that come as an object, as the JSON text of it."""
    return json.dumps(arguments, ensure_ascii=False, default=str)


def _arguments(text: str) -> str:
    """Arguments as they came; `{}` where none did, and once unpacked where an object was put into a string twice."""
    text = (
        text.removeprefix("{}") if len(text) > 2 else text
    )  # some begin with the empty object that the parts then fill
    if not text.strip():
        return "{}"
    if text.lstrip().startswith('"'):
        try:
            inner = json.loads(text)
        except ValueError:
            return text
        return inner if isinstance(inner, str) and ToolCall("", "", inner).values is not None else text
    return text
