"""`fieldsmith mcp`: Fieldsmith itself as tools for any assistant, by the Model Context Protocol."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from fieldsmith.cli.asking import asks, question_from
from fieldsmith.cli.output import current
from fieldsmith.orchestrator.question import BUDGET, PLACE, SEARCH, Question

app = typer.Typer(invoke_without_command=True)

RUNS = Path("mcp-runs")
OF_OWNER = (
    "base_url", "key_file", "prompt_style", "prompts", "strategy", "strategy_options", "debug_rounds", "pilots", "in_flight",
    "temperature", "model_options", "candidates", "max_tokens", "max_cost", "max_hours", "sandbox", "image",
    "docker_runtime", "gpus",
)  # fmt: skip
"""Fields of the question that the server's owner decides; budgets are caps."""


@app.callback()
@asks(Question, OF_OWNER)
def mcp(
    context: typer.Context,
    *,
    runs: Annotated[Path, typer.Option(help="Folder that clients' runs are kept in.", rich_help_panel=PLACE)] = RUNS,
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model that clients may ask for, as `solve` names it; repeatable.", rich_help_panel=SEARCH),
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, help="Runs that may go on at a time.", rich_help_panel=BUDGET)] = 1,
    http: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve by HTTP there instead of on standard input and output."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with any of these options.")] = None,
    **_question: Any,
) -> None:
    """Serve Fieldsmith to an assistant: list tasks, solve, watch, fetch the solver and its figures, score a program.

    Budgets are caps: --candidates and --max-hours of each run, --max-tokens and --max-cost of all runs of the folder together.
    By HTTP, requests carry the token of FIELDSMITH_MCP_TOKEN; any address but this machine's own gets one if there is none.

    Example: fieldsmith mcp --http 127.0.0.1:8765
    """
    if context.invoked_subcommand is None:
        from fieldsmith.cli.options import merged

        # A file that lies where an assistant happens to start this is not read: it might name a model.
        _serve(merged(context, config or Path(os.devnull)))


def _serve(options: dict[str, Any]) -> None:
    from fieldsmith.bridges.mcp import require_sdk

    require_sdk()
    from fieldsmith.bridges.mcp.allowed import Allowed
    from fieldsmith.bridges.mcp.fieldsmith_server import Desk, server_of
    from fieldsmith.bridges.mcp.serving import serve

    models = options.pop("model") or []
    question = question_from({**options, "task": ""})
    desk = Desk(Allowed(question, options["runs"], models, options["at_once"]))
    try:
        serve(server_of(desk), options["http"])
    finally:
        desk.close()


@app.command()
def skill(
    folder: Annotated[Path, typer.Argument(help="Folder to write the skill into, such as ~/.claude/skills.")],
    runs: Annotated[Path, typer.Option(help="Folder that the connected server keeps runs in.")] = RUNS,
) -> None:
    """Write a skill, a page that tells an assistant when and how to use these tools, and say how to connect one.

    Example: fieldsmith mcp skill skills
    """
    from fieldsmith.bridges.mcp.skill import connection, write_skill

    current.say(f"Written: {write_skill(folder)}")
    current.say(connection(runs))
