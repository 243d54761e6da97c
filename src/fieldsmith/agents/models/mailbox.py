"""A folder as a model: each prompt becomes a numbered Markdown file, whoever is at hand answers with a reply file."""

import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from fieldsmith.agents.models.chat_model import ChatReply, ChatRequest, nothing_heard, silent, unlimited
from fieldsmith.errors import InputError
from fieldsmith.folders import expanded

POLL = 0.2
SETTLED = 0.6
"""Seconds a reply file must have kept its size before it is taken as complete."""


class MailboxModel:
    """Prompt `0001-prompt.md` waits for `0001-reply.md`. A request that has its prompt file keeps its number."""

    priced = True

    def __init__(self, folder: Path) -> None:
        self.note, self.waiting, self.receiving, self.may_go_on = (
            "whoever answers in the folder",
            silent,
            nothing_heard,
            unlimited,
        )
        self.label = f"mailbox:{folder}"
        self._folder = folder
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"The mailbox {folder} cannot be made: {error.strerror}.", "Give a folder that can be written."
            ) from None

    def complete(self, request: ChatRequest) -> ChatReply:
        begun = time.perf_counter()
        number = self._post(request)
        if not (self._folder / f"{number:04d}-reply.md").exists():
            self.waiting(f"{self._folder / f'{number:04d}-reply.md'} (candidate {request.ordinal})")
        text = self._await(self._folder / f"{number:04d}-reply.md")
        return ChatReply(text, model=self.label, seconds=time.perf_counter() - begun)

    def price(self, reply: ChatReply) -> float | None:
        return 0.0

    def stop(self) -> None:
        """Stop waiting: the next poll raises InterruptedError."""
        self._stopped.set()

    def _post(self, request: ChatRequest) -> int:
        """Write the prompt unless it is there already; its number."""
        mark = f"<!-- request {request.key} -->"
        with self._lock:
            numbers = [0]
            for file in self._folder.glob("*.md"):
                if match := re.fullmatch(r"(\d+)-(prompt|reply)\.md", file.name):
                    numbers.append(int(match[1]))
                    if match[2] == "prompt" and file.read_text(encoding="utf-8").startswith(mark):
                        return int(match[1])
            number = max(numbers) + 1
            body = [
                mark,
                f"<!-- Candidate {request.ordinal}. Answer in {number:04d}-reply.md, next to this file. -->",
                "",
            ]
            body += [f"<!-- {m.role} -->\n\n{m.text.rstrip()}\n" for m in request.messages]
            draft = self._folder / f".{number:04d}-draft"  # matches no pattern that looks for prompts
            draft.write_text("\n".join(body), encoding="utf-8")
            draft.replace(self._folder / f"{number:04d}-prompt.md")
            return number

    def _await(self, file: Path) -> str:
        size, since = -1, time.monotonic()
        while not self._stopped.is_set():
            now = file.stat().st_size if file.exists() else -1
            if now != size:
                size, since = now, time.monotonic()
            elif size > 0 and time.monotonic() - since >= SETTLED:
                return file.read_text(encoding="utf-8", errors="replace")
            self._stopped.wait(POLL)
        raise InterruptedError("stopped while waiting for a reply")


def open_mailbox(
    name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]
) -> MailboxModel:
    if settings:
        raise InputError(f"mailbox: has no setting {next(iter(settings))!r}.", "Leave it out.")
    return MailboxModel(expanded(name))
