"""`fieldsmith scaling`: what more tries are worth."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import aligned
from fieldsmith.errors import InputError


def scaling(
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN…", help="Run directories, benchmarks' folders, folders of runs, or quoted patterns."
        ),
    ],
    csv: Annotated[Path | None, typer.Option(help="CSV file to write the tables to.")] = None,
    figures: Annotated[Path | None, typer.Option(help="Folder to write the plots to, as PDF and PNG.")] = None,
    sandbox: Annotated[str, typer.Option(help="auto, docker, bubblewrap or process.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Say what the best of k tries comes to on the test split, against tries, tokens, dollars and seconds.

    A run scores its best alone on the test split: the others' programs are scored first, and kept beside the run.

    Example: fieldsmith scaling runs/bench-mine --csv scaling.csv
    """
    from fieldsmith.bench.scaling import curves, groups
    from fieldsmith.reports.scaling import as_csv, as_rows, heading, notes, rows

    current.json, current.quiet = as_json, quiet
    found = groups(_runs(places))
    _check_outputs(csv, figures)
    scaled = [(group, curves(group, _tested(group, sandbox))) for group in found]
    files = [*_csv(csv, as_csv(scaled)), *_figures(figures, scaled)]
    for group, own in scaled:
        for curve in own:
            current.say(heading(group, curve))
            for line in aligned(list(rows(curve))):
                current.say(line)
            current.say("")
    for words in notes(scaled):
        current.say(words)
    for file in files:
        current.progress(f"Written: {file}")
    left = [words for group in found for words in group.left]
    current.event("result", {"rows": as_rows(scaled), "left": left, "files": list(map(str, files)), "reason": None})


def _check_outputs(csv: Path | None, figures: Path | None) -> None:
    """Before anything is measured. Raises InputError for what cannot be written, MissingPart where plots cannot be drawn."""
    if csv is not None and csv.expanduser().is_dir():
        raise InputError(f"--csv {csv} is a folder.", "Name a file.")
    if figures is not None:
        from fieldsmith.reports.figures import stylish

        stylish()
        _writable(figures.expanduser(), "--figures")
    if csv is not None:
        _writable(csv.expanduser().parent, "--csv")


def _writable(folder: Path, option: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        words = f"{option}: the folder {folder} cannot be written: {error.strerror}."
        raise InputError(words, f"Choose another with {option}.") from None


def _csv(file: Path | None, text: str) -> list[Path]:
    from fieldsmith.orchestrator.record import write_text

    if file is None:
        return []
    try:
        write_text(file.expanduser(), text)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.", "Choose another file with --csv.") from None
    return [file]


def _figures(folder: Path | None, scaled) -> list[Path]:
    from fieldsmith.reports.scaling_plot import write_scaling

    return [] if folder is None else write_scaling(scaled, folder.expanduser())


def _runs(places: list[str]):
    from fieldsmith.bench.measured import read_side
    from fieldsmith.orchestrator.record import load_run

    measured = []
    for place in places:
        side = read_side("", place)
        for one in side.left:
            current.progress(f"{one.name} is left out: {one.why}.")
        measured += [run for run in side.runs if not run.scored]
    measured = list({run.folder.resolve(): run for run in measured}.values())
    if not measured:
        raise InputError(
            "None of these runs is done and holds programs.", "`fieldsmith runs` lists runs with their states."
        )
    return [(one, load_run(one.folder, pictures=False)) for one in measured]


def _tested(group, sandbox: str):
    """Test errors of the programs that the group's curves need, measured where they are not known; only then a sandbox is opened."""
    from fieldsmith import sandboxes
    from fieldsmith.bench.scaling import needed
    from fieldsmith.bench.tested import Tested
    from fieldsmith.cli.live import Live

    known = [Tested(run) for run in group.runs]
    missing = [(run, one) for run, one in zip(group.runs, known, strict=True) if not one.knows(needed(run))]
    if not missing:
        return known
    told = [0, 0]
    with (
        sandboxes.choose(sandbox) as place,
        Live(current, lambda: f"{group.name}: test errors, {told[0]} of {told[1]}"),
    ):
        for run, one in missing:
            one.measure(needed(run), place, lambda done, of: told.__setitem__(slice(2), [done, of]))
    for _, one in missing:
        if one.unkept:
            current.progress(f"{one.unkept}.")
    return known
