"""OpenAI by the official SDK: the responses API for OpenAI itself, chat completions for compatible servers."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.models import chat_completions, responses
from fieldsmith.models.chat_model import ChatRequest, roomy
from fieldsmith.models.counting import Counts
from fieldsmith.models.endings import broken_off, ending
from fieldsmith.models.faults import ToldFault, fault_of, field_of
from fieldsmith.models.keys import find_key, refuse_address_in_environment
from fieldsmith.models.network import check_network
from fieldsmith.models.provider import LIMITS, Form, ProviderModel
from fieldsmith.models.requests import (
    BrokenOff,
    Endless,
    Unstreamed,
    refusal_of,
    text_of,
    thoughts_of,
    with_refusal,
    with_thoughts,
)
from fieldsmith.models.settings import (
    COMPLETION_TOKENS,
    MAX_TOKENS,
    REASONING_EFFORT,
    SEED,
    STOP,
    TEMPERATURE,
    TIMEOUT,
    checked,
)

SETTINGS = {
    "temperature": TEMPERATURE,
    "max_tokens": MAX_TOKENS,
    "max_completion_tokens": COMPLETION_TOKENS,
    "reasoning_effort": REASONING_EFFORT,
    "seed": SEED,
    "stop": STOP,
    "timeout": TIMEOUT,
}
RESPONDING = {
    name: SETTINGS[name]
    for name in ("temperature", "max_tokens", "max_completion_tokens", "reasoning_effort", "timeout")
}
"""The responses API knows neither a seed nor stop texts."""
ENDINGS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")


class OpenAIModel(ProviderModel):
    prefix, home, versioned = "openai", "https://api.openai.com/v1", True

    def __init__(self, name: str, base_url: str | None, key: str, settings: Mapping[str, object]) -> None:
        super().__init__(name, base_url, key, settings, SETTINGS if base_url else RESPONDING)
        if self.settings.keys() >= set(LIMITS):
            raise InputError("max_tokens and max_completion_tokens are the same limit.", "Give one of them.")

    @property
    def expected(self) -> str:
        return "a response" if self.base_url is None else "a chat completion"

    def connect(self, **options: Any) -> Any:
        import openai

        return self.connected(openai, **options)

    def ask(self, client: Any, request: ChatRequest, form: Form) -> dict[str, Any]:
        if self.base_url is None:
            return self._respond(client, request, form)
        create, settings = client.chat.completions.create, roomy(self.settings, request)
        if form.limit:
            settings = {form.limit if name in LIMITS else name: value for name, value in settings.items()}
        settings |= chat_completions.conversation(request)
        if not form.streams:
            answer = create(model=self.name, **settings)
            return self.understood(answer, lambda: self._chat_reply(answer, request))
        usage = {"include_usage": True}
        parts = create(model=self.name, stream=True, stream_options=usage, **settings)
        return self.understood(None, lambda: self._streamed(parts, request))

    def _streamed(self, parts: Iterable[Any], request: ChatRequest) -> dict[str, Any]:
        heard = self.hearing(request)
        reason, model, echo = "", "", chat_completions.Echo()
        for part in heard.parts(self.streamed(parts)):
            _raise_fault(part)
            heard.counts.hear_part(part)
            model = getattr(part, "model", None) or model
            for choice in getattr(part, "choices", None) or ():
                _raise_fault(choice)
                heard.counts.hear_part(choice)
                # A chunk may tell of other things than text; some servers end with the whole message.
                said = field_of(choice, "delta") or (None if heard.size else field_of(choice, "message"))
                heard.take(text_of(field_of(said, "content")), thoughts_of(said), refusal_of(said))
                for call in chat_completions.parts_of_calls(said):
                    heard.take_call(**call)
                echo.take(said)
                reason = _reason(choice) or reason
        if not model and not heard.size:
            raise Unstreamed
        if not reason and not heard.counts.told and not heard.cut:
            raise Endless
        return {**heard.fields(reason, str(model or self.name)), "kept": echo.kept(heard.calls)}

    def _chat_reply(self, answer: Any, request: ChatRequest) -> dict[str, Any]:
        choice, counts = answer.choices[0], Counts()
        _raise_fault(choice)
        counts.hear_part(answer)
        message, reason = field_of(choice, "message"), _reason(choice)
        if message is None:
            raise TypeError("a choice holds no message")
        if broken_off(reason):
            raise BrokenOff(str(reason))
        calls, echo = chat_completions.calls_in(request, message), chat_completions.Echo()
        echo.take(message)
        fields = {
            "text": with_thoughts(text_of(field_of(message, "content")), thoughts_of(message)),
            "stop": ending(reason, bool(calls.made())),
            "model": str(field_of(answer, "model") or self.name),
            "calls": calls.made(),
            "kept": echo.kept(calls),
            **counts.fields(),
        }
        return with_refusal(fields, refusal_of(message))

    def _respond(self, client: Any, request: ChatRequest, form: Form) -> dict[str, Any]:
        settings = roomy(self.settings, request)
        settings = {"max_output_tokens" if name in LIMITS else name: value for name, value in settings.items()}
        if "reasoning_effort" in settings:
            settings["reasoning"] = {"effort": settings.pop("reasoning_effort")}
        system = "\n\n".join(m.text for m in request.messages if m.role == "system")
        settings |= responses.conversation(request, form.echoes)
        answer = client.responses.create(
            model=self.name, instructions=system or None, store=False, stream=form.streams, **settings
        )
        if not form.streams:
            return self.understood(answer, lambda: self._response_reply(answer, request))
        return self.understood(None, lambda: self._streamed_response(answer, request))

    def _streamed_response(self, events: Iterable[Any], request: ChatRequest) -> dict[str, Any]:
        begun, answer, heard = False, None, self.hearing(request)
        for event in heard.parts(self.streamed(events)):
            begun = True
            if event.type == "response.output_text.delta":
                heard.take(event.delta)
            elif event.type == "response.function_call_arguments.delta":
                heard.take_call(place=field_of(event, "output_index"), arguments=event.delta)
            elif event.type in ENDINGS:
                answer = event.response
            elif event.type == "error":
                raise fault_of(event) or ToldFault(str(event.code or ""), str(event.message))
        if heard.cut:
            return heard.fields("length", self.name)
        if not begun:
            raise Unstreamed
        if answer is None:
            raise Endless
        return self._response_reply(answer, request)

    def _response_reply(self, answer: Any, request: ChatRequest) -> dict[str, Any]:
        _raise_fault(answer)
        if broken_off(answer.status):
            raise BrokenOff(str(answer.status))
        counts = Counts()
        counts.hear(answer.usage)
        reason = field_of(answer.incomplete_details, "reason")
        cut = ending(reason) if reason else "length"
        calls = responses.calls_in(request, answer)
        messages = [item for item in answer.output or () if item.type == "message"]
        fields = {
            "text": answer.output_text,
            "stop": cut if reason or answer.status == "incomplete" else ending(None, bool(calls.made())),
            "model": answer.model or self.name,
            "calls": calls.made(),
            "kept": responses.kept(calls, answer),
            **counts.fields(),
        }
        return with_refusal(fields, "".join(map(refusal_of, messages)))


def _reason(choice: object) -> object:
    """Why a choice ended; Gemini's compatible server has the name of its own API at times."""
    return field_of(choice, "finish_reason") or field_of(choice, "finishReason")


def _raise_fault(part: object) -> None:
    """Raises ToldFault where an answer, a chunk or a choice tells a fault."""
    if fault := fault_of(part):
        raise fault


def open_openai(name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]) -> OpenAIModel:
    # A misspelt setting is told before a missing key.
    checked("openai", settings, SETTINGS if base_url else RESPONDING)
    refuse_address_in_environment("OPENAI_BASE_URL", base_url)
    key = find_key("OPENAI_API_KEY", key_file, needed=base_url is None)
    check_network("openai", base_url or OpenAIModel.home)
    return OpenAIModel(name, base_url, key, settings)
