"""Conversations with tools in the form of chat completions, which OpenAI began and most servers speak."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fieldsmith.models.calls import Calls
from fieldsmith.models.chat_model import ChatRequest, Message, Tool, ToolCall
from fieldsmith.models.faults import field_of

THOUGHTS = ("reasoning_content", "reasoning")
"""Where servers put what a model thought, and want it back with its calls (DeepSeek)."""
DETAILS = "reasoning_details"
"""The same in blocks, signed or encrypted (OpenRouter)."""
EXTRA = "extra_content"
"""Where Gemini's server puts the signature of a call, without which it does not take the call back."""


def conversation(request: ChatRequest) -> dict[str, Any]:
    """The messages and, where there are any, the tools of a request."""
    asked: dict[str, Any] = {"messages": [_message(message) for message in request.messages]}
    if request.tools:
        asked["tools"] = [{"type": "function", "function": described(tool)} for tool in request.tools]
        if request.must_call:
            asked["tool_choice"] = "required"
    return asked


def described(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}


def sent_name(call: ToolCall) -> str:
    """The name of a call as providers take it back: one that the model made up may hold any characters."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", call.name)[:64] or "unnamed"


def sent_values(call: ToolCall) -> dict[str, Any]:
    """The arguments of a call as an object, which is all that providers take back."""
    values = call.values
    return {"malformed": call.arguments} if values is None else values


def sent_arguments(call: ToolCall) -> str:
    return call.arguments if call.values is not None else json.dumps(sent_values(call), ensure_ascii=False)


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
    if not message.calls:
        return {"role": message.role, "content": message.text}
    said = {"role": message.role, "content": message.text or None, "tool_calls": [_call(c) for c in message.calls]}
    for fields in message.kept:
        said |= fields
    return said


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": sent_name(call), "arguments": sent_arguments(call)}
    return {"id": call.id, "type": "function", "function": function}


def parts_of_calls(message: object) -> Iterator[dict[str, Any]]:
    """The parts of calls in a message, or in what a chunk adds to one, as `Calls.take` has them."""
    told = field_of(message, "tool_calls")
    for part in told if isinstance(told, list) else ():
        function = field_of(part, "function") or part
        extra = field_of(part, EXTRA)
        yield {
            "place": field_of(part, "index"),
            "id": field_of(part, "id"),
            "name": field_of(function, "name"),
            "arguments": field_of(function, "arguments"),
            "extra": {EXTRA: extra} if isinstance(extra, Mapping) else None,
        }
    if old := field_of(message, "function_call"):
        yield {"place": "function_call", "name": field_of(old, "name"), "arguments": field_of(old, "arguments")}


class Echo:
    """What of a turn goes back as it came, as fields of its message: what the model thought, and what belongs to its calls."""

    def __init__(self) -> None:
        self._thoughts: dict[str, str] = {}
        self._details: list[dict[str, Any]] = []

    def take(self, message: object) -> None:
        """Add what a message, or a part of one, holds of thoughts."""
        for name in THOUGHTS:
            if isinstance(more := field_of(message, name), str):
                self._thoughts[name] = self._thoughts.get(name, "") + more
        told = field_of(message, DETAILS)
        for part in told if isinstance(told, list) else ():
            if isinstance(part, Mapping):
                self._add(plain(part))

    def _add(self, part: dict[str, Any]) -> None:
        last = self._details[-1] if self._details else {}
        if part.get("index") is None or any(part.get(name) != last.get(name) for name in ("index", "type")):
            self._details.append(part)
            return
        grown = {
            name: str(last.get(name, "")) + str(part[name]) for name in ("text", "summary", "data") if name in part
        }
        self._details[-1] = {**last, **part, **grown}

    def kept(self, calls: Calls) -> tuple[dict[str, Any], ...]:
        made, extras = calls.made(), calls.extras()
        fields: dict[str, Any] = {name: thoughts for name, thoughts in self._thoughts.items() if thoughts}
        if self._details:
            fields = {DETAILS: self._details}
        if any(extras):
            fields["tool_calls"] = [{**_call(call), **extra} for call, extra in zip(made, extras, strict=True)]
        return (fields,) if made and fields else ()


def calls_in(request: ChatRequest, message: object) -> Calls:
    """The calls of a message that came at once."""
    calls = Calls(request)
    for number, part in enumerate(parts_of_calls(message)):
        calls.take(**{**part, "place": number})
    return calls


def plain(thing: Any) -> dict[str, Any]:
    """An object of an SDK, or of JSON, as a JSON object without what is empty."""
    fields: Mapping[str, Any] = (
        thing if isinstance(thing, Mapping) else thing.model_dump(mode="json", exclude_unset=True)
    )
    return {name: value for name, value in fields.items() if value is not None}
