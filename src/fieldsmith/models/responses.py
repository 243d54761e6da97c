"""Conversations with tools in the form of OpenAI's responses API, where nothing is stored at the provider."""

from collections.abc import Iterator
from typing import Any

from fieldsmith.models.calls import Calls
from fieldsmith.models.chat_completions import described, plain, sent_arguments, sent_name
from fieldsmith.models.chat_model import ChatRequest, Message
from fieldsmith.models.faults import field_of

SEALED = "reasoning.encrypted_content"
"""What is asked for beside a reply: thoughts of a turn that calls go back with it, and since nothing is stored they cannot be
referred to by their ids."""


def conversation(request: ChatRequest, echoes: bool) -> dict[str, Any]:
    """What is asked, without what the system says; `echoes` says whether the model's thoughts are wanted to be sent back."""
    asked: dict[str, Any] = {"input": [item for m in request.messages if m.role != "system" for item in _items(m)]}
    if request.tools:
        # A tool is strict where nothing is said, and then most schemas are refused.
        asked["tools"] = [{"type": "function", **described(tool), "strict": False} for tool in request.tools]
        if request.must_call:
            asked["tool_choice"] = "required"
        if echoes:
            asked["include"] = [SEALED]
    return asked


def _items(message: Message) -> Iterator[dict[str, Any]]:
    if message.kept:
        yield from map(dict, message.kept)
    elif message.role == "tool":
        yield {"type": "function_call_output", "call_id": message.call_id, "output": message.text}
    else:
        if message.text or not message.calls:
            yield {"role": message.role, "content": message.text}
        for call in message.calls:
            function = {"name": sent_name(call), "arguments": sent_arguments(call)}
            yield {"type": "function_call", "call_id": call.id, **function}


def calls_in(request: ChatRequest, answer: Any) -> Calls:
    calls = Calls(request)
    for place, item in enumerate(answer.output or ()):
        if item.type == "function_call":
            id = field_of(item, "call_id") or field_of(item, "id")
            calls.take(place, id, field_of(item, "name"), field_of(item, "arguments"))
    return calls


def kept(calls: Calls, answer: Any) -> tuple[dict[str, Any], ...]:
    """The items of a turn that thought and called, in their order; none where the thoughts did not come sealed."""
    items = [plain(item) for item in answer.output or ()]
    thoughts = [item for item in items if item.get("type") == "reasoning"]
    sealed = thoughts and all(item.get("encrypted_content") for item in thoughts)
    return tuple(items) if sealed and calls.made() else ()
