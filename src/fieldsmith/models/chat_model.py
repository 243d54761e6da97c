"""One conversation turn with a language model, whoever serves it."""

import hashlib
import json
import math
import re
import zlib
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Protocol

from fieldsmith.errors import ProviderError
from fieldsmith.models.endings import ending

# Durations differ from run to run without changing what is asked.
DURATION = re.compile(r"\b\d+(\.\d+)?(e[-+]?\d+)? ?(ms|s|sec|seconds)\b")
THOUGHTS = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)
"""What a reply begins with where the model thought aloud."""


LONGEST, LONGEST_THOUGHTS = 400_000, 2_000_000
"""Characters of a reply, and with what was thought before it, far beyond any program: there it is cut off, as a model may repeat
itself for ever."""


def silent(_: str) -> None:
    """Tells nobody."""


def nothing_heard(_ordinal: str, _characters: int) -> None:
    """Tells nobody."""


def nothing_lost(_request: "ChatRequest", _read: int, _written: int) -> None:
    """Tells nobody."""


def unlimited(_request: "ChatRequest", _characters: int) -> bool:
    """Lets every reply go on."""
    return True


@dataclass(frozen=True)
class Tool:
    """What a model may call: a name of letters, digits, _ and - (64 at most), what it does, and its arguments as a JSON schema
    of type object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """A call in a reply: the id that answers name, the tool's name, and the arguments as the text that came.

    Both come from a model: the name may be no tool's, and the text no JSON."""

    id: str
    name: str
    arguments: str

    @property
    def values(self) -> dict[str, Any] | None:
        """The arguments as an object; None where the text is no JSON object."""
        try:
            read = json.loads(self.arguments)
        except (ValueError, RecursionError):
            return None
        return read if isinstance(read, dict) else None


@dataclass(frozen=True)
class Message:
    """One turn of a conversation: who speaks, and what.

    `calls` are what the assistant called, `call_id` says which call a message of role tool answers. `kept` holds what the
    provider wants back unchanged (signed or encrypted thoughts), as `ChatReply.turn` puts it there. The provider's form of text
    and calls may be in it and is sent in their place, so whoever changes these leaves it out. The first `stable` characters of the text, and
    all before them, are the same in many requests, so that a provider may keep them; that is no part of a request's identity.
    """

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    kept: tuple[Mapping[str, Any], ...] = ()
    stable: int = 0


@dataclass(frozen=True)
class ChatRequest:
    """What is asked. `ordinal` tells apart requests that are meant to differ though their text does not
    (several drafts from one prompt); it is part of the identity but not sent to the provider. `room` says how many
    times as long as usual the reply may be, for models that limit it. `candidate` is the number of the candidate that is
    asked for, 0 where none is known; it is no part of the identity. `tools` are what the model may call, and `must_call` asks
    that it calls one, where the server knows how."""

    messages: tuple[Message, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    ordinal: str = ""
    room: int = 1
    candidate: int = 0
    tools: tuple[Tool, ...] = ()
    must_call: bool = False

    @property
    def key(self) -> str:
        """SHA-256 of messages, settings, ordinal and tools, durations left out: a stored reply is found again by it."""
        fields: dict[str, Any] = {"settings": dict(self.settings), "ordinal": self.ordinal}
        fields["messages"] = [_identity(m) for m in self.messages]
        if self.room != 1:
            fields["room"] = self.room
        if self.tools:
            fields |= {"tools": [asdict(tool) for tool in self.tools], "must_call": self.must_call}
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _identity(message: Message) -> list[object]:
    said: list[object] = [message.role, DURATION.sub("_ s", message.text)]
    if message.calls or message.call_id:
        said += [[[call.id, call.name, call.arguments] for call in message.calls], message.call_id]
    return said


@dataclass(frozen=True)
class ChatReply:
    """What came back, with the usage the server reported and why it stopped (`stop`, `calls`, `length`, `refusal`, ...).

    `estimated` says that a count is not the server's but made from the text. A reply that holds calls may have no text.
    Of the input tokens, `cached_tokens` were read from the provider's cache and `cache_written_tokens` written to it, each at a price of its
    own. `lost_input_tokens` and `lost_output_tokens` are those of attempts that came to nothing before this one and were charged."""

    text: str
    input_tokens: int = 0
    output_tokens: int = 0
    stop: str = "stop"
    model: str = ""
    seconds: float = 0.0
    estimated: bool = False
    calls: tuple[ToolCall, ...] = ()
    kept: tuple[Mapping[str, Any], ...] = ()
    cached_tokens: int = 0
    cache_written_tokens: int = 0
    lost_input_tokens: int = 0
    lost_output_tokens: int = 0

    @property
    def charged_tokens(self) -> tuple[int, int]:
        """Tokens read and written in all, those of attempts that came to nothing included."""
        return self.input_tokens + self.lost_input_tokens, self.output_tokens + self.lost_output_tokens

    @property
    def turn(self) -> Message:
        """The reply as a turn of the conversation that goes on, without thoughts but for those that the provider wants back."""
        return Message("assistant", THOUGHTS.sub("", self.text), self.calls, kept=self.kept)


COUNTS = (
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_written_tokens",
    "lost_input_tokens",
    "lost_output_tokens",
)


def sound(reply: ChatReply, label: str) -> ChatReply:
    """A reply that can be stored and used: text without lone surrogates, counts that are numbers.

    Raises ProviderError for what is no reply, and for one that is no text.
    """
    if not isinstance(reply, ChatReply):
        raise ProviderError(
            f"{label} answered with a {type(reply).__name__} in place of a ChatReply.",
            "Mend the model: its `complete` returns ChatReply(text).",
        )
    if not isinstance(reply.text, str):
        raise ProviderError(
            f"{label} answered with a {type(reply.text).__name__} in place of text.", "Check the model and its server."
        )
    counts = {
        name: int(count) if isinstance(count := getattr(reply, name), int | float) and 0 < count < math.inf else 0
        for name in COUNTS
    }
    calls = tuple(ToolCall(*(_plain(part) for part in (call.id, call.name, call.arguments))) for call in reply.calls)
    stop = ending(reply.stop, bool(calls))
    return replace(reply, text=_plain(reply.text), stop=stop, model=str(reply.model), calls=calls, **counts)


def _plain(text: object) -> str:
    return str(text).encode("utf-8", "replace").decode("utf-8")


def roomy(settings: Mapping[str, Any], request: ChatRequest) -> dict[str, Any]:
    """A model's settings for a request: with as many times its limit of tokens as the request has room for, and a seed of its own.

    One seed for all would make drafts from one prompt the same; this one is the same whenever the request is asked again.
    """
    limits = [name for name in ("max_tokens", "max_completion_tokens") if settings.get(name)]
    more = {name: settings[name] * request.room for name in limits}
    if "seed" in settings:
        more["seed"] = (int(settings["seed"]) + zlib.crc32(request.ordinal.encode())) % 2**31
    return {**settings, **more}


def without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with what the system says at the head of the first turn, for models whose template has no such role."""
    said = [m.text for m in messages if m.role == "system"]
    turns = [m for m in messages if m.role != "system"]
    if not said or not turns:
        return tuple(messages)
    text = "\n\n".join([*said, turns[0].text])
    stable = turns[0].stable and turns[0].stable + len(text) - len(turns[0].text)
    return (replace(turns[0], text=text, stable=stable), *turns[1:])


def spoken(message: Message) -> str:
    """What a message says, its calls written out, for whoever reads text alone."""
    called = [f"{call.name}({call.arguments})" for call in message.calls]
    return "\n\n".join([*filter(None, [message.text.rstrip()]), *called]) if called else message.text


def prompt_text(request: ChatRequest) -> str:
    """A request as one text for a model that takes no messages; roles are named where there is more than one turn."""
    turns = [m for m in request.messages if m.role != "system"]
    system = [m.text.strip() for m in request.messages if m.role == "system"]
    if len(turns) == 1:
        return "\n\n".join([*system, turns[0].text.strip()]) + "\n"
    said = [f"[{m.role}]\n\n{spoken(m).strip()}" for m in turns]
    return "\n\n".join([*system, *said, "[assistant]"]) + "\n"


NOT_TAKEN = "not taken"
"""Why a reply is empty where the model refused a further request."""
NOT_ASKED = "not asked"
"""Why a reply is empty where a further request would have cost more than the run has left."""
FURTHER = "+"
"""In an ordinal, before what a further request about the same candidate is for: `3.1+continue`."""
TURN = "/"
"""In an ordinal, before the number of a turn of an episode: `3/2`."""
WORDS = "ask"
"""The ordinal of a request that makes a problem file of a person's words; `ask/2` is the second of that conversation."""
SHORTENED = "-"
"""Ends the ordinal of a request that stands in for one that was too long, once for each time it was shortened."""


class ChatModel(Protocol):
    """`label` is what the person typed after --model; `complete` raises ProviderError when the provider gives up,
    MissingPart for a missing key, InputError for a setting the model does not know. A class derived from this one needs
    no more than these two."""

    label: str
    note: str = "a language model"
    """What kind of author this is, in words."""
    waiting: Callable[[str], None] = staticmethod(silent)
    """Told what is being waited for, where a person has to do something about it."""
    receiving: Callable[[str, int], None] = staticmethod(nothing_heard)
    """Told of a reply on its way: the request's ordinal and the characters that have come."""
    may_go_on: Callable[[ChatRequest, int], bool] = staticmethod(unlimited)
    """Asked, as a reply grows, whether it may: given the request and the characters so far. Where not, the model cuts it off, with stop `length`."""
    lost: Callable[[ChatRequest, int, int], None] = staticmethod(nothing_lost)
    """Told of attempts that came to nothing and are charged all the same: the request, tokens read, tokens written."""
    priced: bool = False
    """Whether `price` knows what a reply costs."""
    calls_tools: bool = False
    """Whether requests with tools are understood. It may become False: where a server refuses tools, `complete` raises ToolsRefused."""

    @abstractmethod
    def complete(self, request: ChatRequest) -> ChatReply: ...

    def price(self, reply: ChatReply) -> float | None:
        """US dollars, None where the price is unknown."""
        return None
