"""`fieldsmith report`: write a run's report again."""

from pathlib import Path
from typing import Annotated

import typer

from fieldsmith.cli.output import current


def report(
    run: Annotated[Path, typer.Argument(help="Run directory.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
) -> None:
    """Write report.html of a run from what the run directory holds, and print where it is.

    Example: fieldsmith report runs/burgers-nu0.01-demo-numerics-refine-0
    """
    from fieldsmith.orchestrator.record import load_run
    from fieldsmith.reports.html import write_report

    current.json = as_json
    file = run / "report.html"
    write_report(load_run(run), file)
    current.event("result", {"run": str(run), "report": str(file)})
    current.say(file.resolve().as_uri())
