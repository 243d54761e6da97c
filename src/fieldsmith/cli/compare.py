"""`fieldsmith compare`: which of two is better, and whether the difference is more than noise."""

from typing import Annotated

import typer

from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import aligned
from fieldsmith.errors import InputError


def compare(
    a: Annotated[
        str,
        typer.Argument(
            metavar="A", help="Run directory, benchmark's folder, folder of runs, or a quoted pattern of them."
        ),
    ],
    b: Annotated[str | None, typer.Argument(metavar="B", help="The same; left out, both are rows of A.")] = None,
    rows: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="ROW ROW",
            help="Only runs whose names have these parts, the first of A, the second of B, such as mine/refine.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Say which of two is better and whether that is more than noise, paired over tasks and seeds, with what each has cost.

    Example: fieldsmith compare runs/bench-mine --rows mine/refine built-in/refine
    """
    from fieldsmith.bench.compare import compare as compared_of
    from fieldsmith.bench.measured import read_side
    from fieldsmith.reports.comparison import fields, told, verdict
    from fieldsmith.reports.comparison import heads as heads_of
    from fieldsmith.reports.comparison import rows as rows_of

    current.json = as_json
    if b is None and rows is None:
        words = f"{a} alone cannot be compared."
        raise InputError(words, "Name a second place, or two rows of a benchmark: --rows mine/refine built-in/refine.")
    first, second = rows or ("", "")
    compared = compared_of(read_side("A", a, first), read_side("B", b or a, second))
    current.event("result", fields(compared))
    for line in aligned(list(heads_of(compared))):
        current.say(line)
    if compared.pairs:
        current.say("")
        for line in aligned(list(rows_of(compared))):
            current.say(line)
        current.say("")
    for one in compared.comparisons:
        current.say(verdict(one))
    for words in told(compared):
        current.say(words)
    if not compared.pairs:
        current.failed("Nothing can be compared: no two runs of the same task and seed are done.")
        raise typer.Exit(1)
