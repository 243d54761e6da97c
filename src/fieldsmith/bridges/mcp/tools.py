"""Typed functions as tools of a server: what a client is told of them, and how their errors reach it."""

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool as MadeTool
from mcp_types import ToolAnnotations
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from fieldsmith.errors import FieldsmithError
from fieldsmith.plugins import meant

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

    def made(self) -> MadeTool:
        """As a server takes it."""
        hints = ToolAnnotations(
            title=self.title,
            read_only_hint=self.reads_only,
            destructive_hint=self.destroys,
            idempotent_hint=self.repeatable,
            open_world_hint=self.outward,
        )
        made = _Strict.from_function(
            _guarded(self.function),
            name=self.name,
            title=self.title,
            description=inspect.getdoc(self.function),
            annotations=hints,
        )
        arguments: Any = create_model(f"{self.name}_arguments", __base__=(_NoOthers, made.fn_metadata.arg_model))
        made.fn_metadata.arg_model = arguments
        made.parameters = arguments.model_json_schema(by_alias=True)
        return made


class _NoOthers(BaseModel):
    """A misspelt argument must not be passed over: the tool would do something else than what was asked."""

    model_config = ConfigDict(extra="forbid")


class _Strict(MadeTool):
    """Says in a sentence what is wrong with arguments."""

    async def run(self, arguments: dict[str, Any], context: Context, convert_result: bool = False) -> Any:
        try:
            return await super().run(arguments, context, convert_result)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(_wrong(self, error.__cause__)) from None
            if isinstance(error.__cause__, ToolError):  # our sentence, without that of the SDK before it
                raise error.__cause__ from None
            raise


def _wrong(tool: MadeTool, error: ValidationError) -> str:
    known = list(tool.parameters["properties"])
    said = []
    for fault in error.errors(include_url=False)[:8]:
        place = ".".join(map(str, fault["loc"]))
        if fault["type"] == "missing":
            said.append(f"{place} is missing.")
        elif fault["type"] == "extra_forbidden":
            said.append(f"There is no argument {place!r}.{meant(place, known)}")
        else:
            said.append(f"{place} = {repr(fault['input'])[:200]}: {fault['msg']}.")
    takes = ", ".join(known) or "no arguments"
    return f"{tool.name} was not called. {' '.join(said)} It takes {takes}."


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
