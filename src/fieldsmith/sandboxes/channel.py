"""The host's end of the channel to a worker, and the one over a socket (`stream.py` has that over pipes); see `worker/channel.py` for what a message is."""

import array
import contextlib
import json
import os
import select
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fieldsmith.sandboxes.memory import MemoryFile, sealed_bytes

MAGIC = b"FSMITH02"
HEAD = struct.Struct("<8sQ")
CALL = struct.Struct("<8sQQddQQQQ")
HEADER_LIMIT = 16 << 20
"""More than a worker passes on, logs included."""
BLOCK = 1 << 22
MOST_DESCRIPTORS = 8
SEND_SECONDS = 60.0
LONGEST_POLL = 3600.0

Kind = Literal["socket", "stream"]
Content = Any
"""Bytes of an answer: a mapped memory file or a bytearray; whatever has the buffer interface."""


class WorkerGone(Exception):
    """The worker ended or spoke nonsense."""


class Unsent(Exception):
    """Nothing of a call has reached the worker, for a reason that is not the program's."""


class OutOfTime(Exception):
    """The deadline passed."""


@dataclass(frozen=True)
class Bounds:
    """What the worker itself must know of a call: its number, which the answer repeats, seconds of processor time and of wall time, bytes of logs, of memory and of the answer's arrays."""

    number: int
    seconds: float
    wall: float
    log_bytes: int
    memory: int
    body_limit: int


class Channel(ABC):
    """Messages to a worker and back. Deadlines are times of `time.perf_counter`. May be closed by any thread."""

    kind: Kind

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        connected.setblocking(False)
        self._closed = False
        self._reading = threading.Lock()

    @abstractmethod
    def send(self, header: Mapping[str, object], bounds: Bounds, files: Sequence[MemoryFile] = ()) -> None:
        """Send a call; does not wait until it is taken. Raises Unsent if it cannot even be begun."""

    def receive(self, deadline: float, limit: int = 0) -> tuple[dict[str, Any], Content]:
        """The worker's words, and the program's answer of at most `limit` bytes where there is one.

        Raises WorkerGone, OutOfTime, and ValueError for an answer that is not to be trusted.
        """
        with self._reading:
            return self._receive(deadline, limit)

    @abstractmethod
    def _receive(self, deadline: float, limit: int) -> tuple[dict[str, Any], Content]: ...

    def begins(self, deadline: float) -> bool:
        """Whether by then something is to be read: the beginning of a message, or the end of the worker. Nothing is taken. Raises WorkerGone where it is closed."""
        with self._reading, contextlib.suppress(OutOfTime):
            while self._idle():
                self._wait(self.socket.fileno(), deadline)
            return True
        return False

    def idle(self) -> bool:
        """Whether nothing is to be read: neither a message nor the end of the worker."""
        with self._reading:
            return not self._closed and self._idle()

    @abstractmethod
    def _idle(self) -> bool: ...

    def close(self) -> None:
        """Close it; a thread that waits for an answer meets the worker's end."""
        self._closed = True
        self._wake()
        with self._reading:  # a descriptor's number is only given back when nobody waits for it
            self._shut()

    @abstractmethod
    def _wake(self) -> None: ...

    @abstractmethod
    def _shut(self) -> None: ...

    def _wait(self, descriptor: int, deadline: float) -> None:
        """Wait until there is something to read."""
        if self._closed:
            raise WorkerGone("The session was closed.")
        watched = select.poll()
        watched.register(descriptor, select.POLLIN)
        while (left := deadline - time.perf_counter()) > 0:
            if watched.poll(1000 * min(left, LONGEST_POLL)):
                return
        raise OutOfTime


class SocketChannel(Channel):
    kind = "socket"

    def send(self, header: Mapping[str, object], bounds: Bounds, files: Sequence[MemoryFile] = ()) -> None:
        message = encode(header, bounds, files)
        passed = array.array("i", [file.descriptor for file in files])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)] if files else []
        try:
            # The first piece always fits: nothing else is on its way to a worker that waits for a call.
            sent = self.socket.sendmsg([message], ancillary)
        except BrokenPipeError:
            return  # the worker has ended, as the answer will tell
        except OSError as error:
            raise Unsent(str(error)) from None
        with contextlib.suppress(OSError):
            self.socket.settimeout(SEND_SECONDS)
            try:
                self.socket.sendall(memoryview(message)[sent:])
            finally:
                self.socket.setblocking(False)

    def _receive(self, deadline: float, limit: int) -> tuple[dict[str, Any], Content]:
        descriptors: list[int] = []
        try:
            header = read_header(lambda count: self._exactly(count, deadline, descriptors))
            size = header.get("answer_bytes", 0)
            if not size:
                return header, b""
            if len(descriptors) != 1 or not isinstance(size, int):
                raise WorkerGone(NONSENSE)
            return header, sealed_bytes(descriptors[0], size, limit)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _exactly(self, count: int, deadline: float, descriptors: list[int]) -> bytes:
        data = b""
        parts: list[bytes] = []
        room = socket.CMSG_SPACE(4 * MOST_DESCRIPTORS)
        while count:
            self._wait(self.socket.fileno(), deadline)
            try:
                data, passed, _, _ = self.socket.recvmsg(min(count, BLOCK), room, socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                continue
            except OSError:
                data, passed = b"", []
            for level, kind, words in passed:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    found = array.array("i")
                    found.frombytes(words[: len(words) // 4 * 4])
                    descriptors.extend(found)
            if not data:
                raise WorkerGone(ENDED)
            parts.append(data)
            count -= len(data)
        return b"".join(parts)

    def _idle(self) -> bool:
        return _idle(self.socket.fileno())

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _shut(self) -> None:
        self.socket.close()


def _idle(descriptor: int) -> bool:
    watched = select.poll()
    watched.register(descriptor, select.POLLIN)
    return not watched.poll(0)


NONSENSE = "The sandbox's answer is not a message."
ENDED = "The sandbox's process ended before the function returned."


def encode(header: Mapping[str, object], bounds: Bounds, files: Sequence[MemoryFile]) -> bytes:
    body = json.dumps(header).encode()
    numbers = (
        bounds.number,
        bounds.seconds,
        bounds.wall,
        bounds.log_bytes,
        bounds.memory,
        bounds.body_limit,
        len(files),
    )
    sizes = array.array("Q", [file.size for file in files])
    return CALL.pack(MAGIC, len(body), *numbers) + sizes.tobytes() + body


def read_header(read: Any) -> dict[str, Any]:
    """The worker's words, with what the program has printed in them."""
    magic, length = HEAD.unpack(bytes(read(HEAD.size)))
    if magic != MAGIC or length > HEADER_LIMIT:
        raise WorkerGone(NONSENSE)
    try:
        header = json.loads(bytes(read(length)))
    except (ValueError, RecursionError):
        raise WorkerGone(NONSENSE) from None
    printed = header.get("printed", []) if isinstance(header, dict) else None
    if not isinstance(printed, list) or not all(isinstance(n, int) and 0 <= n <= HEADER_LIMIT for n in printed):
        raise WorkerGone(NONSENSE)
    for name, count in zip(("stdout", "stderr"), printed, strict=False):
        header[name] = bytes(read(count)).decode("utf-8", "replace")
    return dict(header)
