"""A session: calls of one program, sent to a worker that a backend has started."""

import mmap
import os
import secrets
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.sandboxes import answer, cores
from fieldsmith.sandboxes.channel import Bounds, Channel, Content, OutOfTime, Unsent, WorkerGone
from fieldsmith.sandboxes.memory import MemoryFile, Shared
from fieldsmith.sandboxes.sandbox import CallResult, Failure, Limits, Session
from fieldsmith.sandboxes.setting import names_later

GRACE_SECONDS = 5.0
START_SECONDS = 120.0
LOOK_SECONDS = 2.0
"""Seconds between two looks whether a worker that is starting is still there."""
LONGEST_SECONDS = 1e8
LONGEST_PROGRAM = 10_000_000
MOST_INPUTS = 200
SLOWEST_PIPE = 20e6
"""Bytes a second that pipes carry at the least."""
HELD_SHARE = 8
"""Answers that the host keeps without a copy take at most this part of a candidate's memory."""
PREPARE = 0
"""Number of what is no call but the wish to get ready for one."""
UNCLEAN = 75
"""Exit code of a worker that could not remove what a program has left; nothing of the next call has been done."""
RETRIES = 1
"""How often a call is made again in a fresh worker when the first was taken away from outside."""

ADDRESS_SPACE = 8
"""How many times its memory a program may reserve where no control group counts what it uses: threads reserve much and use little."""

shared = Shared()
"""Inputs of splits, written once for all candidates of this process."""


class Lost(Exception):
    """A worker was taken away by something other than the program, such as an engine that was started again."""


class PoolClosed(Exception):
    """The sandbox was closed while a session waited for a worker."""


class Worker(ABC):
    """A started worker: its channel, and how it is ended. Each backend has its own kind."""

    channel: Channel
    address_space_limit = False
    """Whether the child limits its own address space, where no control group limits its memory."""

    answers_count = False
    """Whether an answer counts against the worker's memory for as long as the host holds it, in a control group."""

    pins_cores = False
    """Whether each call is kept to as many cores as it may use, where no control group shares them out."""

    unprepared = False
    """Whether it has to be told, before the first call, what the program needs; afterwards it is not."""

    @abstractmethod
    def alive(self) -> bool: ...

    @abstractmethod
    def end(self) -> None:
        """End the worker and everything that it started; may go on in the background. Safe to call twice."""

    def heard(self, told: Mapping[str, object]) -> None:
        """What the worker tells with every answer."""
        del told

    def ended_for(self) -> str:
        """Why a worker that has gone is gone: `memory`, `outside` (not by its own doing), or empty. Asked before `end`."""
        return ""

    def words(self) -> str:
        """What a worker that does not start has said."""
        return ""


def ready(worker: Worker) -> Worker:
    """Wait for the first message of a worker.

    Raises MissingPart, with what it has said, if none comes, and Lost where something else has ended it meanwhile.
    """
    try:
        told = first_words(worker)
    except (WorkerGone, OutOfTime, ValueError) as error:
        if isinstance(error, WorkerGone) and worker.ended_for() == "outside":
            worker.end()
            raise Lost from None
        detail = " ".join(worker.words().split()) or str(error)
        worker.end()
        raise MissingPart(f"The sandbox does not start: {detail}", "fieldsmith doctor says what is missing.") from None
    if told.get("status") != "ready":
        worker.end()
        raise MissingPart("The sandbox's worker does not answer as it should.", "Build the image again.")
    return worker


def first_words(worker: Worker) -> dict[str, Any]:
    """What a worker says first. Raises what `Channel.receive` raises; one that has ended is not waited for, though
    something that it has left may still hold its end of the channel."""
    end = time.perf_counter() + START_SECONDS
    # Looks must not end in the middle of a message, whose rest would then be taken for the next one.
    while not worker.channel.begins(min(end, time.perf_counter() + LOOK_SECONDS)):
        if time.perf_counter() >= end:
            raise OutOfTime
        if worker.channel.idle() and not worker.alive():
            raise WorkerGone("It ended before it was ready.")
    return worker.channel.receive(end)[0]


def _prepare(worker: Worker, program: str) -> None:
    """Have a worker import what the program needs, which is none of the time of its first call. Raises what a call raises."""
    worker.channel.send({"later": names_later(program)}, Bounds(PREPARE, 0.0, 0.0, 0, 0, 0))
    worker.channel.receive(time.perf_counter() + START_SECONDS)
    worker.unprepared = False


class WorkerSession(Session):
    """Calls to a worker. After a broken answer, or none, the worker is ended; the next call has a fresh one."""

    def __init__(self, limits: Limits, start: Callable[[Limits], Worker]) -> None:
        self.limits, self._start = limits, start
        self._worker: Worker | None = None
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._calling = threading.Lock()
        self._held: list[tuple[weakref.ref[mmap.mmap], int]] = []
        """Answers that count against the worker's memory, with their bytes."""

    def call(
        self,
        program: str,
        function: str,
        inputs: Mapping[str, np.ndarray | float],
        results: Mapping[str, tuple[int, ...]],
        seconds: float | None = None,
    ) -> CallResult:
        limit = self.limits.seconds if seconds is None else seconds
        if not 0 < limit <= LONGEST_SECONDS:
            words = f"Give more than 0 and at most {LONGEST_SECONDS:,.0f}."
            raise InputError(f"A call cannot be given {limit:g} seconds.", words)
        if len(program) > LONGEST_PROGRAM:
            words = f"The program has {len(program):,} characters; at most {LONGEST_PROGRAM:,} are run."
            return CallResult("crashed", failure=Failure("ValueError", words))
        header, files = _message(program, function, inputs, results, self.limits)
        with self._calling:
            return self._patiently(header, files, results, limit)

    def _patiently(
        self, header: dict[str, object], files: list[MemoryFile], results: Mapping[str, tuple[int, ...]], limit: float
    ) -> CallResult:
        """Make a call, again in a fresh worker if the first was taken away."""
        for attempt in range(RETRIES + 1):
            if self._closed.is_set():
                break
            try:
                with cores.share(int(self.limits.cpus)) as mine:
                    result = self._attempt({**header, "cores": mine}, files, results, limit)
                if result.status == "crashed" and self._closed.is_set():
                    break  # the worker may have told of its child's end by then
                return result
            except Lost:
                if attempt == RETRIES and not self._closed.is_set():
                    raise MissingPart(
                        "The sandbox was ended from outside in the middle of a call, twice.",
                        "See whether the engine runs (fieldsmith doctor), then repeat the same command: it resumes.",
                    ) from None
            except PoolClosed:
                break
            except BaseException:  # Ctrl-C: the answer that is under way must not be taken for that of another call
                self._drop()
                raise
        return CallResult("crashed", failure=Failure("Ended", "The session is closed."))

    def _attempt(
        self,
        header: dict[str, object],
        files: list[MemoryFile],
        results: Mapping[str, tuple[int, ...]],
        limit: float,
    ) -> CallResult:
        worker = self._ready()
        header["address_space"] = ADDRESS_SPACE * self.limits.memory_mb * 2**20 if worker.address_space_limit else 0
        if not worker.pins_cores:
            header["cores"] = []
        bounds = self._bounds(results, limit)
        patience = bounds.wall + GRACE_SECONDS
        if worker.channel.kind == "stream":
            patience += (sum(file.size for file in files) + bounds.body_limit) / SLOWEST_PIPE
        begun = time.perf_counter()
        try:
            if worker.unprepared:
                _prepare(worker, str(header["program"]))
                begun = time.perf_counter()
            worker.channel.send(header, bounds, files)
            # The worker ends a late call itself and tells what was printed; only one that does not is not waited for.
            told, content = worker.channel.receive(begun + patience, answer.most_bytes(results))
            spent = time.perf_counter() - begun
            if told.get("call") != bounds.number:
                raise WorkerGone("The sandbox's answer is not that of this call.")
            worker.heard(told)
            content = self._kept(worker, content)
            said, outputs = answer.taken(told, content, results)
        except Unsent:
            self._drop()
            raise Lost from None
        except OutOfTime:
            self._drop()
            words = f"The call was ended: it did not return within {bounds.wall:g} s of wall time."
            return CallResult(
                "timeout", seconds=time.perf_counter() - begun, failure=Failure("Timeout", words), limit="wall"
            )
        except WorkerGone as gone:
            return self._gone(worker, gone, time.perf_counter() - begun)
        except ValueError as wrong:
            self._drop()
            failure = Failure("ValueError", f"The answer cannot be used: {wrong}.")
            return CallResult("bad_output", seconds=time.perf_counter() - begun, failure=failure)
        return answer.call_result(told, said, outputs, spent)

    def _bounds(self, results: Mapping[str, tuple[int, ...]], seconds: float) -> Bounds:
        return Bounds(
            1 + secrets.randbits(63),
            seconds,
            seconds * self.limits.patience / min(1.0, self.limits.cpus),
            self.limits.log_kb * 1024,
            self.limits.memory_mb * 2**20,
            answer.body_bytes(results),
        )

    def _kept(self, worker: Worker, content: Content) -> Content:
        """An answer whose memory may stay where it is for as long as somebody looks at it."""
        if not worker.answers_count or not isinstance(content, mmap.mmap):
            return content
        size = len(content)
        self._held = [(held, count) for held, count in self._held if held() is not None]
        if size + sum(count for _, count in self._held) > self.limits.memory_mb * 2**20 // HELD_SHARE:
            with content:
                return content[:]
        self._held.append((weakref.ref(content), size))
        return content

    def _gone(self, worker: Worker, gone: WorkerGone, spent: float) -> CallResult:
        cause = "" if self._closed.is_set() else worker.ended_for()
        self._drop()
        if cause == "outside":
            raise Lost
        if cause == "memory":
            words = "the sandbox was ended; it needed more memory than it may use"
            return CallResult("out_of_memory", seconds=spent, failure=Failure("SIGKILL", words), limit="memory")
        return CallResult("crashed", seconds=spent, failure=Failure("Ended", str(gone)))

    def close(self) -> None:
        self._closed.set()
        self._drop()

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def _ready(self) -> Worker:
        self._own()
        worker = self._worker
        if worker is not None and worker.alive():
            return worker
        self._drop()
        started = self._start(self.limits)
        with self._lock:
            if not self._closed.is_set():
                self._worker = started
                return started
        started.end()
        raise Lost

    def _own(self) -> None:
        """In a process that was forked since, leave the worker to the other one."""
        if self._owner != os.getpid():
            self._owner, self._worker, self._lock, self._held = os.getpid(), None, threading.Lock(), []

    def _drop(self) -> None:
        self._own()
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()


def _message(
    program: str,
    function: str,
    inputs: Mapping[str, np.ndarray | float],
    results: Mapping[str, tuple[int, ...]],
    limits: Limits,
) -> tuple[dict[str, object], list[MemoryFile]]:
    arguments: list[dict[str, object]] = []
    files: list[MemoryFile] = []
    if len(inputs) > MOST_INPUTS:
        raise InputError(f"A call has {len(inputs)} inputs.", f"At most {MOST_INPUTS} can be given.")
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            if value.dtype.kind not in "fiub" or isinstance(value, np.ma.MaskedArray):
                kind = "a masked array" if isinstance(value, np.ma.MaskedArray) else f"an array of {value.dtype}"
                raise InputError(f"The input {name} is {kind}.", "Give an array of real numbers.")
            files.append(shared.file(value))
            arguments.append({"name": name, "shape": list(value.shape)})
        else:
            arguments.append({"name": name, "value": float(value)})
    header: dict[str, object] = {
        "program": program,
        "function": function,
        "arguments": arguments,
        "results": list(results),
        "shapes": [list(shape) for shape in results.values()],
        "cpus": max(1, min(int(limits.cpus), cores.available())),
        "file_bytes": max(answer.most_bytes(results), 2 * limits.scratch_mb * 2**20),
    }
    return header, files
