"""`fieldsmith bench`: a suite is run, or is audited itself; a file a command."""

import typer
from typer.core import TyperGroup

from fieldsmith.cli import bench, bench_audit

RUN = "run"


class WithSuites(TyperGroup):
    """What is no command is the suite, or an option, of `run`: `fieldsmith bench SUITE`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        named = args[:1] and args[0] in self.commands
        return super().parse_args(ctx, args if named else [RUN, *args])


app = typer.Typer(cls=WithSuites, help="Run every cell of a suite and write a leaderboard, or audit the suite itself.")
app.command(RUN)(bench.bench)
app.command()(bench_audit.audit)
