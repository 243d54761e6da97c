"""A recorded conversation as a model: replies are found again by the hash of their request."""

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fieldsmith.errors import InputError, RequestTooLong
from fieldsmith.folders import expanded
from fieldsmith.models.chat_model import (
    SHORTENED,
    ChatReply,
    ChatRequest,
    nothing_heard,
    nothing_lost,
    silent,
    spoken,
    unlimited,
)
from fieldsmith.models.record import reply_fields, reply_from, request_from

RECORDING = "replies.jsonl"
"""The recording that every run with a model leaves in its directory."""


class ReplayModel:
    """Lines of JSON, each `{"request": {...}, "reply": {...}, "usd": ...}`."""

    priced = True

    def __init__(self, file: Path) -> None:
        self.note, self.waiting, self.receiving = "a recorded conversation", silent, nothing_heard
        self.may_go_on, self.lost = unlimited, nothing_lost
        self.label = f"replay:{file}"
        self._file = file
        self._known: dict[str, tuple[ChatRequest, ChatReply, float | None]] = {}
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
            for line in filter(str.strip, lines):
                entry = json.loads(line)
                request = request_from(entry["request"])
                self._known[request.key] = (request, reply_from(entry["reply"]), entry.get("usd", 0.0))
        except OSError as error:
            raise InputError(
                f"The recording {file} cannot be read: {error.strerror}.", "Give an existing file."
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"The recording {file} is not valid: {error}.", "Each line is a JSON object with request and reply."
            ) from None
        # Where a server refused tools, what is recorded was asked without them, and is found by asking without them again.
        self.calls_tools = not self._known or any(request.tools for request, _, _ in self._known.values())

    def complete(self, request: ChatRequest) -> ChatReply:
        if request.key in self._known:
            return self._known[request.key][1]
        if any(known.ordinal.startswith(request.ordinal + SHORTENED) for known, _, _ in self._known.values()):
            raise RequestTooLong(f"{self._file} has a reply to a shorter request only.", "Ask that.")
        raise InputError(f"{self._file} has no reply to this request.", self._difference(request))

    def price(self, reply: ChatReply) -> float | None:
        return next((usd for _, known, usd in self._known.values() if known == reply), 0.0)

    def _difference(self, request: ChatRequest) -> str:
        """How the request differs from the recorded one most like it."""
        asked = _text(request)
        if not self._known:
            return "It holds no replies."
        nearest = max((r for r, _, _ in self._known.values()), key=lambda r: _likeness(_text(r), asked))
        if _text(nearest) == asked:
            return f"The nearest has the same messages but ordinal {nearest.ordinal!r}, settings {dict(nearest.settings)}; asked were {request.ordinal!r}, {dict(request.settings)}."
        rows = difflib.unified_diff(
            _text(nearest).splitlines(), asked.splitlines(), "recorded", "asked", lineterm="", n=0
        )
        return "It differs from the nearest recorded one: " + " | ".join(list(rows)[:12])


def write_replay(file: Path, entries: Iterable[tuple[Mapping[str, Any], ChatReply, float | None]]) -> None:
    """Write a recording that `replay:RUN` reads, from stored requests with their replies and prices."""
    lines = [json.dumps({"request": dict(r), "reply": reply_fields(reply), "usd": usd}) for r, reply, usd in entries]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _text(request: ChatRequest) -> str:
    return "\n".join(f"[{m.role}]\n{spoken(m)}" for m in request.messages)


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.splitlines(), other.splitlines(), autojunk=False).ratio()


def open_replay(name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]) -> ReplayModel:
    if settings:
        raise InputError(f"replay: has no setting {next(iter(settings))!r}.", "The recording has its own.")
    path = expanded(name)
    return ReplayModel(path / RECORDING if path.is_dir() else path)
