"""One conversation turn with a language model, whoever serves it."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, Protocol

# Durations differ from run to run without changing what is asked.
DURATION = re.compile(r"\b\d+(\.\d+)?(e[-+]?\d+)? ?(ms|s|sec|seconds)\b")


def silent(_: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Message:
    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True)
class ChatRequest:
    """What is asked. `ordinal` tells apart requests that are meant to differ though their text does not
    (several drafts from one prompt); it is part of the identity but not sent to the provider."""

    messages: tuple[Message, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    ordinal: str = ""

    @property
    def key(self) -> str:
        """SHA-256 of messages, settings and ordinal, durations left out: a stored reply is found again by it."""
        fields = asdict(self)
        fields["messages"] = [[m.role, DURATION.sub("_ s", m.text)] for m in self.messages]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class ChatReply:
    """What came back, with the usage the server reported and why it stopped (`stop`, `length`, `refusal`, ...)."""

    text: str
    input_tokens: int = 0
    output_tokens: int = 0
    stop: str = "stop"
    model: str = ""
    seconds: float = 0.0


class ChatModel(Protocol):
    """`label` is what the person typed after --model; `complete` raises ProviderError when the provider gives up,
    MissingPart for a missing key, InputError for a setting the model does not know."""

    label: str
    note: str
    """What kind of author this is, in words."""
    waiting: Callable[[str], None]
    """Told what is being waited for, where a person has to do something about it."""
    priced: bool
    """Whether `price` knows what a reply costs."""

    def complete(self, request: ChatRequest) -> ChatReply: ...

    def price(self, reply: ChatReply) -> float | None:
        """US dollars, None where the price is unknown."""
        ...
