"""Conversations with tools in the form of Anthropic's messages API."""

from typing import Any

from fieldsmith.models.chat_completions import plain, sent_name, sent_values
from fieldsmith.models.chat_model import ChatRequest, Message, ToolCall
from fieldsmith.models.counting import tokens_in
from fieldsmith.models.faults import field_of

THINKING = ("thinking", "redacted_thinking")
Block = dict[str, Any]
KEPT: Block = {"cache_control": {"type": "ephemeral"}}
"""Marks the last block of what the provider may keep for five minutes."""
LEAST = 1024
"""Tokens from which on Anthropic keeps a prompt at all; some models want more, and pass over the mark."""


def conversation(request: ChatRequest) -> dict[str, Any]:
    """The turns of a request, what the system says, and its tools.

    All results of a turn go into one turn of the user, before what the user says. Nothing is sent without a word, which
    the API refuses.
    """
    turns: list[dict[str, Any]] = []
    kept = _kept(request)
    for message in request.messages:
        results = bool(turns) and turns[-1]["role"] == "user" and isinstance(turns[-1]["content"], list)
        if message.role == "tool" or (message.role == "user" and results):
            if not results:
                turns.append({"role": "user", "content": []})
            turns[-1]["content"] += [_result(message)] if message.role == "tool" else _texts(message.text)
        elif message is kept and message.role == "user":
            turns.append({"role": "user", "content": _parted(message)})
        elif message.role != "system" and (content := _content(message)):
            turns.append({"role": message.role, "content": content})
    asked: dict[str, Any] = {"messages": turns}
    system = "\n\n".join(m.text for m in request.messages if m.role == "system")
    if system:
        marked = kept is not None and kept.role == "system"
        asked["system"] = [{"type": "text", "text": system, **KEPT}] if marked else system
    if request.tools:
        asked["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": dict(tool.parameters)}
            for tool in request.tools
        ]
        if request.must_call:
            asked["tool_choice"] = {"type": "any"}
    return asked


def _kept(request: ChatRequest) -> Message | None:
    """The message up to whose stable part the provider may keep the prompt; None where that is too short to be kept."""
    marked = [n for n, message in enumerate(request.messages) if message.stable]
    if not marked:
        return None
    before, last = request.messages[: marked[-1]], request.messages[marked[-1]]
    tools = sum(len(tool.description) + len(str(tool.parameters)) for tool in request.tools)
    return last if tokens_in(tools + sum(len(m.text) for m in before) + last.stable) >= LEAST else None


def _parted(message: Message) -> list[Block]:
    head, tail = message.text[: message.stable], message.text[message.stable :]
    return [{"type": "text", "text": head, **KEPT}, *_texts(tail)]


def _result(message: Message) -> Block:
    return {"type": "tool_result", "tool_use_id": message.call_id, "content": message.text}


def _texts(text: str) -> list[Block]:
    return [{"type": "text", "text": text}] if text.strip() else []


def _content(message: Message) -> str | list[Block]:
    if message.kept:
        return [dict(block) for block in message.kept]
    if message.calls:
        return [*_texts(message.text), *map(_use, message.calls)]
    return message.text if message.text.strip() else ""


def _use(call: ToolCall) -> Block:
    return {"type": "tool_use", "id": call.id, "name": sent_name(call), "input": sent_values(call)}


class Blocks:
    """The blocks of a message as they come in, so that thoughts can go back as they came, signatures included."""

    def __init__(self) -> None:
        self._blocks: dict[object, Block] = {}

    def begin(self, place: object, block: object) -> None:
        self._blocks[place] = plain(block)

    def add(self, place: object, delta: object) -> None:
        block = self._blocks.get(place, {})
        for name in ("text", "thinking", "signature"):
            more = field_of(delta, name)
            if isinstance(more, str) and name in (*block, "signature"):
                block[name] = block.get(name, "") + more

    def kept(self, calls: tuple[ToolCall, ...]) -> tuple[Block, ...]:
        """The blocks of a turn that thought and called, the calls in their places; none of any other turn."""
        blocks, uses = list(self._blocks.values()), iter(calls)
        kinds = [block.get("type") for block in blocks]
        if not calls or kinds.count("tool_use") != len(calls) or not set(kinds) & set(THINKING):
            return ()
        told = [b for b in blocks if b.get("type") in (*THINKING, "tool_use") or str(b.get("text") or "").strip()]
        return tuple(_use(next(uses)) if block.get("type") == "tool_use" else block for block in told)
