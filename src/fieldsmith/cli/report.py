"""`fieldsmith report`: write a run's report again, or its plots for a paper."""

from pathlib import Path
from typing import Annotated

import typer

from fieldsmith.cli.output import current
from fieldsmith.errors import InputError


def report(
    run: Annotated[Path, typer.Argument(help="Run directory.")],
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="DIR", help="Write the plots as PDF and PNG there too (needs matplotlib)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
) -> None:
    """Write report.html of a run from what the run directory holds, and print where it is.

    Example: fieldsmith report runs/burgers-nu0.01-demo-numerics-refine-0
    """
    from fieldsmith.folders import expanded
    from fieldsmith.orchestrator.episodes.asked import FILE as EPISODES
    from fieldsmith.orchestrator.record import load_run
    from fieldsmith.reports.html import write_report

    current.json, run = as_json, expanded(run)
    if (run / EPISODES).exists():
        _of_episodes(run, figures)
        return
    found = load_run(run)
    written = []
    if figures is not None:
        from fieldsmith.reports.figures import write_figures

        written = write_figures(found, expanded(figures))
    file = run / "report.html"
    write_report(found, file)
    result: dict[str, object] = {"run": str(run), "report": str(file)}
    if figures is not None:
        result["figures"] = [str(one) for one in written]
        result["reason"] = None if written else "nothing_drawn"
    current.event("result", result)
    current.say(file.resolve().as_uri())
    for one in written:
        current.say(str(one))
    if figures is not None and not written:
        current.progress("No figure was drawn: no program of this run has ended well.")
        raise typer.Exit(1)


def _of_episodes(run: Path, figures: Path | None) -> None:
    from fieldsmith.reports.episodes import write_episodes_report

    if figures is not None:
        raise InputError(
            "Plots for a paper are drawn of runs of `solve`.",
            "Leave --figures out; each plot of the page can be saved.",
        )
    file = write_episodes_report(run)
    current.event("result", {"run": str(run), "report": str(file)})
    current.say(file.resolve().as_uri())
