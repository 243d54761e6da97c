"""Anthropic by the official SDK: the messages API."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.models.calls import Calls
from fieldsmith.models.chat_model import ChatRequest, roomy
from fieldsmith.models.counting import Counts
from fieldsmith.models.endings import broken_off, ending
from fieldsmith.models.faults import field_of
from fieldsmith.models.hearing import Hearing
from fieldsmith.models.keys import find_key, refuse_address_in_environment
from fieldsmith.models.messages import Blocks, conversation
from fieldsmith.models.network import check_network
from fieldsmith.models.provider import Form, ProviderModel
from fieldsmith.models.requests import BrokenOff, Endless, Unstreamed, with_refusal, with_thoughts
from fieldsmith.models.settings import (
    MAX_TOKENS,
    REASONING_EFFORT,
    STOP,
    TEMPERATURE,
    THINKING_TOKENS,
    TIMEOUT,
    checked,
)

SETTINGS = {
    "temperature": TEMPERATURE,
    "max_tokens": MAX_TOKENS,
    "stop": STOP,
    "reasoning_effort": REASONING_EFFORT,
    "thinking_tokens": THINKING_TOKENS,
    "timeout": TIMEOUT,
}
ROOM = 16_000
"""Tokens of a reply where none are asked for: the API wants a limit."""


class AnthropicModel(ProviderModel):
    prefix, home, expected = "anthropic", "https://api.anthropic.com", "a message"
    versioned = False  # the SDK adds it

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

        return self.connected(anthropic, **options)

    def ask(self, client: Any, request: ChatRequest, form: Form) -> dict[str, Any]:
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
            request = replace(request, must_call=False)  # a model that thinks cannot be made to call
        if further:
            settings["extra_body"] = further
        settings |= conversation(request)
        answer = client.messages.create(model=self.name, stream=form.streams, **settings)
        if form.streams:
            return self.understood(None, lambda: self._streamed(answer, request))
        return self.understood(answer, lambda: _reply(answer, request))

    def _streamed(self, events: Iterable[Any], request: ChatRequest) -> dict[str, Any]:
        heard, refusal, reason = self.hearing(request), "", None
        begun, ended, model, blocks = False, False, self.name, Blocks()
        for event in heard.parts(self.streamed(events)):
            delta, place = field_of(event, "delta"), field_of(event, "index")
            if event.type == "message_start":
                begun, model = True, str(field_of(field_of(event, "message"), "model") or model)
                heard.counts.hear_part(field_of(event, "message"))
            elif event.type == "content_block_start":
                blocks.begin(place, field_of(event, "content_block"))
                _take(heard, field_of(event, "content_block"), place)
            elif event.type == "content_block_delta":
                blocks.add(place, delta)
                _take(heard, delta, place)
            elif event.type == "message_delta":
                reason = field_of(delta, "stop_reason") or reason
                ended = ended or reason is not None
                refusal = _refusal(delta) or refusal
                heard.counts.hear_part(event)
            elif event.type == "message_stop":
                ended = True
        if not begun and not heard.size:
            raise Unstreamed
        if not ended and not heard.cut:
            raise Endless
        kept = blocks.kept(heard.calls.made())
        return with_refusal({**heard.fields(reason, model), "kept": kept}, refusal)


def _take(heard: Hearing, block: object, place: object) -> None:
    """The text, the thoughts or the call of a block, or of what comes to it."""
    kind = str(field_of(block, "type"))
    if kind.startswith("text"):
        heard.take(str(field_of(block, "text") or ""))
    elif kind.startswith("thinking"):
        heard.take(thoughts=str(field_of(block, "thinking") or ""))
    elif kind == "input_json_delta":
        heard.take_call(place=place, arguments=field_of(block, "partial_json"))
    elif kind == "tool_use":
        heard.take_call(place=place, **_use(block))


def _use(block: object) -> dict[str, Any]:
    """A call as `Calls.take` has it; what it is called with comes later where there is nothing yet."""
    return {"id": field_of(block, "id"), "name": field_of(block, "name"), "arguments": field_of(block, "input") or None}


def _reply(answer: Any, request: ChatRequest) -> dict[str, Any]:
    counts, calls, blocks = Counts(), Calls(request), Blocks()
    counts.hear_part(answer)
    for place, block in enumerate(answer.content):
        blocks.begin(place, block)
        if block.type == "tool_use":
            calls.take(place=place, **_use(block))
    reason = answer.stop_reason
    if broken_off(reason):
        raise BrokenOff(str(reason))
    fields = {
        "text": with_thoughts(
            "".join(block.text for block in answer.content if block.type == "text"),
            "".join(block.thinking for block in answer.content if block.type == "thinking"),
        ),
        "stop": ending(reason, bool(calls.made())),
        "model": answer.model,
        "calls": calls.made(),
        "kept": blocks.kept(calls.made()),
        **counts.fields(),
    }
    return with_refusal(fields, _refusal(answer))


def _refusal(ended: object) -> str:
    """Why the provider refused, where it says so; older SDKs know no details of a stop."""
    told = field_of(field_of(ended, "stop_details"), "explanation")
    return str(told or "") if field_of(ended, "stop_reason") == "refusal" else ""


def open_anthropic(
    name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]
) -> AnthropicModel:
    # A misspelt setting is told before a missing key.
    checked("anthropic", settings, SETTINGS)
    refuse_address_in_environment("ANTHROPIC_BASE_URL", base_url)
    key = find_key("ANTHROPIC_API_KEY", key_file, needed=base_url is None)
    check_network("anthropic", base_url or AnthropicModel.home)
    return AnthropicModel(name, base_url, key, settings)
