"""A folder as a model: each prompt becomes a numbered Markdown file, whoever is at hand answers with a reply file."""

import itertools
import re
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from fieldsmith.errors import InputError
from fieldsmith.folders import expanded
from fieldsmith.models.chat_model import (
    FURTHER,
    SHORTENED,
    TURN,
    WORDS,
    ChatReply,
    ChatRequest,
    nothing_heard,
    nothing_lost,
    silent,
    spoken,
    unlimited,
)
from fieldsmith.models.keys import no_server

POLL = 0.2
SETTLED = 0.6
"""Seconds a reply file must have kept its size before it is taken as complete."""


FILE = re.compile(r"(?P<number>\d+)(?P<further>-\d+)?-(?P<kind>prompt|reply)\.md")
ANOTHER_RUN = 1000
"""Added to the number of a candidate whose file is another run's."""


class MailboxModel:
    """Prompt `0003-prompt.md`, of candidate 3, waits for `0003-reply.md`; what is asked further of it is `0003-2-prompt.md`.

    A request that has its prompt file keeps it. Where two runs share a folder, the later one has 1003 and so on. Of words that are
    to become a problem file, before there are candidates, it is `0000-prompt.md`, then `0000-2-prompt.md`.
    """

    priced, calls_tools = True, False

    def __init__(self, folder: Path) -> None:
        self.note, self.waiting, self.receiving = "whoever answers in the folder", silent, nothing_heard
        self.may_go_on, self.lost = unlimited, nothing_lost
        self.label = f"mailbox:{folder}"
        self._folder = folder
        self._names: dict[int, str] = {}
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
        name = self._post(request)
        reply = self._folder / f"{name}-reply.md"
        if not reply.exists():
            whose = f"the problem file that {name}-prompt.md asks for" if _of_words(request) else _whose(request)
            self.waiting(f"{reply.absolute()}, {whose}{self._why(name, request)}")
        text = self._await(reply)
        return ChatReply(text, model=self.label, seconds=time.perf_counter() - begun)

    def price(self, reply: ChatReply) -> float | None:
        return 0.0

    def stop(self) -> None:
        """Stop waiting: the next poll raises InterruptedError."""
        self._stopped.set()

    def _post(self, request: ChatRequest) -> str:
        """Write the prompt unless it is there already; what its name begins with."""
        mark = f"<!-- request {request.key} -->"
        with self._lock:
            taken: set[str] = set()
            for file in self._folder.glob("*.md"):
                if match := FILE.fullmatch(file.name):
                    name = file.name.removesuffix(f"-{match['kind']}.md")
                    taken.add(name)
                    if match["kind"] == "prompt" and file.read_text(encoding="utf-8").startswith(mark):
                        if request.candidate:
                            self._names[request.candidate] = name
                        return name
            name = self._name(request, taken)
            what = "The problem file" if _of_words(request) else f"Candidate {request.ordinal}"
            body = [
                mark,
                f"<!-- {what}. Answer in {name}-reply.md, next to this file. -->",
                "",
            ]
            body += [f"<!-- {m.role} -->\n\n{spoken(m).rstrip()}\n" for m in request.messages]
            draft = self._folder / f".{name}-draft"  # matches no pattern that looks for prompts
            draft.write_text("\n".join(body), encoding="utf-8")
            draft.replace(self._folder / f"{name}-prompt.md")
            return name

    def _name(self, request: ChatRequest, taken: Collection[str]) -> str:
        """A name that is free, by the candidate's number; by the next number where none is known."""
        number = request.candidate or max((int(name.partition("-")[0]) for name in taken), default=0) + 1
        further = FURTHER in request.ordinal or request.ordinal.endswith(SHORTENED) or _later_turn(request.ordinal)
        if _of_words(request):
            return next(name for n in itertools.count(1) if (name := f"0000{f'-{n}' * (n > 1)}") not in taken)
        first = self._names.get(request.candidate) or (f"{number:04d}" if further and request.candidate else "")
        if first:
            return next(name for n in itertools.count(2) if (name := f"{first}-{n}") not in taken)
        free = (f"{n:04d}" for n in itertools.count(number, ANOTHER_RUN if request.candidate else 1))
        name = next(name for name in free if name not in taken)
        if request.candidate:
            self._names[request.candidate] = name
        return name

    def _why(self, name: str, request: ChatRequest) -> str:
        """Why a file has not the candidate's number; told from what lies in the folder, so that a later sitting says the same."""
        usual = f"{request.candidate:04d}"
        if not request.candidate or name.startswith(usual):
            return ""
        if (self._folder / f"{usual}-prompt.md").exists():
            return f"; {usual}-prompt.md is of another run in this folder"
        return f"; {usual}-reply.md lay there before its prompt, so it answers something else and is not read"

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


def _later_turn(ordinal: str) -> bool:
    """Whether it is that of a turn after the first of an episode."""
    number = ordinal.partition(TURN)[2].partition("@")[0]
    return number not in ("", "1")


def _of_words(request: ChatRequest) -> bool:
    """Whether a person's words are to become a problem file."""
    return not request.candidate and request.ordinal.partition(TURN)[0] == WORDS


def _whose(request: ChatRequest) -> str:
    """Whose reply it is, in words: slots and the numbers of files are not the same."""
    slot = re.split(rf"[@+{TURN}]", request.ordinal)[0].rstrip(SHORTENED)
    which = f", number {request.candidate} of the run" if request.candidate and str(request.candidate) != slot else ""
    return f"the {'further ' if FURTHER in request.ordinal else ''}reply for candidate {slot}{which}"


def open_mailbox(
    name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]
) -> MailboxModel:
    no_server("mailbox", base_url, key_file)
    if settings:
        raise InputError(f"mailbox: has no setting {next(iter(settings))!r}.", "Leave it out.")
    return MailboxModel(expanded(name))
