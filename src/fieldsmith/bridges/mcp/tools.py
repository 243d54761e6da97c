"""Typed functions as tools of a server: what a client is told of them, and how their errors reach it."""

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from fieldsmith.errors import FieldsmithError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Tool:
    """A function that clients may call. Its name, docstring, types and defaults are all that they are told of it.

    A plain function runs in a thread of its own; a coroutine that blocks uses `aside`.
    """

    function: Callable[..., Any]
    title: str
    reads_only: bool = False
    destroys: bool = False
    """Whether it may end or overwrite something; what only adds does not."""
    repeatable: bool = False
    """Whether the same call once more changes nothing."""
    outward: bool = False
    """Whether it reaches beyond this machine."""

    @property
    def name(self) -> str:
        return self.function.__name__


def offer(server: MCPServer, tools: Iterable[Tool]) -> None:
    """Let a server's clients call these."""
    for tool in tools:
        server.add_tool(
            _guarded(tool.function),
            name=tool.name,
            title=tool.title,
            description=inspect.getdoc(tool.function),
            annotations=ToolAnnotations(
                title=tool.title,
                read_only_hint=tool.reads_only,
                destructive_hint=tool.destroys,
                idempotent_hint=tool.repeatable,
                open_world_hint=tool.outward,
            ),
        )


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A coroutine in which an error of ours becomes the tool's answer; of any other the client learns only that there was one."""

    @functools.wraps(function)
    async def call(*arguments: Any, **named: Any) -> Any:
        try:
            if inspect.iscoroutinefunction(function):
                return await function(*arguments, **named)
            return await aside(lambda: function(*arguments, **named))
        except FieldsmithError as error:
            raise ToolError(str(error)) from error

    return call


async def aside(work: Callable[[], Result]) -> Result:
    """Do what blocks in a thread that nobody waits for once the call is broken off or the server ends."""
    outcome: Future[Result] = Future()

    def run() -> None:
        if not outcome.set_running_or_notify_cancel():
            return
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(outcome)
