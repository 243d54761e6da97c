"""The host's end of a channel over the standard streams of a container that the engine has attached."""

import contextlib
import mmap
import os
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from fieldsmith.sandboxes.channel import (
    BLOCK,
    ENDED,
    Bounds,
    Channel,
    Content,
    OutOfTime,
    WorkerGone,
    encode,
    read_header,
)
from fieldsmith.sandboxes.memory import MemoryFile

FRAME = struct.Struct(">BxxxL")
"""The engine puts this before each piece that a container writes: which of its streams, and how many bytes."""
OUTPUT = 1
MOST_SAID = 4000
LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class StreamChannel(Channel):
    """Standard input and output of a container, in frames over one connection to the engine.

    What comes of its standard error is kept, for whoever asks why a worker does not start.
    """

    kind = "stream"

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.ended = False
        """Whether the connection has ended, rather than been closed here."""
        self._using = threading.Lock()  # a connection by TLS is not for two threads at a time
        self._head = b""
        self._output = False
        self._left = 0
        """Bytes of the piece that is being read, and whether it is of the standard output."""
        self._said = b""

    def send(self, header: Mapping[str, object], bounds: Bounds, files: Sequence[MemoryFile] = ()) -> None:
        message = encode(header, bounds, files)
        threading.Thread(target=self._write, args=(message, files), daemon=True).start()

    def _write(self, message: bytes, files: Sequence[MemoryFile]) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._write_all(message)
            for file in files:
                self._write_all(file.read())

    def _write_all(self, data: bytes | mmap.mmap) -> None:
        view, sent = memoryview(data), 0
        room = select.poll()
        room.register(self.socket.fileno(), select.POLLOUT)
        while sent < len(data):
            try:
                with self._using:
                    sent += self.socket.send(view[sent : sent + BLOCK])
            except LATER:
                room.poll(1000)

    def _receive(self, deadline: float, limit: int) -> tuple[dict[str, Any], Content]:
        header = read_header(lambda count: self._exactly(count, deadline))
        size = header.get("answer_bytes", 0)
        if not isinstance(size, int) or not 0 <= size <= limit:
            raise ValueError(f"the answer takes {size} bytes, more than the {limit:,} that were asked for")
        return header, self._exactly(size, deadline)

    def _exactly(self, count: int, deadline: float) -> bytearray:
        data = bytearray(count)
        view, got = memoryview(data), 0
        while got < count:
            if time.perf_counter() > deadline:  # also of a container that never stops to write
                raise OutOfTime
            here = self._at_output() and self._read(view[got : got + min(self._left, BLOCK)])
            if here:
                got += here
                self._left -= here
            else:
                self._wait(self.socket.fileno(), deadline)
        return data

    def _at_output(self) -> bool:
        """Read on to bytes of the standard output; whether there are any yet. Raises WorkerGone at the end."""
        while not (self._left and self._output):
            part = bytearray(min(self._left, BLOCK) or FRAME.size - len(self._head))
            count = self._read(memoryview(part))
            if not count:
                return False
            if self._left:
                self._left -= count
                self._said = (self._said + part[:count])[-MOST_SAID:]
                continue
            self._head += part[:count]
            if len(self._head) == FRAME.size:
                stream, self._left = FRAME.unpack(self._head)
                self._output, self._head = stream == OUTPUT, b""
        return True

    def _read(self, view: memoryview) -> int:
        """How many bytes have come, 0 if none yet. Raises WorkerGone at the end of the connection."""
        try:
            with self._using:
                count = self.socket.recv_into(view)
        except LATER:
            return 0
        except OSError:
            count = 0
        if not count:
            self.ended = not self._closed
            raise WorkerGone(ENDED)
        return count

    def _idle(self) -> bool:
        try:
            return not self._at_output()
        except WorkerGone:
            return False

    def said(self) -> str:
        """The end of what has come of standard error, as far as it comes within a moment."""
        end = time.perf_counter() + 2.0
        with contextlib.suppress(WorkerGone, OutOfTime), self._reading:
            while not self._at_output():
                self._wait(self.socket.fileno(), end)
        return self._said.decode("utf-8", "replace")

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _shut(self) -> None:
        self.socket.close()


def attached(found: Any) -> socket.socket:
    """The connection behind what the SDK's `attach_socket` returns.

    That is a file which can neither be written in full nor ended by another thread; so this is a socket of our own for the
    same connection, except where TLS lies between, whose socket the SDK hands over as it is.
    """
    if isinstance(found, ssl.SSLSocket):
        return found
    with contextlib.closing(found):
        return socket.socket(fileno=os.dup(found.fileno()))
