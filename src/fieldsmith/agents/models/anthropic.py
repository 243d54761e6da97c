"""Anthropic by the official SDK: the messages API."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fieldsmith.agents.models.chat_model import ChatRequest, roomy
from fieldsmith.agents.models.keys import find_key, refuse_address_in_environment
from fieldsmith.agents.models.provider import CONNECT_TIMEOUT, TIMEOUT, ProviderModel
from fieldsmith.agents.models.requests import Endless, Unstreamed, with_refusal, with_thoughts
from fieldsmith.agents.models.settings import MAX_TOKENS, REASONING_EFFORT, STOP, TEMPERATURE, THINKING_TOKENS, checked
from fieldsmith.errors import InputError

SETTINGS = {
    "temperature": TEMPERATURE,
    "max_tokens": MAX_TOKENS,
    "stop": STOP,
    "reasoning_effort": REASONING_EFFORT,
    "thinking_tokens": THINKING_TOKENS,
}
ROOM = 16_000
"""Tokens of a reply where none are asked for: the API wants a limit."""
STOPS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}


class AnthropicModel(ProviderModel):
    prefix, home = "anthropic", "https://api.anthropic.com"
    usual = "it does not end in /v1"  # the SDK adds it

    def __init__(self, name: str, base_url: str | None, key: str, settings: Mapping[str, object]) -> None:
        super().__init__(name, base_url, key, settings, SETTINGS)
        room = int(self.settings.get("max_tokens", ROOM))
        if int(self.settings.get("thinking_tokens", 0)) >= room:
            raise InputError(
                f"thinking_tokens must leave room for a reply, which has {room:,} tokens in all.",
                "Give fewer, or more with --model-option max_tokens=TOKENS.",
            )

    def connect(self, **options: Any) -> Any:
        import anthropic

        return anthropic.Anthropic(timeout=anthropic.Timeout(TIMEOUT, connect=CONNECT_TIMEOUT), **options)

    def ask(self, client: Any, request: ChatRequest, stream: bool) -> dict[str, Any]:
        settings: dict[str, Any] = roomy({"max_tokens": ROOM, **self.settings}, request)
        if "stop" in settings:
            settings["stop_sequences"] = settings.pop("stop")
        # Not every version of the SDK names these, and newer models take no temperature.
        further: dict[str, Any] = {}
        if "temperature" in settings:
            further["temperature"] = settings.pop("temperature")
        if "reasoning_effort" in settings:
            further["output_config"] = {"effort": settings.pop("reasoning_effort")}
        if "thinking_tokens" in settings:
            further["thinking"] = {"type": "enabled", "budget_tokens": settings.pop("thinking_tokens")}
        if further:
            settings["extra_body"] = further
        system = "\n\n".join(m.text for m in request.messages if m.role == "system")
        if system:
            settings["system"] = system
        turns = [{"role": m.role, "content": m.text} for m in request.messages if m.role != "system"]
        answer = client.messages.create(model=self.name, messages=turns, stream=stream, **settings)
        read = (lambda: self._streamed(answer, request.ordinal)) if stream else (lambda: _reply(answer))
        return self.understood(read)

    def _streamed(self, events: Iterable[Any], ordinal: str) -> dict[str, Any]:
        text: list[str] = []
        thoughts: list[str] = []
        refusal, count, begun, ended = "", 0, False, False
        fields: dict[str, Any] = {"input_tokens": 0, "output_tokens": 0, "stop": "stop", "model": self.name}
        for event in self.streamed(events):
            if event.type == "message_start":
                begun = True
                fields |= {"model": event.message.model, "input_tokens": _read_tokens(event.message.usage)}
            elif event.type == "content_block_delta" and event.delta.type in ("text_delta", "thinking_delta"):
                said = event.delta.type == "text_delta"
                (text if said else thoughts).append(event.delta.text if said else event.delta.thinking)
                count += len((text if said else thoughts)[-1])
                self.receiving(ordinal, count)
            elif event.type == "message_delta":
                reason, ended = str(event.delta.stop_reason), True
                refusal = _refusal(event.delta)
                fields |= {"stop": STOPS.get(reason, reason), "output_tokens": event.usage.output_tokens}
        if not begun:
            raise Unstreamed
        if not ended:
            raise Endless
        return with_refusal({**fields, "text": with_thoughts("".join(text), "".join(thoughts))}, refusal)


def _reply(answer: Any) -> dict[str, Any]:
    fields = {
        "text": with_thoughts(
            "".join(block.text for block in answer.content if block.type == "text"),
            "".join(block.thinking for block in answer.content if block.type == "thinking"),
        ),
        "input_tokens": _read_tokens(answer.usage),
        "output_tokens": answer.usage.output_tokens,
        "stop": STOPS.get(str(answer.stop_reason), str(answer.stop_reason)),
        "model": answer.model,
    }
    return with_refusal(fields, _refusal(answer))


def _refusal(ended: Any) -> str:
    """Why the provider refused, where it says so; older SDKs know no details of a stop."""
    details = getattr(ended, "stop_details", None)
    told = details if isinstance(details, dict) else vars(details) if details is not None else {}
    return str(told.get("explanation") or "") if ended.stop_reason == "refusal" else ""


def _read_tokens(usage: Any) -> int:
    """All tokens of the prompt: those that came out of a cache or went into one are counted beside the others."""
    cached = (usage.cache_read_input_tokens, usage.cache_creation_input_tokens)
    return usage.input_tokens + sum(count or 0 for count in cached)


def open_anthropic(
    name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]
) -> AnthropicModel:
    # A misspelt setting is told before a missing key.
    checked("anthropic", settings, SETTINGS)
    refuse_address_in_environment("ANTHROPIC_BASE_URL", base_url)
    key = find_key("ANTHROPIC_API_KEY", key_file, needed=base_url is None)
    return AnthropicModel(name, base_url, key, settings)
