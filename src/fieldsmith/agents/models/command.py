"""Any program as a model: it reads the prompt on standard input and writes its reply to standard output.

So the coding assistant that somebody already pays for can be the author: `command:"assistant --print"`.
"""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from fieldsmith.agents.models.chat_model import ChatReply, ChatRequest, nothing_heard, prompt_text, silent
from fieldsmith.agents.models.faults import RESUME
from fieldsmith.agents.models.settings import Setting, checked
from fieldsmith.errors import InputError, MissingPart, ProviderError

SETTINGS = {"timeout": Setting(float, "seconds that one reply may take", 1.0)}
TIMEOUT = 900.0
TAIL = 400
"""Characters of standard error that a message shows."""
GRACE = 1.0
POLL = 0.1
LONGEST = 10_000_000
"""Bytes of a reply beyond which the command is ended."""
TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class CommandModel:
    """Runs the command for every request, in a process group of its own that is ended as a whole.

    The command gets this process's environment and current folder, no terminal, and no shell: words are split as a
    shell splits them, and `sh -c '…'` is there for more. Its tokens and price are unknown.
    """

    priced = False

    def __init__(self, command: str, settings: Mapping[str, object]) -> None:
        self.label, self.note = f"command:{command}", "a program of this machine"
        self.waiting, self.receiving = silent, nothing_heard
        self._timeout = checked("command", settings, SETTINGS).get("timeout", TIMEOUT)
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise InputError(
                f"The command {command!r} cannot be split into words: {error}.", "Mend its quotes."
            ) from None
        if not self._words:
            raise InputError("command: has no program after the colon.", 'Write command:"PROGRAM OPTIONS".')
        if shutil.which(self._words[0]) is None:
            raise MissingPart(f"The program {self._words[0]!r} is not found.", "Install it, or give its whole path.")
        self._stopped = threading.Event()

    def complete(self, request: ChatRequest) -> ChatReply:
        """Raises ProviderError where the command fails, takes too long or writes nothing but errors."""
        begun = time.perf_counter()
        try:
            process = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise MissingPart(f"{self.label} cannot be started: {error.strerror}.", "Check the command.") from None
        try:
            out, err = self._talk(process, prompt_text(request), begun)
        finally:
            _end_group(process)
        text = TERMINAL_CODES.sub("", out.decode("utf-8", "replace"))
        if process.returncode != 0:
            ended = _ending(process.returncode)
            raise ProviderError(f"{self.label} {ended}{_told(err or out)}.", f"Mend it. {RESUME}")
        if not text.strip() and err.strip():
            raise ProviderError(f"{self.label} wrote nothing but errors{_told(err)}.", f"Mend it. {RESUME}")
        return ChatReply(text, model=self.label, seconds=time.perf_counter() - begun)

    def price(self, reply: ChatReply) -> float | None:
        return None

    def stop(self) -> None:
        """End programs that are being waited for."""
        self._stopped.set()

    def _talk(self, process: subprocess.Popen[bytes], prompt: str, begun: float) -> tuple[bytes, bytes]:
        """Both outputs of the command."""
        given: bytes | None = prompt.encode("utf-8", "replace")
        while True:
            try:
                return process.communicate(given, timeout=POLL)
            except subprocess.TimeoutExpired as late:
                given = None
                if max(len(late.stdout or b""), len(late.stderr or b"")) > LONGEST:
                    raise ProviderError(
                        f"{self.label} writes more than {LONGEST // 1_000_000} MB for one reply.", f"Mend it. {RESUME}"
                    ) from None
            if process.poll() is not None:  # what it leaves behind may hold its pipes for ever
                return _rest(process)
            if self._stopped.is_set():
                raise InterruptedError("stopped while waiting for a reply")
            if time.perf_counter() - begun > self._timeout:
                _, err = _rest(process)
                raise ProviderError(
                    f"{self.label} gave no reply within {self._timeout:g} s{_told(err)}.",
                    f"Give it longer with --model-option timeout=SECONDS. {RESUME}",
                )


def _rest(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What can still be read once the group is ended; a process that left the group may hold the pipes open."""
    _end_group(process)
    try:
        return process.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired as late:
        return late.stdout or b"", late.stderr or b""


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the command and all that it started in its group, also after it has ended itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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
    return CommandModel(name, settings)
