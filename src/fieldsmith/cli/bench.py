"""`fieldsmith bench`: a whole grid of runs, unattended, and the table of what came of it."""

import contextlib
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import columns
from fieldsmith.errors import InputError

SECONDS, SCORE = ("cpu_seconds", "seconds"), "score"
"""Figures that every cell has, and that of an environment's."""

if TYPE_CHECKING:
    from fieldsmith.bench.cells import Outcome
    from fieldsmith.bench.grid import Grid
    from fieldsmith.bench.suite import Suite
    from fieldsmith.bench.table import Leaderboard


def bench(
    suite: Annotated[str, typer.Argument(help="TOML file of a suite, or one that comes along: codepde, hard, smoke.")],
    *,
    cells: Annotated[str, typer.Option(help="Only cells whose names fit, such as 'burgers*/*/refine/0'.")] = "*",
    out: Annotated[Path | None, typer.Option(help="Folder of the grid; ./runs/bench-NAME by default.")] = None,
    at_once: Annotated[int, typer.Option(help="Cells at a time.")] = 1,
    in_flight: Annotated[
        int,
        typer.Option(
            help="Programs, or episodes, of a cell at a time, in place of what the suite says.", show_default=False
        ),
    ] = 0,
    max_cost: Annotated[float | None, typer.Option(help="US dollars of all cells together.", min=0.0)] = None,
    max_hours: Annotated[float | None, typer.Option(help="Wall time of this sitting.", min=0.0)] = None,
    engine: Annotated[
        str, typer.Option(help="Where programs run, in place of what the suite says: local or ray.", show_default=False)
    ] = "",
    address: Annotated[str, typer.Option(help="Of the Ray cluster, HOST:PORT or auto.", show_default=False)] = "",
    sandbox: Annotated[
        str,
        typer.Option(help="auto, docker, bubblewrap or process, in place of what the suite says.", show_default=False),
    ] = "",
    fail_if: Annotated[
        str | None, typer.Option(help='Exit with 1 if this holds of a cell, such as "nrmse > 1e-3".')
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count and price the grid; nothing is asked.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Run every cell of a suite (tasks, authors, strategies, seeds; environments and agents) and write a leaderboard; the same command resumes.

    `fieldsmith bench audit SUITE` says whether the suite itself is sound.

    Example: fieldsmith bench smoke
    """
    from fieldsmith.bench.check import checked
    from fieldsmith.bench.cluster import reached
    from fieldsmith.bench.grid import Grid, Terms
    from fieldsmith.bench.prices import check_priced
    from fieldsmith.bench.suite import read_suite
    from fieldsmith.folders import expanded

    current.json, current.quiet, current.resumes = as_json, quiet, True
    whole = read_suite(suite)
    folder = expanded(out) if out else Path("runs") / f"bench-{whole.name}"
    condition = _condition(fail_if)
    terms = Terms(max_cost, max_hours, at_once, engine, address, in_flight, sandbox=sandbox)
    terms.check()
    grid = Grid(whole.chosen(cells), folder, terms)
    metrics = checked(grid.suite)
    if condition is not None:
        _check_condition(condition, metrics)
    if not dry_run:
        known = grid.standing()
        check_priced((cell for cell in grid.suite.cells if cell.name not in known), terms.usd is not None)
    with reached(grid, dry_run) as grid.terms:
        if dry_run:
            _tell_plan(grid)
        else:
            _run(grid, whole, condition)


def _run(grid: "Grid", whole: "Suite", condition: Any) -> None:
    from fieldsmith.bench.beside import learned_rows
    from fieldsmith.bench.cells import count
    from fieldsmith.bench.grid import worst
    from fieldsmith.bench.scaling_of_rows import scaling_of_rows
    from fieldsmith.bench.suite import KEPT
    from fieldsmith.bench.table import leaderboard
    from fieldsmith.cli.bench_progress import BenchProgress
    from fieldsmith.cli.bench_table import table
    from fieldsmith.orchestrator.record import write_text
    from fieldsmith.reports.leaderboard import fields
    from fieldsmith.reports.leaderboard_page import write_leaderboard

    before = replace(grid, suite=whole).known()

    def written(*, curves: bool) -> "tuple[Leaderboard, Path]":
        """The table of the whole suite, as far as it has come; with the suite, so that it can be made anew. curves: whether to read every run for them."""
        outcomes = {**before, **grid.outcomes}
        board = leaderboard(whole, outcomes, count(grid.folder), learned_rows(grid.folder, whole, outcomes))
        write_text(grid.folder / KEPT, whole.kept_text)
        scaled = scaling_of_rows(grid.folder, outcomes) if curves else []
        return board, write_leaderboard(board, grid.folder, shlex.join(["fieldsmith", *sys.argv[1:]]), scaled)

    def write(*, curves: bool = False) -> None:
        with contextlib.suppress(OSError):
            written(curves=curves)

    done = [cell.name for cell in grid.suite.cells if cell.name in before and before[cell.name].done]
    progress = BenchProgress(current, grid, done, write)
    grid.listener = progress.event
    try:
        with progress:
            outcomes = grid.run()
    except KeyboardInterrupt:
        write(curves=True)
        raise
    board, page = written(curves=True)
    failed = [name for name, outcome in outcomes.items() if condition and outcome.done and _holds(condition, outcome)]
    error = worst(outcomes)
    left = sum(not outcome.done for outcome in outcomes.values())
    reason = "fail_if" if failed else error.kind if error is not None else "cells_left" if left else None
    current.event(
        "result", {"bench": str(grid.folder), "page": str(page), **fields(board), "failed": failed, "reason": reason}
    )
    for line in table(board, columns(sys.stdout)):
        current.say(line)
    current.say(f"Page: {page.resolve().as_uri()}; the same as leaderboard.md, .csv and .json.")
    if error is not None:
        raise error
    if failed:
        current.failed(f"--fail-if {condition.text} holds of {', '.join(failed[:5])}{' …' if len(failed) > 5 else ''}.")
        raise typer.Exit(1)
    if left:
        told = "1 cell is" if left == 1 else f"{left} cells are"
        current.failed(f"{told} left. The same command goes on with what is left.")
        raise typer.Exit(1)


def _condition(text: str | None) -> Any:
    from fieldsmith.cli.solve import parse_condition

    return parse_condition(text) if text is not None else None


def _check_condition(condition: Any, metrics: set[str]) -> None:
    """Raises InputError for a figure that no cell has."""
    known = [*sorted(metrics), *SECONDS]
    if condition.figure.lower() not in [name.lower() for name in known]:
        raise InputError(f"--fail-if {condition.text!r} is not understood.", f"Use the figures {', '.join(known)}.")


def _holds(condition: Any, outcome: "Outcome") -> bool:
    """Of the figure on the test split. A cell in which nothing ran has none and is worse than any limit; one that is judged by another figure is passed over."""
    result, figure = outcome.result or {}, condition.figure.lower()
    best, plays = result.get("best") or {}, "episodes" in result
    test = best.get("test") or {}
    if figure in SECONDS:
        value = test.get(figure) if not plays else result["spend"]["seconds"] if figure == "seconds" else None
        return value is not None and condition.beyond(value)
    if plays or figure == SCORE:
        return plays and figure == SCORE and (not best or condition.beyond(best["score"]))
    if test.get("value") is None or best.get("status") != "ok":
        return True
    return figure == str(test["metric"]).lower() and condition.beyond(test["value"])


def _tell_plan(grid: "Grid") -> None:
    """What would be done, and what it may cost."""
    from fieldsmith.bench.baselines import baseline_of
    from fieldsmith.bench.prices import estimated

    capped = grid.terms.usd is not None
    done = grid.standing()
    left = [cell for cell in grid.suite.cells if cell.name not in done]
    rows = [
        {"cell": c.name, "done": c.name in done, "baseline": baseline_of(c.question) or None, **estimated(c, capped)}
        for c in grid.suite.cells
    ]
    open_rows = [row for row in rows if not row["done"]]
    prices = [row["usd"] for row in open_rows]
    usd = None if None in prices else sum(prices)
    programs = sum(row["programs"] for row in open_rows)
    for row in rows:
        state = "done" if row["done"] else "to do"
        price = "price unknown" if row["usd"] is None else f"at most {row['usd']:.2f} USD" if row["usd"] else "free"
        unit = row["unit"] if row["programs"] != 1 else row["unit"].removesuffix("s")
        current.say(f"{state:<6} {row['cell']:<60} {row['programs']:>4} {unit}, {price}")
    for lacks in dict.fromkeys(filter(None, (row["lacks"] for row in open_rows))):
        current.say(f"Cannot be asked yet: {lacks}")
    told = "of an unknown price" if usd is None else f"at most {usd:.2f} USD" if usd else "free"
    units = " and ".join(dict.fromkeys(str(row["unit"]) for row in open_rows)) or "programs"
    current.say(
        f"{len(rows)} cell{'s' if len(rows) != 1 else ''}, {len(done)} done; {len(left)} to do: {programs} {units}, {told}."
    )
    current.event("result", {"cells": rows, "done": len(done), "left": len(left), "usd": usd, "reason": None})
