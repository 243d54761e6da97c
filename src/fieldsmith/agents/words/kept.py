"""A model whose replies are kept in a recording as they come, so that nothing is paid for twice."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.models.chat_model import NOT_ASKED, NOT_TAKEN, ChatModel, ChatReply, ChatRequest, sound
from fieldsmith.models.counting import counted
from fieldsmith.models.record import reply_fields, reply_from, request_fields, request_from


@dataclass(frozen=True)
class Spent:
    """Replies that were asked for now and those that were there, tokens of all, and dollars; None where a price is unknown."""

    asked: int
    known: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    estimated: bool
    """Whether tokens are in part made from the texts, as a server did not count them."""


class KeptModel(ChatModel):
    """Asks `inner` what the recording `file` does not answer, and adds each reply to it at once. The recording is one that `replay:FILE` reads."""

    def __init__(self, inner: ChatModel, file: Path) -> None:
        """Raises InputError for a file that is no recording."""
        self.inner, self.file, self.label, self.note = inner, file, inner.label, inner.note
        self.priced = inner.priced
        self._known: dict[str, tuple[ChatReply, float | None]] = {}
        self._used: list[tuple[ChatReply, float | None, bool]] = []
        try:
            lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
            for entry in map(json.loads, filter(str.strip, lines)):
                self._known[request_from(entry["request"]).key] = reply_from(entry["reply"]), entry.get("usd")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{file} is no recording of replies: {error}.", "Move it away, or name another file."
            ) from None

    def complete(self, request: ChatRequest) -> ChatReply:
        known = self._known.get(request.key)
        if known is not None:
            self._used.append((_counted(request, known[0]), known[1], False))
            return known[0]
        reply = _counted(request, sound(self.inner.complete(request), self.label))
        usd = self.inner.price(reply)
        self._add({"request": request_fields(request), "reply": reply_fields(reply), "usd": usd})
        self._used.append((reply, usd, True))
        return reply

    def price(self, reply: ChatReply) -> float | None:
        return self.inner.price(reply)

    @property
    def spent(self) -> Spent:
        """What the conversation came to, replies that were there already included."""
        prices = [usd for _, usd, _ in self._used]
        usd = None if None in prices else sum(usd for usd in prices if usd is not None)
        read, written = (
            zip(*(reply.charged_tokens for reply, _, _ in self._used), strict=True) if self._used else ((), ())
        )
        now = sum(asked for _, _, asked in self._used)
        estimated = any(reply.estimated for reply, _, _ in self._used)
        return Spent(now, len(self._used) - now, sum(read), sum(written), usd, estimated)

    def _add(self, entry: Mapping[str, Any]) -> None:
        with self.file.open("a", encoding="utf-8") as recording:
            recording.write(json.dumps(entry) + "\n")
            recording.flush()


def _counted(request: ChatRequest, reply: ChatReply) -> ChatReply:
    """The reply with its tokens, estimated where nobody counted them; of one that never came there are none."""
    return reply if reply.stop in (NOT_TAKEN, NOT_ASKED) else counted(request, reply)
