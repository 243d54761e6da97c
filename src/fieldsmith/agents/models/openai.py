"""OpenAI by the official SDK: the responses API for OpenAI itself, chat completions for compatible servers."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fieldsmith.agents.models.chat_model import ChatRequest, roomy
from fieldsmith.agents.models.faults import ToldFault
from fieldsmith.agents.models.keys import find_key, refuse_address_in_environment
from fieldsmith.agents.models.provider import CONNECT_TIMEOUT, TIMEOUT, ProviderModel
from fieldsmith.agents.models.requests import (
    Endless,
    Unstreamed,
    refusal_of,
    text_of,
    thoughts_of,
    with_refusal,
    with_thoughts,
)
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
INCOMPLETE = {"max_output_tokens": "length", "content_filter": "content_filter"}
"""Why a response ended, in the words of chat completions."""
ENDINGS = ("response.completed", "response.incomplete", "response.failed")


class OpenAIModel(ProviderModel):
    prefix, home, usual = "openai", "https://api.openai.com/v1", "it usually ends in /v1"

    def __init__(self, name: str, base_url: str | None, key: str, settings: Mapping[str, object]) -> None:
        super().__init__(name, base_url, key, settings, SETTINGS if base_url else RESPONDING)

    def connect(self, **options: Any) -> Any:
        import openai

        return openai.OpenAI(timeout=openai.Timeout(TIMEOUT, connect=CONNECT_TIMEOUT), **options)

    def ask(self, client: Any, request: ChatRequest, stream: bool) -> dict[str, Any]:
        if self.base_url is None:
            return self._respond(client, request, stream)
        messages = [{"role": m.role, "content": m.text} for m in request.messages]
        create, settings = client.chat.completions.create, roomy(self.settings, request)
        if not stream:
            answer = create(model=self.name, messages=messages, **settings)
            return self.understood(lambda: self._chat_reply(answer))
        usage = {"include_usage": True}
        parts = create(model=self.name, messages=messages, stream=True, stream_options=usage, **settings)
        return self.understood(lambda: self._streamed(parts, request.ordinal))

    def _streamed(self, parts: Iterable[Any], ordinal: str) -> dict[str, Any]:
        text: list[str] = []
        thoughts: list[str] = []
        refusal, usage, stop, model, count = "", None, "", "", 0
        for part in self.streamed(parts):
            usage, model = part.usage or usage, part.model or model
            for choice in part.choices or ():
                text.append(text_of(choice.delta.content))
                thoughts.append(thoughts_of(choice.delta))
                refusal += refusal_of(choice.delta)
                stop = choice.finish_reason or stop
                count += len(text[-1]) + len(thoughts[-1])
            self.receiving(ordinal, count)
        if not model and not text:
            raise Unstreamed
        if not stop and usage is None:
            raise Endless
        fields = {
            "text": with_thoughts("".join(text), "".join(thoughts)),
            "input_tokens": usage.prompt_tokens if usage else 0,
            "output_tokens": usage.completion_tokens if usage else 0,
            "stop": stop or "stop",
            "model": model or self.name,
        }
        return with_refusal(fields, refusal)

    def _chat_reply(self, answer: Any) -> dict[str, Any]:
        choice, usage = answer.choices[0], answer.usage
        fields = {
            "text": with_thoughts(text_of(choice.message.content), thoughts_of(choice.message)),
            "input_tokens": usage.prompt_tokens if usage else 0,
            "output_tokens": usage.completion_tokens if usage else 0,
            "stop": choice.finish_reason or "stop",
            "model": answer.model or self.name,
        }
        return with_refusal(fields, refusal_of(choice.message))

    def _respond(self, client: Any, request: ChatRequest, stream: bool) -> dict[str, Any]:
        settings = roomy(self.settings, request)
        if "max_tokens" in settings:
            settings["max_output_tokens"] = settings.pop("max_tokens")
        if "reasoning_effort" in settings:
            settings["reasoning"] = {"effort": settings.pop("reasoning_effort")}
        system = "\n\n".join(m.text for m in request.messages if m.role == "system")
        turns = [{"role": m.role, "content": m.text} for m in request.messages if m.role != "system"]
        answer = client.responses.create(
            model=self.name, instructions=system or None, input=turns, store=False, stream=stream, **settings
        )
        if not stream:
            return self.understood(lambda: self._response_reply(answer))
        return self.understood(lambda: self._streamed_response(answer, request.ordinal))

    def _streamed_response(self, events: Iterable[Any], ordinal: str) -> dict[str, Any]:
        begun, count, answer = False, 0, None
        for event in self.streamed(events):
            begun = True
            if event.type == "response.output_text.delta":
                count += len(event.delta)
                self.receiving(ordinal, count)
            elif event.type in ENDINGS:
                answer = event.response
            elif event.type == "error":
                raise ToldFault(str(event.code or ""), event.message)
        if not begun:
            raise Unstreamed
        if answer is None:
            raise Endless
        return self._response_reply(answer)

    def _response_reply(self, answer: Any) -> dict[str, Any]:
        if answer.status == "failed":
            raise ToldFault(str(answer.error.code), answer.error.message)
        details, usage = answer.incomplete_details, answer.usage
        reason = str(details.reason) if details else ""
        fields = {
            "text": answer.output_text,
            "input_tokens": usage.input_tokens if usage else 0,
            "output_tokens": usage.output_tokens if usage else 0,
            "stop": INCOMPLETE.get(reason, "stop"),
            "model": answer.model or self.name,
        }
        messages = (item for item in answer.output if item.type == "message")
        return with_refusal(fields, "".join(map(refusal_of, messages)))


def open_openai(name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]) -> OpenAIModel:
    # A misspelt setting is told before a missing key.
    checked("openai", settings, SETTINGS if base_url else RESPONDING)
    refuse_address_in_environment("OPENAI_BASE_URL", base_url)
    key = find_key("OPENAI_API_KEY", key_file, needed=base_url is None)
    return OpenAIModel(name, base_url, key, settings)
