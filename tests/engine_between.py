"""A socket between a command and the Docker engine: passes on what is asked, refuses some of it, or leaves it unanswered."""

import contextlib
import json
import select
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from fieldsmith.sandboxes import engine

BLOCK = 1 << 16


class Between:
    """Listens at `host`; `asked` holds the first line of each request. What contains a word of `silent` is not answered."""

    def __init__(self, folder: Path, refused: str, silent: str) -> None:
        self.path = folder / "engine"
        self.host = f"unix://{self.path}"
        self.asked: list[str] = []
        self.refused, self.silent = refused, silent
        self._open: list[socket.socket] = []
        self._engine = engine.place()["base_url"].removeprefix("unix://")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                asker = self._listener.accept()[0]
                self._open.append(asker)
                threading.Thread(target=self._answer, args=(asker,), daemon=True).start()

    def _answer(self, asker: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):  # either side has gone, or this socket is closed
            self._serve(asker)

    def _serve(self, asker: socket.socket) -> None:
        first = asker.recv(BLOCK)
        line = first.partition(b"\r\n")[0].decode()
        self.asked.append(line)
        if self.silent and self.silent in line:
            return
        if self.refused and line.startswith(self.refused):
            body = json.dumps({"message": "no space left on device"}).encode()
            head = f"HTTP/1.1 500 Refused\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            asker.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)
            asker.close()
            return
        with asker, socket.socket(socket.AF_UNIX) as real:
            real.connect(self._engine)
            real.sendall(first)
            self._pass_on(asker, real)

    def _pass_on(self, asker: socket.socket, real: socket.socket) -> None:
        other = {asker: real, real: asker}
        while True:
            for ready in select.select([asker, real], [], [])[0]:
                if not (data := ready.recv(BLOCK)):
                    return
                other[ready].sendall(data)

    def close(self) -> None:
        self._listener.close()
        for asker in self._open:
            asker.close()


@contextlib.contextmanager
def between(refused: str = "", silent: str = "") -> Iterator[Between]:
    """The place of an engine that refuses requests that begin with `refused`: its disk is full."""
    folder = Path(tempfile.mkdtemp(prefix="engine-"))  # a socket's path must be short
    here = Between(folder, refused, silent)
    try:
        yield here
    finally:
        here.close()
        shutil.rmtree(folder)
