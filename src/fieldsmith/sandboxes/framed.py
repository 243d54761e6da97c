"""The host's side of a session: messages to a worker's standard input, answers checked before they are read."""

import contextlib
import json
import os
import select
import struct
import subprocess
import threading
import time
from abc import abstractmethod
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np

from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes.sandbox import CallResult, Failure, Limits, Session

MAGIC = b"FSMITH01"
HEADER_LIMIT = 16 << 20
"""More than a worker passes on, logs and a traceback included."""
MOST_VARIABLES, WORDS_LIMIT = 40, 120
"""Of the local variables that a failure tells: how many, and characters of each description."""
GRACE_SECONDS = 5.0
START_SECONDS = 120.0
STATUSES = ("ok", "crashed", "timeout", "out_of_memory", "missing_function", "bad_output")


def worker_source() -> str:
    """The text of the worker, handed to the interpreter inside the sandbox."""
    return files("fieldsmith.sandboxes").joinpath("worker.py").read_text(encoding="utf-8")


def worker_environment(limits: Limits, scratch: str, own: str = "") -> dict[str, str]:
    """All environment variables that a worker gets; none of the host's.

    `own` names folders of shared memory that nobody else uses, to be emptied between calls.
    """
    threads = str(max(1, int(limits.cpus)))
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    folders = ("HOME", "TMPDIR", "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "XDG_CACHE_HOME")
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"OWN_SHARED_MEMORY": own} if own else {}
    return environment | dict.fromkeys(names, threads) | dict.fromkeys(folders, scratch)


class WorkerGone(Exception):
    """The worker ended or spoke nonsense."""


class OutOfTime(Exception):
    """The deadline passed."""


class FramedSession(Session):
    """A worker process behind pipes; a backend says how it is started and ended.

    After a broken answer, or none, the worker is ended; the next call starts a fresh one.
    """

    address_space_limit = False
    """Whether the child limits its own address space, where no cgroup limits its memory."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = threading.Event()

    @abstractmethod
    def _start(self) -> subprocess.Popen[bytes]:
        """Start a worker with binary pipes for standard input, output and error."""

    @abstractmethod
    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """End the worker and everything it started."""

    def _memory_exceeded(self) -> bool:
        """Whether the worker itself died for memory; asked after it has gone."""
        return False

    def call(
        self,
        program: str,
        function: str,
        inputs: Mapping[str, np.ndarray | float],
        results: Mapping[str, tuple[int, ...]],
        seconds: float | None = None,
    ) -> CallResult:
        if self._closed.is_set():
            return CallResult("crashed", failure=Failure("Ended", "The session is closed."))
        limit = seconds or self.limits.seconds
        process = self._ready()
        header, bodies = self._message(program, function, inputs, results, limit)
        begun = time.perf_counter()
        # The worker ends a late call itself and tells what it printed; the host only waits for a worker that does not.
        deadline = begun + limit + GRACE_SECONDS
        writer = threading.Thread(target=_send, args=(process, header, bodies), daemon=True)
        writer.start()
        try:
            answer = self._receive_header(process, deadline)
            outputs, wrong = self._receive_arrays(process, answer, results, deadline)
        except OutOfTime:
            self._stop()
            words = f"The call did not return within {limit:g} s."
            return CallResult("timeout", seconds=time.perf_counter() - begun, failure=Failure("Timeout", words))
        except WorkerGone as gone:
            self._stop()
            status = "out_of_memory" if self._memory_exceeded() else "crashed"
            return CallResult(status, seconds=time.perf_counter() - begun, failure=Failure("Ended", str(gone)))
        spent = time.perf_counter() - begun
        writer.join(1.0)
        if wrong:
            self._stop()
            return CallResult("bad_output", seconds=spent, failure=Failure("ValueError", wrong))
        return _call_result(answer, outputs, spent)

    def close(self) -> None:
        self._closed.set()
        self._stop()

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        process = self._process = self._start()
        try:
            answer = self._receive_header(process, time.perf_counter() + START_SECONDS)
        except (WorkerGone, OutOfTime) as error:
            words = b""
            if process.stderr is not None and process.poll() is not None:
                words = process.stderr.read(4000) or b""
            self._stop()
            detail = " ".join(words.decode("utf-8", "replace").split()) or str(error)
            raise MissingPart(
                f"The sandbox does not start: {detail}", "fieldsmith doctor says what is missing."
            ) from None
        if answer.get("status") != "ready":
            self._stop()
            raise MissingPart("The sandbox's worker does not answer as it should.", "Build the image again.")
        threading.Thread(target=_drain, args=(process.stderr,), daemon=True).start()
        return process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self._end(process)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError, ValueError):
                    stream.close()

    def _message(
        self,
        program: str,
        function: str,
        inputs: Mapping[str, np.ndarray | float],
        results: Mapping[str, tuple[int, ...]],
        limit: float,
    ) -> tuple[bytes, list[memoryview]]:
        arguments: list[dict[str, object]] = []
        arrays: list[np.ndarray] = []
        for name, value in inputs.items():
            if isinstance(value, np.ndarray):
                arrays.append(np.ascontiguousarray(value, "<f8"))
                arguments.append({"name": name, "shape": list(value.shape)})
            else:
                arguments.append({"name": name, "value": float(value)})
        header = {
            "program": program,
            "function": function,
            "arguments": arguments,
            "results": list(results),
            "shapes": [list(shape) for shape in results.values()],
            "seconds": limit,
            "body_limit": 8 * sum(int(np.prod(shape)) for shape in results.values()),
            "log_bytes": self.limits.log_kb * 1024,
            "address_space": self.limits.memory_mb * 2**20 if self.address_space_limit else 0,
            "arrays": [{"bytes": array.nbytes} for array in arrays],
        }
        body = json.dumps(header).encode()
        return struct.pack("<8sQ", MAGIC, len(body)) + body, [a.reshape(-1).data.cast("B") for a in arrays if a.size]

    def _receive_header(self, process: subprocess.Popen[bytes], deadline: float) -> dict[str, Any]:
        magic, length = struct.unpack("<8sQ", _receive(process, 16, deadline))
        if magic != MAGIC or length > HEADER_LIMIT:
            raise WorkerGone("The sandbox's answer is not a message.")
        try:
            answer = json.loads(bytes(_receive(process, length, deadline)))
        except (ValueError, RecursionError):
            raise WorkerGone("The sandbox's answer is not a message.") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("arrays"), list):
            raise WorkerGone("The sandbox's answer is not a message.")
        return answer

    def _receive_arrays(
        self,
        process: subprocess.Popen[bytes],
        answer: Mapping[str, Any],
        results: Mapping[str, tuple[int, ...]],
        deadline: float,
    ) -> tuple[dict[str, np.ndarray], str]:
        """The arrays, or what is wrong with them; nothing is read unless every size is as asked."""
        if answer.get("status") != "ok":
            return {}, "" if answer.get("body_bytes") == 0 else "The answer carries data it should not."
        expected = [
            {"name": name, "dtype": "<f8", "shape": list(shape), "bytes": 8 * int(np.prod(shape))}
            for name, shape in results.items()
        ]
        total = sum(int(item["bytes"]) for item in expected)  # type: ignore[call-overload]
        if answer["arrays"] != expected or answer.get("body_bytes") != total:
            return {}, "The returned arrays do not have the names, types and sizes that were asked for."
        outputs = {}
        for item in expected:
            data = _receive(process, item["bytes"], deadline)  # type: ignore[arg-type]
            outputs[item["name"]] = np.frombuffer(data, "<f8").reshape(item["shape"])  # type: ignore[arg-type]
        return outputs, ""


def _send(process: subprocess.Popen[bytes], header: bytes, bodies: list[memoryview]) -> None:
    with contextlib.suppress(OSError, ValueError):
        assert process.stdin is not None
        process.stdin.write(header)
        for body in bodies:
            process.stdin.write(body)
        process.stdin.flush()


def _receive(process: subprocess.Popen[bytes], count: int, deadline: float) -> bytearray:
    """Exactly `count` bytes of the worker's standard output. Raises OutOfTime, WorkerGone."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    data = bytearray(count)
    view, got = memoryview(data), 0
    while got < count:
        left = deadline - time.perf_counter()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise OutOfTime
        n = os.readv(descriptor, [view[got : got + (1 << 22)]])
        if n == 0:
            raise WorkerGone("The sandbox's process ended before the function returned.")
        got += n
    return data


def _drain(stream: Any) -> None:
    with contextlib.suppress(OSError, ValueError):
        while stream.read(65536):
            pass


def _call_result(answer: Mapping[str, Any], outputs: Mapping[str, np.ndarray], seconds: float) -> CallResult:
    status = answer.get("status")
    raw = answer.get("failure")
    failure = None
    if isinstance(raw, dict):
        line = raw.get("line")
        failure = Failure(
            _text(raw.get("type", "")),
            _text(raw.get("message", "")),
            line if isinstance(line, int) and 0 < line < 2**31 else None,
            _text(raw.get("trace", "")),
            _variables(raw.get("locals")),
        )
    return CallResult(
        status=status if status in STATUSES else "crashed",  # type: ignore[arg-type]
        outputs=outputs,
        seconds=seconds,
        cpu_seconds=_number(answer.get("cpu_seconds")),
        peak_mb=_number(answer.get("peak_mb")),
        stdout=_text(answer.get("stdout", "")),
        stderr=_text(answer.get("stderr", "")),
        failure=failure,
    )


def _variables(listed: object) -> dict[str, str]:
    """Pairs of name and words as a mapping: identifiers only, words short and on one line."""
    pairs = listed if isinstance(listed, list) else []
    return {
        pair[0]: "".join(c if c.isprintable() else " " for c in _text(pair[1]))[:WORDS_LIMIT]
        for pair in pairs[:MOST_VARIABLES]
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
        if pair[0].isidentifier() and len(pair[0]) <= WORDS_LIMIT // 2
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**53) else None


def _text(value: object) -> str:
    """Text that any file or terminal takes: lone surrogates are replaced."""
    return str(value).encode("utf-8", "replace").decode("utf-8")
