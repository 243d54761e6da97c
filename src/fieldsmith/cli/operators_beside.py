"""`fieldsmith operators rank` and `breakeven`: learned operators beside solvers."""

from pathlib import Path
from typing import Annotated

import typer

from fieldsmith.cli.live import Live
from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import aligned
from fieldsmith.errors import InputError

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
Params = Annotated[list[str] | None, typer.Option(help="Parameter of the task, name=value; repeatable.")]
Scale = Annotated[str, typer.Option(help="demo, paper or hard.")]
Place = Annotated[str, typer.Option(help="Where programs of runs run: auto, docker, bubblewrap or process.")]
Csv = Annotated[Path | None, typer.Option(help="CSV file to write the table to.")]
Figures = Annotated[Path | None, typer.Option(help="Folder to write the plot to, as PDF and PNG.")]


def rank(
    task: Annotated[str, typer.Argument(help="Task or problem file that all of them are for.")],
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER…", help="Trained operators and runs.")],
    param: Params = None,
    scale: Scale = "demo",
    device: Device = "auto",
    sandbox: Place = "auto",
    csv: Csv = None,
    figures: Figures = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Put trained operators and the best programs of runs in one order, by one judge on the test split.

    Example: fieldsmith operators rank reacdiff1d trained/reacdiff1d-fno-0d0c4a3e runs/reacdiff1d-demo
    """
    current.json, current.quiet = as_json, quiet
    from fieldsmith.cli.options import parse_parameters
    from fieldsmith.cli.scaling import check_outputs, written_csv
    from fieldsmith.operators import need_torch
    from fieldsmith.tasks import load

    need_torch()
    from fieldsmith.bench.beside import FILE
    from fieldsmith.bench.places import Places
    from fieldsmith.bench.ranking import in_order, learned_of, ranked, solvers_of, trained_of
    from fieldsmith.operators.trained import CARD
    from fieldsmith.orchestrator.record import load_run
    from fieldsmith.reports.beside import keep
    from fieldsmith.reports.html import write_report
    from fieldsmith.reports.ranking import as_csv, beyond_rows, rows, write_ranking

    problem = load(task, parse_parameters(param or []), scale)
    own = [folder for folder in folders if (folder / CARD).is_file()]
    trained = list(trained_of(problem, own))
    solvers = list(solvers_of(problem, [folder for folder in folders if folder not in own]))
    check_outputs(csv, figures)
    problem.split("test", current.making)
    found, told = [], [""]
    with Places(sandbox) as places, Live(current, lambda: told[0]):
        told[0] = f"1 of {len(folders)}"
        for entry in ranked(problem, trained, solvers, places, device):
            found.append(entry)
            told[0] = f"{len(found) + 1} of {len(folders)}"
    entries = in_order(found)
    files = written_csv(csv, as_csv(entries))
    files += write_ranking(entries, problem.title, figures.expanduser()) if figures else []
    for solver, _ in solvers if trained else []:
        keep(solver.place, [row[:-1] for row in rows(entries)], learned_of(entries))
        write_report(load_run(solver.place), solver.place / "report.html")
        files += [solver.place / FILE, solver.place / "report.html"]
    more = beyond_rows(entries)
    for line in (*aligned(rows(entries)), *([""] if more else []), *aligned(more)):
        current.say(line.rstrip())
    for file in files:
        current.progress(f"Written: {file}")
    current.event("result", {"entries": [vars(one) for one in entries], "files": list(map(str, files))})


def breakeven(
    task: Annotated[str, typer.Argument(help="Task or problem file that all of them are for.")],
    folders: Annotated[list[Path], typer.Argument(metavar="OPERATOR…", help="Folders of trained operators.")],
    against: Annotated[Path, typer.Option(help="Run whose best program they are held against.")],
    tuning: Annotated[float, typer.Option(help="Seconds that were spent on choosing settings, for each operator.")] = 0.0,
    param: Params = None,
    scale: Scale = "demo",
    device: Device = "auto",
    sandbox: Place = "auto",
    csv: Csv = None,
    figures: Figures = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """After how many solves an operator has paid off, against the solver on as few points as err as much.

    Example: fieldsmith operators breakeven reacdiff1d trained/reacdiff1d-fno-0d0c4a3e --against runs/reacdiff1d-demo
    """
    current.json, current.quiet = as_json, quiet
    from fieldsmith.cli.options import parse_parameters
    from fieldsmith.cli.scaling import check_outputs, written_csv
    from fieldsmith.operators import need_torch
    from fieldsmith.tasks import load

    if tuning < 0:
        raise InputError(f"--tuning {tuning:g} is negative.", "Give seconds.")
    need_torch()
    from fieldsmith.bench import breakeven as held
    from fieldsmith.bench.coarser import levels
    from fieldsmith.bench.places import Places
    from fieldsmith.bench.ranking import ranked, solvers_of, trained_of
    from fieldsmith.reports import breakeven as told

    problem = load(task, parse_parameters(param or []), scale)
    trained = list(trained_of(problem, folders))
    ((solver, run),) = solvers_of(problem, [against])
    check_outputs(csv, figures)
    case = problem.split("test", current.making)[0]
    at = [""]
    with Places(sandbox) as places, Live(current, lambda: at[0]):
        at[0] = "the solver on fewer and fewer points"
        curve = list(levels(problem, solver.source, places.of(run.asked.question), case))
        at[0] = "operators"
        entries = list(ranked(problem, trained, [], places, device))
    for entry in entries:
        if entry.nrmse is None:
            raise InputError(f"The operator in {entry.place} fails: {entry.reason}.", "Leave it out.")
    count = len(curve[0].errors) if curve else 0
    found = [held.breakeven(one.name, held.costs_of(one, tuning), held.errors_of(one, count), curve) for one in entries]
    spans = [part for one in entries for part in held.by_bins(one.name, held.costs_of(one, tuning), one.first, curve)]
    files = written_csv(csv, told.as_csv([*found, *spans]))
    files += told.write_breakeven(found, solver.name, problem.title, figures.expanduser()) if figures else []
    parts = ("", *aligned(told.span_rows(spans))) if spans else ()
    for line in (*aligned(told.curve_rows(curve)), "", *aligned(told.rows(found)), *told.notes(found), *parts):
        current.say(line.rstrip())
    for file in files:
        current.progress(f"Written: {file}")
    levels_told = [
        {
            "stride": one.stride,
            "pause": one.pause,
            "share": one.share,
            "loosened": one.loosened,
            "nrmse": one.error,
            "seconds": one.seconds,
        }
        for one in curve
    ]
    current.event(
        "result",
        {
            "rows": [held.as_row(one) for one in found],
            "spans": [held.as_row(one) for one in spans],
            "solver": solver.name,
            "curve": levels_told,
            "files": list(map(str, files)),
        },
    )
