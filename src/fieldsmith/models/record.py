"""Requests and replies as JSON objects, as runs store them and recordings hold them.

What belongs to tools, caches or lost attempts is left out where there is none of it.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fieldsmith.models.chat_model import ChatReply, ChatRequest, Message, Tool, ToolCall

OF_TOOLS = ("tools", "must_call", "calls", "call_id", "kept")
OF_CACHES = ("cached_tokens", "cache_written_tokens", "lost_input_tokens", "lost_output_tokens")


def request_fields(request: ChatRequest) -> dict[str, Any]:
    fields = _told(asdict(request))
    for message in fields["messages"]:
        del message["stable"]  # what a provider may keep is no part of what was asked
    return {**fields, "messages": [_told(message) for message in fields["messages"]]}


def request_from(fields: Mapping[str, Any]) -> ChatRequest:
    """Raises KeyError and TypeError for fields that are no request's."""
    return ChatRequest(
        tuple(_message(message) for message in fields["messages"]),
        fields.get("settings", {}),
        fields.get("ordinal", ""),
        fields.get("room", 1),
        tools=tuple(Tool(**tool) for tool in fields.get("tools", ())),
        must_call=fields.get("must_call", False),
    )


def reply_fields(reply: ChatReply) -> dict[str, Any]:
    return _told(asdict(reply))


def reply_from(fields: Mapping[str, Any]) -> ChatReply:
    """Raises TypeError for fields that are no reply's."""
    return ChatReply(**{**fields, **_calls(fields)})


def _message(fields: Mapping[str, Any]) -> Message:
    return Message(**{**fields, **_calls(fields)})


def _calls(fields: Mapping[str, Any]) -> dict[str, Any]:
    calls = tuple(ToolCall(**call) for call in fields.get("calls", ()))
    return {"calls": calls, "kept": tuple(fields.get("kept", ()))}


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value or name not in (*OF_TOOLS, *OF_CACHES)}
