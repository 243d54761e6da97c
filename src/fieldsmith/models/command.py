"""Any program as a model: it reads the prompt on standard input and writes its reply to standard output.

So the coding assistant that somebody already pays for can be the author: `command:"assistant --print"`.
"""

import contextlib
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from fieldsmith.errors import InputError, MissingPart, ProviderError
from fieldsmith.folders import expanded
from fieldsmith.models import chat_model
from fieldsmith.models.chat_model import (
    ChatReply,
    ChatRequest,
    nothing_heard,
    nothing_lost,
    prompt_text,
    silent,
    unlimited,
)
from fieldsmith.models.faults import RESUME
from fieldsmith.models.keys import no_server
from fieldsmith.models.settings import Setting, checked
from fieldsmith.sandboxes.owner import temporary_folder
from fieldsmith.sandboxes.watched import end_group, watched

SETTINGS = {
    "timeout": Setting(float, "seconds that one reply may take", 1.0),
    "folder": Setting(str, "folder that the program runs in, by default a new empty one"),
}
TIMEOUT = 900.0
PAUSES = (1.0, 4.0)
"""Seconds before a command that has failed is tried again: an assistant may have been asked too often."""
TAIL = 400
"""Characters of standard error that a message shows."""
GRACE = 1.0
POLL = 0.1
MOST_KEPT = chat_model.LONGEST
LONGEST = 10_000_000
"""Bytes of a reply beyond which the command is ended, its reply taken as cut off."""
TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class _Failed(Exception):
    """The command ended without a reply, in words without a full stop."""


class CommandModel:
    """Runs the command for every request, in a process group of its own that is ended as a whole.

    The command gets this process's environment, no terminal, and no shell: words are split as a shell splits them, and
    `sh -c '…'` is there for more. It runs in a new empty folder, where an assistant finds no instructions of another project, no
    earlier solutions and nothing to edit, unless the setting `folder` names one; words that name files are made whole paths.
    Its price is unknown. A reply that is longer than any program, or than what is left of the run's tokens, is cut off.
    """

    priced, calls_tools = False, False

    def __init__(self, command: str, settings: Mapping[str, object]) -> None:
        self.label, self.note = f"command:{command}", "a program of this machine"
        self.waiting, self.receiving = silent, nothing_heard
        self.may_go_on, self.lost = unlimited, nothing_lost
        known = checked("command", settings, SETTINGS)
        self._timeout = known.get("timeout", TIMEOUT)
        self._folder = expanded(known["folder"]).resolve() if "folder" in known else None
        if self._folder is not None and not self._folder.is_dir():
            raise InputError(f"folder = {known['folder']} is no folder.", "Make it, or leave the setting out.")
        try:
            self._words = [str(expanded(word)) if word.startswith("~") else word for word in shlex.split(command)]
        except ValueError as error:
            raise InputError(
                f"The command {command!r} cannot be split into words: {error}.", "Mend its quotes."
            ) from None
        if not self._words:
            raise InputError("command: has no program after the colon.", 'Write command:"PROGRAM OPTIONS".')
        if shutil.which(self._words[0]) is None:
            raise MissingPart(f"The program {self._words[0]!r} is not found.", "Install it, or give its whole path.")
        base = self._folder or Path.cwd()
        first = shutil.which(self._words[0]) or self._words[0]
        self._words = [str(Path(first).absolute()), *(_whole(word, base) for word in self._words[1:])]
        self._stopped = threading.Event()

    def complete(self, request: ChatRequest) -> ChatReply:
        """Raises ProviderError where the command fails, three times, or takes too long."""
        for pause in (*PAUSES, None):
            try:
                return self._once(request)
            except _Failed as failed:
                if pause is None:
                    raise ProviderError(f"{failed}.", f"Mend it. {RESUME}") from None
                self.waiting(f"{failed}; it is tried again in {pause:g} s.")
                if self._stopped.wait(pause):
                    raise InterruptedError("stopped before a reply was asked for again") from None
        raise AssertionError("unreachable")

    def _once(self, request: ChatRequest) -> ChatReply:
        begun = time.perf_counter()
        with temporary_folder() as empty, watched(self._words, cwd=self._folder or empty) as process:
            out, err, cut = self._talk(process, request, begun)
            end_group(process)
        out, cut = out[:LONGEST], cut or len(out) > LONGEST
        text = TERMINAL_CODES.sub("", out.decode("utf-8", "replace"))
        if process.returncode != 0 and not cut:
            raise _Failed(f"{self.label} {_ending(process.returncode)}{_told(err or out)}")
        if not text.strip() and err.strip():
            raise _Failed(f"{self.label} wrote nothing but errors{_told(err)}")
        if cut:  # nobody can make more of the rest than of its head
            return ChatReply(text[:MOST_KEPT], stop="length", model=self.label, seconds=time.perf_counter() - begun)
        return ChatReply(text, model=self.label, seconds=time.perf_counter() - begun)

    def price(self, reply: ChatReply) -> float | None:
        return None

    def stop(self) -> None:
        """End programs that are being waited for."""
        self._stopped.set()

    def _talk(self, process: subprocess.Popen[bytes], request: ChatRequest, begun: float) -> tuple[bytes, bytes, bool]:
        """Both outputs of the command, and whether they were cut off."""
        given: bytes | None = prompt_text(request).encode("utf-8", "replace")
        while True:
            try:
                return *process.communicate(given, timeout=POLL), False
            except subprocess.TimeoutExpired as late:
                given = None
                if len(late.stderr or b"") > LONGEST:
                    raise ProviderError(
                        f"{self.label} writes more than {LONGEST // 1_000_000} MB of errors for one reply.",
                        f"Mend it. {RESUME}",
                    ) from None
                heard = len(late.stdout or b"")
                if heard > LONGEST or (heard and not self.may_go_on(request, heard)):
                    return late.stdout or b"", late.stderr or b"", True
            if process.poll() is not None:  # what it leaves behind may hold its pipes for ever
                return *_rest(process), False
            if self._stopped.is_set():
                raise InterruptedError("stopped while waiting for a reply")
            if time.perf_counter() - begun > self._timeout:
                _, err = _rest(process)
                raise ProviderError(
                    f"{self.label} gave no reply within {self._timeout:g} s{_told(err)}.",
                    f"Give it longer with --model-option timeout=SECONDS. {RESUME}",
                )


def _whole(word: str, base: Path) -> str:
    """A word of the command; the whole path where it names a file here, as the command runs in another folder."""
    with contextlib.suppress(OSError, ValueError):
        if not word.startswith("-") and (base / word).is_file():
            return str((base / word).absolute())
    return word


def _rest(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What can still be read once the group is ended; a process that left the group may hold the pipes open."""
    end_group(process)
    try:
        return process.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired as late:
        return late.stdout or b"", late.stderr or b""


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    # A number that has no name is a real-time signal.
    name = signal.Signals(-code).name if -code in {one.value for one in signal.Signals} else f"signal {-code}"
    return f"was ended by {name}"


def _told(output: bytes) -> str:
    words = " ".join(TERMINAL_CODES.sub("", output.decode("utf-8", "replace")).split())
    return f", saying: {words[-TAIL:]}" if words else " and said nothing"


def open_command(
    name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]
) -> CommandModel:
    no_server("command", base_url, key_file)
    return CommandModel(name, settings)
