"""A folder as a language model: prompts become numbered files, someone puts the replies beside them."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path

from fieldsmith.agents.models.chat_model import ChatReply, ChatRequest
from fieldsmith.errors import InputError, MissingPart

POLL_SECONDS = 0.2


class Mailbox:
    """`0001-prompt.md` is answered by `0001-reply.md`. A prompt that stands in the folder is not written again."""

    priced = True

    def __init__(self, folder: str, settings: Mapping[str, object]) -> None:
        if not folder:
            raise InputError("mailbox: names no folder.", "Write mailbox:DIR.")
        self.label, self.folder, self.settings = f"mailbox:{folder}", Path(folder), settings
        self._lock = threading.Lock()

    def complete(self, request: ChatRequest) -> ChatReply:
        """Wait for the reply, however long it takes. Raises MissingPart if the folder cannot be used."""
        began = time.monotonic()
        try:
            with self._lock:
                prompt = self._prompt_file(request)
            answer = prompt.with_name(prompt.name.replace("prompt", "reply"))
            before = ""
            while True:
                text = answer.read_text(encoding="utf-8", errors="replace") if answer.exists() else ""
                if text.strip() and text == before:
                    return ChatReply(text, model="mailbox", seconds=time.monotonic() - began)
                before = text
                time.sleep(POLL_SECONDS)
        except OSError as error:
            raise MissingPart(f"The mailbox {self.folder} cannot be used: {error}.") from None

    def price(self, reply: ChatReply) -> float:
        return 0.0

    def _prompt_file(self, request: ChatRequest) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        known = sorted(self.folder.glob("[0-9]*-prompt.md"))
        mark = f"<!-- request {request.key} -->"
        for file in known:
            if file.read_text(encoding="utf-8").startswith(mark):
                return file
        number = 1 + max((int(file.name.partition("-")[0]) for file in known), default=0)
        file = self.folder / f"{number:04}-prompt.md"
        parts = [f"## {message.role}\n\n{message.text}" for message in request.messages]
        head = f"{mark}\n\nPut the answer into `{number:04}-reply.md` in this folder; the run waits for it."
        draft = file.with_suffix(".tmp")
        draft.write_text("\n\n".join([head, *parts]) + "\n", encoding="utf-8")
        return draft.rename(file)
