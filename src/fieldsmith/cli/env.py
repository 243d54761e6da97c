"""`fieldsmith env`: environments for tool-using agents."""

import typer

from fieldsmith.cli import env_run

app = typer.Typer(no_args_is_help=True, help="Environments for tool-using agents: run them, replay what was recorded.")
app.command()(env_run.run)
app.command()(env_run.replay)
