"""Commands in processes of their own, which end with whoever has started them, however that ends: of a server's clients, of a benchmark's cells."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from fieldsmith.errors import FieldsmithError, InputError, MissingPart, ProviderError
from fieldsmith.sandboxes.owner import own_folder

OWNED = "fieldsmith.cli.owned"
"""The command line, ended when its standard input is."""
QUIET = ("--json", "--quiet", "--config", "/dev/null")
"""What is meant for a program, and holds no option of a file that happens to lie where the server was started."""
PATIENCE = 10.0
"""Seconds to end cleanly, containers included."""
KINDS = {kind.kind: kind for kind in (InputError, MissingPart, ProviderError)}


class Child:
    """A command of Fieldsmith with its options; `words` begin with the command. place: the folder in which it is run. hint: what to do where it ends without a result."""

    def __init__(self, words: Sequence[str], place: Path | None = None, hint: str = "Ask the server's owner.") -> None:
        self._folder, self._read, self._hint = own_folder(), 0, hint
        with self._file("out", "wb") as out, self._file("err", "wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", OWNED, *words, *QUIET], stdin=subprocess.PIPE, stdout=out, stderr=err, cwd=place,
            )  # fmt: skip

    def _file(self, name: str, mode: str) -> IO[Any]:
        return (self._folder / name).open(mode)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    @property
    def killed(self) -> str:
        """By what it was killed, in words; empty where it runs or has ended by itself."""
        code = self.exit_code
        if code is None or code >= 0:
            return ""
        if code == -signal.SIGKILL:
            return "killed (SIGKILL); by the system for want of memory?"
        return f"killed ({signal.strsignal(-code) or -code})"

    def news(self) -> list[dict[str, Any]]:
        """The events that it has told since this was asked last."""
        with self._file("out", "rb") as out:
            out.seek(self._read)
            lines = [line for line in out if line.endswith(b"\n")]
        self._read += sum(map(len, lines))
        return [json.loads(line) for line in lines]

    def ask_to_end(self) -> None:
        """As Ctrl-C does: what it has is kept, and the same command takes it up."""
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def end(self) -> None:
        """Have it end, and wait for that; nothing is left of it but what it has made."""
        self.ask_to_end()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def result(self) -> dict[str, Any]:
        """The last line of a command that has ended. Raises what it was ended by."""
        with self._file("out", "rb") as out:
            lines = out.read().splitlines()
        last: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        if last.get("event") == "error":
            kind = KINDS.get(last["kind"], FieldsmithError)
            raise kind(last["message"], last["hint"])
        if last.get("event") != "result":
            raise MissingPart(
                f"The command has ended without a result: {self.killed or self._last_words()}", self._hint
            )
        return last

    def fault(self) -> str:
        """Why it has no result, in a sentence; empty where it has one."""
        try:
            self.result()
        except FieldsmithError as error:
            return str(error)
        return ""

    def _last_words(self) -> str:
        with self._file("err", "rb") as err:
            lines = err.read().decode("utf-8", "replace").splitlines()
        return lines[-1] if lines else "it said nothing."

    def forget(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class Children:
    """The runs of a server by name, and what else it has started."""

    def __init__(self) -> None:
        self._runs: dict[str, Child] = {}
        self._others: set[Child] = set()

    def start_run(self, name: str, words: Sequence[str]) -> None:
        if before := self._runs.pop(name, None):
            before.forget()
        self._runs[name] = Child(words)

    def start(self, words: Sequence[str]) -> Child:
        """One that is ended by `drop`."""
        child = Child(words)
        self._others.add(child)
        return child

    def drop(self, child: Child) -> None:
        child.end()
        child.forget()
        self._others.discard(child)

    def run(self, name: str) -> Child | None:
        """The process of a run that this server has started, whether it still runs or not."""
        return self._runs.get(name)

    @property
    def running(self) -> list[str]:
        """Names of the runs that go on."""
        return [name for name, child in self._runs.items() if child.running]

    def close(self) -> None:
        """End all, at once."""
        every = [*self._runs.values(), *self._others]
        for child in every:
            child.ask_to_end()
        until = time.monotonic() + PATIENCE
        while any(child.running for child in every) and time.monotonic() < until:
            time.sleep(0.02)
        for child in every:
            child.end()
            child.forget()
