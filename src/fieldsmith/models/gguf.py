"""A model file on this machine, run by llama.cpp in a child process: no key, no network, no second terminal.

The child, `gguf_child.py` run as a script, reads requests as JSON lines on standard input and answers with JSON lines
on standard output, several at a time; it ends when its standard input does, so that it never outlives its owner.
"""

import contextlib
import importlib.util
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fieldsmith.errors import InputError, MissingPart, ProviderError, RequestRefused, RequestTooLong, ToolsRefused
from fieldsmith.folders import expanded
from fieldsmith.models import chat_completions
from fieldsmith.models import settings as kinds
from fieldsmith.models.calls import Calls
from fieldsmith.models.chat_model import (
    ChatReply,
    ChatRequest,
    nothing_heard,
    nothing_lost,
    roomy,
    silent,
    unlimited,
    without_system,
)
from fieldsmith.models.endings import ending
from fieldsmith.models.faults import NO_SYSTEM, RESUME, TOO_LONG
from fieldsmith.models.keys import no_server
from fieldsmith.models.requests import with_thoughts

SERVING = {
    "threads": kinds.Setting(int, "processor cores used, by default all, or all but one if parallel > 1", 1),
    "context": kinds.Setting(int, "tokens of prompt and reply together", 512),
    "parallel": kinds.Setting(int, "requests that are answered at a time", 1),
}
ASKING = {
    "temperature": kinds.TEMPERATURE,
    "max_tokens": kinds.MAX_TOKENS,
    "seed": kinds.SEED,
    "stop": kinds.STOP,
}
CONTEXT, MAX_TOKENS, PARALLEL = 8192, 3000, 1
START_SECONDS = 300.0
POLL = 0.1
MAGIC = b"GGUF"
CHILD = Path(__file__).with_name("gguf_child.py")
PLACES = ("PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONPLATLIBDIR")
"""Variables that say where Python and its packages are."""


class GGUFModel:
    """The child starts with the first request and serves until the run ends."""

    priced, calls_tools = True, True
    prompt_style = "skeleton"
    """Models that run on one machine are mostly small: most of the program is written for them, unless a person wants otherwise."""

    def __init__(self, file: Path, settings: Mapping[str, object]) -> None:
        self.label, self.note = f"gguf:{file}", "a language model on this machine"
        self.waiting, self.receiving = silent, nothing_heard
        self.may_go_on, self.lost = unlimited, nothing_lost
        known = kinds.checked("gguf", settings, {**ASKING, **SERVING})
        self._serving = {name: known.pop(name) for name in SERVING if name in known}
        self._asking = {"max_tokens": MAX_TOKENS, **known}
        self._file = file
        try:
            with file.open("rb") as stream:
                magic = stream.read(4)
        except OSError as error:
            raise InputError(f"The model {file} cannot be read: {error.strerror}.", "Give a GGUF file.") from None
        if magic != MAGIC:
            raise InputError(f"{file} is not a GGUF file.", "Give a model file of llama.cpp, its name ends in .gguf.")
        if importlib.util.find_spec("xllamacpp") is None:
            raise MissingPart("gguf: needs xllamacpp.", "pip install 'fieldsmith[local]'")
        self._child: _Child | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @property
    def parallel(self) -> int:
        """Requests that are answered at a time."""
        return int(self._serving.get("parallel", PARALLEL))

    def complete(self, request: ChatRequest) -> ChatReply:
        """Raises ProviderError where the child ends or refuses a request, ToolsRefused for tools that the model's template has no place for."""
        begun = time.perf_counter()
        if request.tools and not self._started().tools:
            self.calls_tools = False
            raise ToolsRefused(f"The chat template of {self.label} has no place for tools.", "Ask it in text alone.")
        answer = self._answer(request)
        if "error" in answer and NO_SYSTEM.search(str(answer["error"])):
            answer = self._answer(replace(request, messages=without_system(request.messages)))
        if "error" in answer:
            words = " ".join(str(answer["error"]).split())[:300]
            message = f"{self.label} refuses a request: {words}."
            if TOO_LONG.search(words):
                raise RequestTooLong(message, f"Give it more room with --model-option context=TOKENS. {RESUME}")
            raise RequestRefused(message, RESUME)
        usage, calls, echo = answer["usage"], Calls(request), chat_completions.Echo()
        echo.take({"reasoning_content": answer["thoughts"]})
        for part in answer["calls"]:
            calls.take(**part)
        return ChatReply(
            text=with_thoughts(answer["text"], answer["thoughts"]),
            input_tokens=int(usage.get("prompt_tokens", 0)),
            output_tokens=int(usage.get("completion_tokens", 0)),
            stop=ending(answer["stop"], bool(calls.made())),
            model=self._file.name,
            seconds=time.perf_counter() - begun,
            calls=calls.made(),
            kept=echo.kept(calls),
        )

    def _answer(self, request: ChatRequest) -> dict[str, Any]:
        asked = {**chat_completions.conversation(request), **roomy(self._asking, request)}
        return self._started().ask(asked, self._stopped, lambda size: self.receiving(request.ordinal, size))

    def price(self, reply: ChatReply) -> float | None:
        return 0.0

    def stop(self) -> None:
        """Break off requests that are being waited for and end the child."""
        self._stopped.set()
        self.close()

    def close(self) -> None:
        with self._lock:
            if self._child is not None:
                self._child.end()
                self._child = None

    def _started(self) -> "_Child":
        with self._lock:
            if self._child is None or not self._child.lives():
                # Threads wait for each other at every step, and one that shares its core with a program that is judged
                # holds up all. With one request at a time nothing is judged meanwhile.
                threads = max(1, (os.cpu_count() or 1) - (self.parallel > 1))
                options = {"n_ctx": CONTEXT, "n_parallel": self.parallel, "threads": threads}
                given = {"context": "n_ctx", "threads": "threads"}
                options |= {given[name]: value for name, value in self._serving.items() if name in given}
                options["n_ctx"] *= options["n_parallel"]  # llama.cpp shares the context among the requests
                self._child = _Child(self._file, options, self.label, self._stopped)
            return self._child


class _Child:
    """The serving process: a reader thread hands answers to whoever waits for them."""

    def __init__(self, file: Path, options: Mapping[str, int], label: str, stopped: threading.Event) -> None:
        self._label = label
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        # Beside this script lie modules with the names of packages, such as openai, so its folder stays off the path.
        command = [sys.executable, "-P", str(CHILD), str(file.resolve()), json.dumps(dict(options))]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_environment(),
            start_new_session=True,
        )
        self._numbers = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._heard: dict[int, int] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True, name="gguf").start()
        try:
            ready = self._await(0, stopped, time.monotonic() + START_SECONDS)
        except BaseException:  # nobody has it yet who could end it
            self.end()
            raise
        self.tools = bool(ready["tools"])

    def lives(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Mapping[str, Any], stopped: threading.Event, heard: Any) -> dict[str, Any]:
        number = next(self._numbers)
        line = json.dumps({"number": number, "request": request}).encode() + b"\n"
        try:
            with self._changed:
                assert self._process.stdin is not None
                self._process.stdin.write(line)
                self._process.stdin.flush()
        except OSError:
            raise self._gone() from None
        return self._await(number, stopped, None, heard)

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()

    def _await(
        self, number: int, stopped: threading.Event, deadline: float | None, heard: Any = lambda _: None
    ) -> dict[str, Any]:
        told = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: number in self._answers or not self.lives(), POLL)
                if number in self._answers:
                    self._heard.pop(number, None)
                    return self._answers.pop(number)
                now = self._heard.get(number, 0)
            if now > told:
                told = now
                heard(told)
            if stopped.is_set():
                raise InterruptedError("stopped while waiting for a reply")
            if not self.lives() or (deadline is not None and time.monotonic() > deadline):
                raise self._gone()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                told = json.loads(line)
            except ValueError:  # words of a library that found its way to the channel
                continue
            with self._changed:
                if "heard" in told:
                    self._heard[told["number"]] = told["heard"]
                else:
                    self._answers[told["number"]] = told
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _gone(self) -> ProviderError:
        code = self._process.poll()
        self.end()
        self._log.seek(0)
        words = " ".join(self._log.read().decode("utf-8", "replace").split())[-300:]
        happened = "does not start" if code is None else f"ended with exit code {code}"
        return ProviderError(
            f"{self._label} {happened}{f', saying: {words}' if words else ''}.", f"Is memory left for it? {RESUME}"
        )


def _environment() -> dict[str, str]:
    """The environment, with this process's packages wherever they were found, and none of what else Python takes from it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON") or name in PLACES}
    return {**others, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def open_gguf(name: str, base_url: str | None, key_file: Path | None, settings: Mapping[str, object]) -> GGUFModel:
    no_server("gguf", base_url, key_file)
    return GGUFModel(expanded(name), settings)
