"""OpenAI by the official SDK: the responses API for OpenAI itself, chat completions for compatible servers."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fieldsmith.agents.models import prices
from fieldsmith.agents.models.chat_model import ChatReply, ChatRequest, nothing_heard, silent
from fieldsmith.agents.models.faults import explained
from fieldsmith.agents.models.keys import find_key
from fieldsmith.agents.models.requests import interruptible, misunderstood, text_of, understood
from fieldsmith.agents.models.settings import MAX_TOKENS, REASONING_EFFORT, SEED, STOP, TEMPERATURE, checked

SETTINGS = {
    "temperature": TEMPERATURE,
    "max_tokens": MAX_TOKENS,
    "reasoning_effort": REASONING_EFFORT,
    "seed": SEED,
    "stop": STOP,
}
RESPONDING = {name: SETTINGS[name] for name in ("temperature", "max_tokens", "reasoning_effort")}
"""The responses API knows neither a seed nor stop texts."""
TIMEOUT = 900.0
RETRIES = 4


class OpenAIModel:
    def __init__(self, name: str, base_url: str | None, key: str, settings: Mapping[str, object]) -> None:
        self.note, self.waiting, self.receiving = "a language model", silent, nothing_heard
        self.label = f"openai:{name}"
        self._name, self._base_url, self._key = name, base_url, key
        self._settings = checked("openai", settings, SETTINGS if base_url else RESPONDING)
        self._client: Any = None
        self._stopped = threading.Event()
        self.priced = prices.known(self.label, base_url)

    def complete(self, request: ChatRequest) -> ChatReply:
        import openai

        begun = time.perf_counter()
        if self._client is None:
            self._client = openai.OpenAI(
                api_key=self._key or "none", base_url=self._base_url, timeout=TIMEOUT, max_retries=RETRIES
            )
        ask = self._chat if self._base_url else self._respond
        try:
            reply = interruptible(lambda: ask(request), self._stopped)
        except openai.OpenAIError as error:
            raise explained(error, self.label, self._base_url or "api.openai.com", self._key) from None
        except ValueError as error:  # an answer that is no JSON
            raise misunderstood(error, self.label, self._base_url or "api.openai.com") from None
        return ChatReply(**reply, seconds=time.perf_counter() - begun)

    def stop(self) -> None:
        """Break off requests that are being waited for."""
        self._stopped.set()

    def price(self, reply: ChatReply) -> float | None:
        return prices.cost(self.label, reply) if self.priced else None

    def _chat(self, request: ChatRequest) -> dict[str, Any]:
        messages = [{"role": m.role, "content": m.text} for m in request.messages]
        answer = self._client.chat.completions.create(model=self._name, messages=messages, **self._settings)
        return understood(lambda: self._chat_reply(answer), self.label, self._base_url or "")

    def _chat_reply(self, answer: Any) -> dict[str, Any]:
        choice, usage = answer.choices[0], answer.usage
        return {
            "text": text_of(choice.message.content),
            "input_tokens": usage.prompt_tokens if usage else 0,
            "output_tokens": usage.completion_tokens if usage else 0,
            "stop": choice.finish_reason or "stop",
            "model": answer.model or self._name,
        }

    def _respond(self, request: ChatRequest) -> dict[str, Any]:
        settings = dict(self._settings)
        if "max_tokens" in settings:
            settings["max_output_tokens"] = settings.pop("max_tokens")
        if "reasoning_effort" in settings:
            settings["reasoning"] = {"effort": settings.pop("reasoning_effort")}
        system = "\n\n".join(m.text for m in request.messages if m.role == "system")
        turns = [{"role": m.role, "content": m.text} for m in request.messages if m.role != "system"]
        answer = self._client.responses.create(
            model=self._name, instructions=system or None, input=turns, store=False, **settings
        )
        return understood(lambda: self._response_reply(answer), self.label, "api.openai.com")

    def _response_reply(self, answer: Any) -> dict[str, Any]:
        details, usage = answer.incomplete_details, answer.usage
        return {
            "text": answer.output_text,
            "input_tokens": usage.input_tokens if usage else 0,
            "output_tokens": usage.output_tokens if usage else 0,
            "stop": "length" if details and details.reason == "max_output_tokens" else "stop",
            "model": answer.model or self._name,
        }


def open_openai(name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]) -> OpenAIModel:
    key = find_key("OPENAI_API_KEY", key_file, needed=base_url is None)
    return OpenAIModel(name, base_url, key, settings)
