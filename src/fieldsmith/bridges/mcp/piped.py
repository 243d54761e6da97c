"""A server on this machine whose input and output are pipes: a transport for the SDK's client.

The SDK's own leaves the server to itself where this process is killed; here the whole process group ends with it, whatever happens.
"""

import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from subprocess import Popen
from typing import IO, Any

import anyio
import anyio.to_thread
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from fieldsmith.sandboxes.owner import temporary_folder
from fieldsmith.sandboxes.watched import end_group, watched

GRACE = 1.0
"""Seconds that a server has to end in once its input is closed."""
REMEMBERED = 20
"""Lines of what it writes to standard error that are kept."""


class Said:
    """The last lines of a server's standard error, read as they come so that it never waits for a reader."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=REMEMBERED)

    def listen(self, stream: IO[bytes]) -> None:
        threading.Thread(target=self._read, args=(stream,), daemon=True, name="server's errors").start()

    def _read(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in stream:
                self._lines.append(line.decode("utf-8", "replace").rstrip())

    @property
    def words(self) -> str:
        """The last line that says something, with what stands before it where there is room."""
        return " ".join(" ".join(self._lines).split())[-300:]


@contextlib.asynccontextmanager
async def piped(words: Sequence[str], surroundings: Mapping[str, str], said: Said) -> AsyncIterator[Any]:
    """Streams to and from a server that is started now, in an empty folder, with the harmless environment variables and those given."""
    with (
        temporary_folder() as folder,
        watched(words, cwd=folder, env={**get_default_environment(), **surroundings}) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        said.listen(process.stderr)
        heard, reading = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        writing, told = anyio.create_memory_object_stream[SessionMessage](0)
        async with anyio.create_task_group() as tasks, heard, reading, writing, told:
            tasks.start_soon(_read, process.stdout, heard)
            tasks.start_soon(_write, process.stdin, told, heard)
            ended = False
            try:
                yield reading, writing
                ended = True
            finally:
                if ended:
                    await _end(process)
                end_group(process)
                tasks.cancel_scope.cancel()


async def _read(stream: IO[bytes], heard: Any) -> None:
    async with heard:
        with contextlib.suppress(OSError, ValueError, anyio.ClosedResourceError, anyio.BrokenResourceError):
            while line := await anyio.to_thread.run_sync(stream.readline, abandon_on_cancel=True):
                await heard.send(_message(line))


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error


async def _write(stream: IO[bytes], told: Any, heard: Any) -> None:
    async with told:
        try:
            async for one in told:
                text = one.message.model_dump_json(by_alias=True, exclude_unset=True)
                await anyio.to_thread.run_sync(_sent, stream, text.encode() + b"\n", abandon_on_cancel=True)
        except (OSError, ValueError):
            await heard.aclose()  # so that nobody waits for an answer


def _sent(stream: IO[bytes], line: bytes) -> None:
    stream.write(line)
    stream.flush()


async def _end(process: "Popen[bytes]") -> None:
    """As the protocol has it: its input is closed, and it ends by itself."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    with anyio.move_on_after(GRACE):
        while process.poll() is None:
            await anyio.sleep(0.01)
