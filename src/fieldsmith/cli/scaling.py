"""`fieldsmith scaling`: what more tries are worth."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import aligned
from fieldsmith.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldsmith.bench.places import Places
    from fieldsmith.orchestrator.run import RunRecord


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
    from fieldsmith.bench.places import Places
    from fieldsmith.bench.scaling import curves, groups, known_curves
    from fieldsmith.reports.scaling import as_csv, as_rows, heading, notes, rows

    current.json, current.quiet = as_json, quiet
    found = groups(_runs(places))
    check_outputs(csv, figures)
    scaled = []
    with Places(sandbox) as sandboxes:
        for group in found:
            tested = _tested(group, sandboxes)
            lacking = tuple(_lacking(one.run, one.unimported) for one in tested if one.unimported)
            own = known_curves(group) if lacking else curves(group, tested)
            scaled.append((replace(group, left=(*group.left, *lacking)), own))
    files = [*written_csv(csv, as_csv(scaled)), *_figures(figures, scaled)]
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
    left = [words for group, _ in scaled for words in group.left]
    current.event("result", {"rows": as_rows(scaled), "left": left, "files": list(map(str, files)), "reason": None})


def check_outputs(csv: Path | None, figures: Path | None) -> None:
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


def written_csv(file: Path | None, text: str) -> list[Path]:
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


def _tested(group, places: "Places"):
    """Test errors of the programs that the group's curves need, measured where they are not known; only then the run's sandbox is opened."""
    from fieldsmith.bench.scaling import needed
    from fieldsmith.bench.tested import Tested
    from fieldsmith.cli.live import Live

    known = [Tested(run) for run in group.runs]
    missing = [(run, one) for run, one in zip(group.runs, known, strict=True) if not one.knows(needed(run))]
    if not missing:
        return known
    told = [0, 0]
    with Live(current, lambda: f"{group.name}: test errors, {told[0]} of {told[1]}"):
        for run, one in missing:
            place = _place(run, places)
            one.measure(needed(run), place, lambda done, of: told.__setitem__(slice(2), [done, of]))
    for _, one in missing:
        if one.unkept:
            current.progress(f"{one.unkept}.")
    return known


def _place(run: "RunRecord", places: "Places"):
    """The run's own sandbox. Raises InputError for one that cannot have what the run asked for, MissingPart for what is not here."""
    try:
        return places.of(run.asked.question)
    except InputError as error:
        words = f"Programs of {run.folder} need the surroundings of their run: {error.message}"
        raise InputError(words, error.hint) from None


def _lacking(run: "RunRecord", unimported: "Mapping[str, str]") -> str:
    """That programs of a run could not be measured here, in one line."""
    from fieldsmith.reports.plain import visible

    sittings = run.asked.sittings
    ran = f" It ran with --sandbox {sittings[-1]['sandbox']}." if sittings and sittings[-1].get("sandbox") else ""
    n, first = len(unimported), visible(next(iter(unimported.values())), 120)
    return (
        f"{run.folder}: {n} program{'s' * (n > 1)} cannot be run here for want of a library ({first}), which is no failure of "
        f"{'theirs' if n > 1 else 'its own'}: the test errors of its group are not known.{ran}"
    )
