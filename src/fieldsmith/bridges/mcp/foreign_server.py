"""A foreign server asked from code that waits: a connection for each question, which ends in time and leaves nothing behind."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio
import httpx2
from mcp import Client, MCPError
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED, INVALID_PARAMS, CallToolResult, Implementation, Tool
from pydantic import ValidationError

from fieldsmith.bridges.mcp.piped import Said, piped
from fieldsmith.bridges.mcp.source import Source
from fieldsmith.environments.observation import Lacking, OutOfTime, StepFault, ToolFailed, Unfit, Unreachable
from fieldsmith.errors import FieldsmithError

logging.getLogger("mcp").addHandler(logging.NullHandler())
LOOK = 0.05
"""Seconds between two looks at whether everything ends."""
FAIR = 5.0
"""Seconds that a server must have had to start in before its silence is a fault of its own."""
MOST_PAGES = 100
T = TypeVar("T")


class Ended(Exception):
    """The connection ended in the middle of a question."""


@dataclass(frozen=True)
class Listed:
    """What a server says of itself."""

    info: Implementation | None
    protocol: str
    tools: tuple[Tool, ...]


@dataclass
class Connection:
    """In use by one question."""

    client: Client

    async def listed(self) -> Listed:
        found: list[Tool] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self.client.list_tools(cursor=cursor)
            found += page.tools
            cursor = page.next_cursor
            if not cursor:
                break
        return Listed(self.client.server_info, self.client.protocol_version, tuple(found))

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> CallToolResult:
        """Raises Ended, and StepFault for a call that the server refuses."""
        try:
            return await self.client.call_tool(tool, dict(arguments))
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                raise Ended from None
            if error.code == INVALID_PARAMS:
                raise Unfit(
                    f"The server refuses the arguments: {error.message}", f"See read_docs for {tool}."
                ) from None
            raise ToolFailed(f"The server answers with an error: {error.message}") from None
        except (ValidationError, RuntimeError, ValueError) as error:
            raise ToolFailed(f"The server's answer is not what it promises: {_short(error)}") from None


def asked(
    source: Source,
    question: Callable[[Connection], Awaitable[T]],
    seconds: float,
    check: Callable[[], None] = lambda: None,
) -> T:
    """What `question` gives of a connection of its own.

    `check` is called meanwhile and may raise. Raises OutOfTime after so many seconds, Unreachable where no connection comes about, Lacking for a
    program or a variable that is not here, Ended where the connection ends in the middle, and what `question` raises. However it ends, the
    server's process group has ended, or does so without waiting for anybody.
    """
    said, ended = Said(), threading.Event()
    given: list[T] = []
    raised: list[BaseException] = []
    cancelling: list[Callable[[], object]] = []
    connected = threading.Event()
    end = time.monotonic() + seconds

    async def talk() -> None:
        scope = anyio.CancelScope(deadline=anyio.current_time() + end - time.monotonic())
        loop = asyncio.get_running_loop()
        cancelling.append(lambda: loop.call_soon_threadsafe(scope.cancel))
        with scope:
            try:
                async with Client(_transport(source, said), cache=None) as client:
                    connected.set()
                    given.append(await question(Connection(client)))
            except BaseException as error:
                raise _told(error, source, said, connected.is_set()) from error

    def run() -> None:
        try:
            asyncio.run(talk())
        except BaseException as error:
            raised.append(error)
        finally:
            ended.set()

    threading.Thread(target=run, daemon=True, name="server").start()
    try:
        while not ended.wait(LOOK):
            check()
    finally:
        if not ended.is_set() and cancelling:
            with contextlib.suppress(RuntimeError):  # it has just ended by itself
                cancelling[0]()
    if given:
        return given[0]
    if raised:
        raise raised[0]
    if not connected.is_set() and seconds > FAIR:
        raise Unreachable(f"The server {source.words!r} did not begin to speak in time.")
    raise OutOfTime("The server did not answer in the time that there is.", "Ask for less work.")


def _transport(source: Source, said: Said) -> AbstractAsyncContextManager[Any]:
    if source.command:
        return piped(source.command, source.surroundings(), said)
    if source.url.partition("?")[0].endswith("/sse"):  # as servers of the first protocol are reached
        return sse_client(source.url, headers=source.sent_headers())
    return _by_http(source.url, source.sent_headers())


@contextlib.asynccontextmanager
async def _by_http(url: str, headers: Mapping[str, str]) -> AsyncIterator[Any]:
    # The question has a deadline of its own.
    async with httpx2.AsyncClient(headers=headers, timeout=None) as web, streamable_http_client(url, http_client=web) as streams:  # fmt: skip
        yield streams


def _told(error: BaseException, source: Source, said: Said, connected: bool) -> BaseException:
    """What whoever asked is told of an error."""
    first = _first(error)
    if isinstance(first, StepFault | FieldsmithError | asyncio.CancelledError):
        return first
    if connected and (isinstance(first, Ended) or (isinstance(first, MCPError) and first.code == CONNECTION_CLOSED)):
        return Ended(said.words)
    words = said.words
    if source.command and "cannot be started" in words:
        return Lacking(f"The server {source.words!r} {words.rstrip('.')}.", "Install it, or mend the command.")
    if isinstance(first, MCPError | httpx2.HTTPError | OSError | Ended):
        why = words or _short(first) or type(first).__name__
        return Unreachable(f"The server {source.words!r} does not answer as an MCP server: {why}")
    return first


def _first(error: BaseException) -> BaseException:
    """The error that others came of, out of the groups that it is in."""
    while isinstance(error, BaseExceptionGroup):
        told = [one for one in error.exceptions if not isinstance(one, asyncio.CancelledError | GeneratorExit)]
        error = (told or list(error.exceptions))[0]
    return error


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
