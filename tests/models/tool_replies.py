"""What tests of tools share: tools, and replies with calls in the forms of the APIs."""

import json

from fieldsmith.models.chat_model import ChatRequest, Message, Tool

RUN = Tool("run", "Runs a program.", {"type": "object", "properties": {"code": {"type": "string"}}})
LOOK = Tool("look", "Shows a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
ASKED = ChatRequest((Message("system", "Be brief."), Message("user", "Solve it.")), tools=(RUN, LOOK), ordinal="1")

CHAT = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
CHUNK = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
MESSAGE = {"id": "1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_sequence": None}
RESPONSE = {
    "id": "1", "object": "response", "created_at": 1, "model": "m", "status": "completed", "parallel_tool_calls": True,
    "tool_choice": "auto", "tools": [], "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
    "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
}  # fmt: skip


def call(name: str, arguments: object, id: str | None = "a", **more: object) -> dict:
    """A call of chat completions, or a part of one."""
    made: dict[str, object] = {"type": "function", "function": {"name": name, "arguments": arguments}, **more}
    return {**made, "id": id} if id is not None else made


def chat(message: dict, finish: str = "tool_calls") -> dict:
    whole = {"role": "assistant", "content": None, **message}
    return {**CHAT, "choices": [{"index": 0, "finish_reason": finish, "message": whole}]}


def chunks(*deltas: dict, finish: str = "tool_calls") -> list[dict]:
    told = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    return [{**CHUNK, "choices": [c]} for c in (*told, {"index": 0, "delta": {}, "finish_reason": finish})]


def message(*content: dict, stop: str = "tool_use") -> dict:
    return {**MESSAGE, "content": content, "stop_reason": stop, "usage": {"input_tokens": 9, "output_tokens": 7}}


def events(*blocks: tuple[dict, list[dict]], stop: str = "tool_use") -> list[dict]:
    """The stream of a message: how each block begins, and what comes to it."""
    told: list[dict] = [{"type": "message_start", "message": {**MESSAGE, "stop_reason": None}}]
    for index, (block, deltas) in enumerate(blocks):
        told.append({"type": "content_block_start", "index": index, "content_block": block})
        told += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        told.append({"type": "content_block_stop", "index": index})
    return [*told, {"type": "message_delta", "delta": {"stop_reason": stop}}, {"type": "message_stop"}]


def use(name: str, *parts: str, id: str = "a") -> tuple[dict, list[dict]]:
    """A streamed call of a message."""
    begun = {"type": "tool_use", "id": id, "name": name, "input": {}}
    return begun, [{"type": "input_json_delta", "partial_json": part} for part in parts]


def response(*output: dict, **fields: object) -> dict:
    return {**RESPONSE, "output": output, **fields}


def called(name: str, arguments: object, id: str = "a") -> dict:
    """A call of the responses API."""
    told = {"type": "function_call", "id": f"fc_{id}", "call_id": id, "name": name, "status": "completed"}
    return {**told, "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments)}
