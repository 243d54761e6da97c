"""`fieldsmith env`: environments for agents that use tools; a file a kind of command."""

import typer

from fieldsmith.cli import env_about, env_mcp, env_run

app = typer.Typer(
    invoke_without_command=True,
    help="Tools that an agent acts on: list, show, check, begin, run, replay, serve, take from another server.",
)
app.callback()(env_about.env)
app.command("list")(env_about.list_environments)
app.command()(env_about.show)
app.command()(env_about.check)
app.command()(env_about.new)
app.command()(env_run.run)
app.command()(env_run.replay)
app.command()(env_mcp.serve)
app.command("from-mcp")(env_mcp.from_mcp)
