"""`fieldsmith env serve` and `env from-mcp`: an environment for clients of the Model Context Protocol, and one made from another server's tools."""

from pathlib import Path
from typing import Annotated

import typer

from fieldsmith.cli.env_about import AsJson, typed
from fieldsmith.cli.output import current


def from_mcp(
    server: Annotated[
        str,
        typer.Argument(metavar="URL|COMMAND", help="Address of a server, or the command that starts it, in quotes."),
    ],
    name: Annotated[str, typer.Option(help="namespace/name-v1; made from the server's name, if left out.")] = "",
    folder: Annotated[
        Path | None, typer.Option(help="Where to put it; a folder of its name here, if left out.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="A tool that is taken; repeatable; all if left out.")] = None,
    reads: Annotated[
        list[str] | None,
        typer.Option(help="A tool that only reads, though its server does not say so: a free action; repeatable."),
    ] = None,
    call: Annotated[
        list[str] | None,
        typer.Option(help="A call that leads to the answer, 'TOOL {JSON}': made now and recorded; repeatable."),
    ] = None,
    gold: Annotated[Path | None, typer.Option(help="File of such calls, JSON lines, in place of --call.")] = None,
    task: Annotated[
        tuple[str, str], typer.Option(metavar="NAME WORDS", help="The task's name, and in words what is to be found.")
    ] = ("", ""),
    expects: Annotated[str, typer.Option(help="The right answer; what the last call answers, if left out.")] = "",
    tolerance: Annotated[float, typer.Option(min=0.0, help="By how much a number may be off, relatively.")] = 1e-6,
    stateless: Annotated[
        bool,
        typer.Option("--stateless", help="The server keeps nothing between calls: those so far need not be repeated."),
    ] = False,
    seconds: Annotated[float, typer.Option(min=1.0, help="How long a step may take.")] = 60.0,
    env: Annotated[
        list[str] | None, typer.Option(help="Name of an environment variable that the command gets; repeatable.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(metavar="HEADER=NAME", help="HTTP header whose value the variable NAME holds; repeatable."),
    ] = None,
    bearer: Annotated[str, typer.Option(metavar="NAME", help="Variable that holds the bearer token of a URL.")] = "",
    as_json: AsJson = False,
) -> None:
    """Turn the tools of an MCP server into an environment: a package that passes `env check`.

    Example: fieldsmith env from-mcp 'uvx mcp-server-calculator' --call 'calculate {"expression": "6*7"}'
    """
    from fieldsmith.bridges.mcp import require_sdk
    from fieldsmith.folders import expanded

    require_sdk()
    from fieldsmith.bridges.mcp.foreign_package import make
    from fieldsmith.bridges.mcp.foreign_task import Wish
    from fieldsmith.bridges.mcp.source import source_of

    current.json = current.json or as_json
    source = source_of(server, tuple(env or ()), tuple(header or ()), bearer)
    wish = Wish(
        name=name, only=tuple(only or ()), reads=tuple(reads or ()), task=task, expects=expects, tolerance=tolerance,
        calls=tuple(call or ()), gold=expanded(gold) if gold else None, stateless=stateless, seconds=seconds,
    )  # fmt: skip
    made = make(source, wish, expanded(folder) if folder else None)
    for words in made.left_out:
        current.progress(words)
    current.event(
        "result",
        {
            "environment": made.name,
            "folder": str(made.folder),
            "actions": list(made.actions),
            "task": made.task,
            "left_out": list(made.left_out),
        },
    )
    current.say(f"{made.name} is in {made.folder}, with {', '.join(made.actions)}. Next:")
    current.say(f"  fieldsmith env check {typed(made.folder)}")
    current.say(f"  fieldsmith env run {typed(made.folder)} --task {made.task} --agent gold")
