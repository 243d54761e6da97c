"""Anthropic by the official SDK: the messages API."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fieldsmith.agents.models import prices
from fieldsmith.agents.models.chat_model import ChatReply, ChatRequest, nothing_heard, silent
from fieldsmith.agents.models.faults import explained
from fieldsmith.agents.models.keys import find_key
from fieldsmith.agents.models.requests import interruptible, misunderstood, understood
from fieldsmith.agents.models.settings import MAX_TOKENS, STOP, TEMPERATURE, checked

SETTINGS = {"temperature": TEMPERATURE, "max_tokens": MAX_TOKENS, "stop": STOP}
ROOM = 16_000
"""Tokens of a reply where none are asked for: the API wants a limit."""
TIMEOUT = 900.0
RETRIES = 4


class AnthropicModel:
    def __init__(self, name: str, base_url: str | None, key: str, settings: Mapping[str, object]) -> None:
        self.note, self.waiting, self.receiving = "a language model", silent, nothing_heard
        self.label = f"anthropic:{name}"
        self._name, self._base_url, self._key = name, base_url, key
        self._settings = checked("anthropic", settings, SETTINGS)
        self._client: Any = None
        self._stopped = threading.Event()
        self.priced = prices.known(self.label, base_url)

    def complete(self, request: ChatRequest) -> ChatReply:
        import anthropic

        begun = time.perf_counter()
        if self._client is None:
            self._client = anthropic.Anthropic(
                api_key=self._key or "none", base_url=self._base_url, timeout=TIMEOUT, max_retries=RETRIES
            )
        settings: dict[str, Any] = {"max_tokens": ROOM, **self._settings}
        if "stop" in settings:
            settings["stop_sequences"] = settings.pop("stop")
        system = "\n\n".join(m.text for m in request.messages if m.role == "system")
        turns = [{"role": m.role, "content": m.text} for m in request.messages if m.role != "system"]
        if system:
            settings["system"] = system
        if "temperature" in settings:
            settings["extra_body"] = {"temperature": settings.pop("temperature")}
        address = self._base_url or "api.anthropic.com"
        ask = self._client.messages.create
        try:
            answer = interruptible(lambda: ask(model=self._name, messages=turns, **settings), self._stopped)
        except anthropic.AnthropicError as error:
            raise explained(error, self.label, address, self._key) from None
        except ValueError as error:  # an answer that is no JSON
            raise misunderstood(error, self.label, address) from None
        return understood(lambda: _reply(answer, time.perf_counter() - begun), self.label, address)

    def stop(self) -> None:
        """Break off requests that are being waited for."""
        self._stopped.set()

    def price(self, reply: ChatReply) -> float | None:
        return prices.cost(self.label, reply) if self.priced else None


def _reply(answer: Any, seconds: float) -> ChatReply:
    stops = {"max_tokens": "length", "end_turn": "stop", "stop_sequence": "stop"}
    return ChatReply(
        text="".join(block.text for block in answer.content if block.type == "text"),
        input_tokens=answer.usage.input_tokens,
        output_tokens=answer.usage.output_tokens,
        stop=stops.get(str(answer.stop_reason), str(answer.stop_reason)),
        model=answer.model,
        seconds=seconds,
    )


def open_anthropic(
    name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]
) -> AnthropicModel:
    key = find_key("ANTHROPIC_API_KEY", key_file, needed=base_url is None)
    return AnthropicModel(name, base_url, key, settings)
