"""`fieldsmith env serve` and `env from-mcp`: an environment for clients of the Model Context Protocol, and one made from another server's tools."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from fieldsmith.cli.env_about import AsJson, Which, typed
from fieldsmith.cli.output import current


def serve(
    environment: Which,
    http: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve by HTTP there; standard input and output, if left out."),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(help="A task that clients may begin; repeatable; all that are named, if left out."),
    ] = None,
    steps: Annotated[int, typer.Option(min=0, help="Most steps of an episode; 0 takes the environment's.")] = 0,
    episodes: Annotated[int, typer.Option(min=1, help="Most episodes in all.")] = 1000,
    at_once: Annotated[int, typer.Option(min=0, help="Steps at a time, others wait; 0 takes a core each.")] = 0,
    listing: Annotated[
        bool | None,
        typer.Option(
            "--list/--no-list",
            help="Whether clients may list all episodes; by default not by HTTP, where others may call.",
        ),
    ] = None,
    run_dir: Annotated[Path | None, typer.Option(help="Where episodes lie; ./runs/NAME by default.")] = None,
    sandbox: Annotated[str, typer.Option(help="auto, docker, bubblewrap or process.")] = "auto",
) -> None:
    """Expose an environment to any MCP client: a tool an action, on standard input and output, or by HTTP.

    Clients may begin the tasks that are named, no others. An address that others reach needs a token: that of FIELDSMITH_MCP_TOKEN, or a new one, told once.

    Example: fieldsmith env serve pde-workbench --task burgers --http 127.0.0.1:8765
    """
    from fieldsmith.bridges.mcp import require_sdk
    from fieldsmith.folders import expanded
    from fieldsmith.orchestrator.episodes.served import served, terms_for

    require_sdk()
    from fieldsmith.bridges.mcp.environment_server import EnvironmentServer
    from fieldsmith.bridges.mcp.serving import serve as serve_server

    current.resumes = True
    terms = terms_for(environment, tuple(task or ()), steps, episodes, at_once)
    folder = expanded(run_dir) if run_dir else None
    with served(environment, terms, folder, sandbox, shlex.join(["fieldsmith", *sys.argv[1:]])) as playing:
        current.progress(
            f"Episodes lie in {playing.folder}: `fieldsmith report {typed(playing.folder)}` writes their page."
        )
        serve_server(EnvironmentServer(playing, http is None if listing is None else listing), http)


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

    Example: fieldsmith env from-mcp 'npx -y @modelcontextprotocol/server-everything' --call 'get-sum {"a": 2, "b": 3}'
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
