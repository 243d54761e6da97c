"""How many tokens a request and its reply took: as the server told, or estimated from the text where it did not."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from fieldsmith.models.chat_model import ChatReply, ChatRequest, ToolCall
from fieldsmith.models.faults import field_of

BYTES_A_TOKEN = 4.0
"""Bytes of UTF-8 that a token holds on average: about right for English and programs, Chinese and Russian."""
CACHED = ("cache_read_input_tokens", "prompt_cache_hit_tokens", "cached_tokens")
"""Where the tokens that a cache held are told beside the others: Anthropic, DeepSeek, Moonshot."""
WITHIN = ("prompt_tokens_details", "input_tokens_details")
"""Where OpenAI's chat completions and its responses tell them."""
TURN = 4
"""Tokens that mark a turn of a conversation."""


def tokens_of(text: str) -> int:
    """An estimate of the tokens of a text."""
    return tokens_in(len(text) if text.isascii() else len(text.encode("utf-8", "replace")))


def tokens_in(size: float) -> int:
    """An estimate of the tokens of so many bytes."""
    return math.ceil(size / BYTES_A_TOKEN)


def prompt_tokens(request: ChatRequest) -> int:
    """An estimate of the tokens of a request; what is sent back of the model's thoughts is not counted."""
    tools = sum(tokens_of(json.dumps(asdict(tool))) + TURN for tool in request.tools)
    return tools + sum(tokens_of(m.text) + called_tokens(m.calls) + TURN for m in request.messages)


def called_tokens(calls: Iterable[ToolCall]) -> int:
    """An estimate of the tokens of calls."""
    return sum(tokens_of(call.name + call.arguments) + TURN for call in calls)


def counted(request: ChatRequest, reply: ChatReply) -> ChatReply:
    """The reply, what its server did not count estimated, and marked as such: no prompt has no tokens, nor has a text."""
    read = reply.input_tokens or prompt_tokens(request)
    written = reply.output_tokens or tokens_of(reply.text) + called_tokens(reply.calls)
    if (read, written) == (reply.input_tokens, reply.output_tokens):
        return reply
    return replace(reply, input_tokens=read, output_tokens=written, estimated=True)


@dataclass
class Counts:
    """What a server told of the tokens so far. Counts grow as a reply does, so the largest of each holds."""

    read: int = 0
    written: int = 0
    cached: int = 0
    """Of those read, how many came from a cache of prompts."""
    stored: int = 0
    """Of those read, how many were written to it."""

    def hear(self, usage: object) -> None:
        """Take in a usage, of whichever API; None and what is no number count for nothing."""
        read = _count(usage, "prompt_tokens") or sum(
            _count(usage, name) for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        )
        self.cached = max(
            self.cached,
            *(_count(field_of(usage, within), "cached_tokens") for within in WITHIN),
            *(_count(usage, name) for name in CACHED),
        )
        self.stored = max(
            self.stored,
            _count(usage, "cache_creation_input_tokens"),
            *(_count(field_of(usage, within), "cache_write_tokens") for within in WITHIN),
        )
        written = _count(usage, "completion_tokens") or _count(usage, "output_tokens")
        # Some servers leave what the model thought to itself out of all but the total, and bill it.
        self.read = max(self.read, read)
        self.written = max(self.written, written, _count(usage, "total_tokens") - read if read else 0)

    def hear_part(self, part: object) -> None:
        """Take in what stands in a part of an answer, in any of the places that servers have for it."""
        self.hear(field_of(part, "usage"))
        self.hear(field_of(field_of(part, "x_groq"), "usage"))

    @property
    def told(self) -> bool:
        return bool(self.read or self.written)

    def fields(self) -> dict[str, int]:
        cached = min(self.cached, self.read)
        stored = min(self.stored, self.read - cached)
        return {
            "input_tokens": self.read,
            "output_tokens": self.written,
            "cached_tokens": cached,
            "cache_written_tokens": stored,
        }


def _count(usage: object, name: str) -> int:
    value = field_of(usage, name)
    return int(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0 else 0
