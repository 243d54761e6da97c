"""Textbook problems solved as a person's own would be, and what the stated errors are worth.

    python benchmarks/truth.py [--only NAME …] [--seconds S] [--json FILE] [--markdown FILE]

Each file in `benchmarks/truth/` has a solution that shares nothing with the methods (`known_solutions`); `[exact]` is taken out before anything is solved. The reference comes from
`fieldsmith.boxes.reference.trusted`; the program is the first that is stated to be as accurate as was asked (else the one that is closest to the reference),
of families in the order in which they suit, each from coarse to fine. A row has for both what is
stated and what is true: relative L2 errors of the worst sample. What a program is stated to be off by is its distance from the reference plus the reference's own
error. `each method` has the true error of every method that the reference refined, with the processor time of its finest run. Problems in `truth/codepde/` are
CodePDE's as far as a problem file can say them; where no solution is known only what is stated is shown (`codepde.py` has more of them).

With `--json` rows are kept as they come: the same command goes on where it was stopped. `--markdown` puts the table in place of the one between two marks in a page.
"""

import argparse
import dataclasses
import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fieldsmith.boxes import methods
from fieldsmith.boxes.climbing import distance
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.reference import Reference, trusted
from fieldsmith.boxes.running import Inputs, run
from fieldsmith.boxes.samples import arguments, drawn, read_off
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems import Problem
from known_solutions import solution

FOLDER = Path(__file__).parent / "truth"
SEEDS = (1, 2, 3)
"""Samples of what is drawn."""
HONEST = 3.0
"""How many times as large as stated a true error may be."""
SECONDS = 20.0
MARKS = "<!-- truth: begin -->", "<!-- truth: end -->"
"""Lines of a page between which the table stands."""


@dataclass
class Row:
    """One problem. Errors are relative, None where they are not known; `words` is what the reference rests on, or what went wrong."""

    name: str
    kind: str = ""
    accuracy: float = 0.0
    family: str = ""
    seconds: float | None = None
    stated: float | None = None
    true: float | None = None
    reference_seconds: float | None = None
    reference_stated: float | None = None
    reference_true: float | None = None
    known: bool = True
    methods: str = ""
    words: str = ""

    @property
    def ratio(self) -> float | None:
        return self.stated / self.true if self.stated is not None and self.true else None

    @property
    def reached(self) -> bool:
        return self.true is not None and self.true <= self.accuracy

    @property
    def honest(self) -> bool:
        """Whether what is stated of the program is no less than a third of the truth."""
        return _honest(self.stated, self.true)

    @property
    def reference_honest(self) -> bool:
        return _honest(self.reference_stated, self.reference_true)


def _honest(stated: float | None, true: float | None) -> bool:
    return stated is not None and true is not None and true <= HONEST * stated


@dataclass(frozen=True)
class Chosen:
    """A program that was run: its values and how far they are from the reference."""

    family: str
    values: Mapping[str, np.ndarray]
    seconds: float
    apart: float


def stripped(problem: Problem) -> Problem:
    """The problem without its exact solution."""
    document = {name: table for name, table in problem.document.items() if name != "exact"}
    return Problem(**document, origin=problem.origin)


def names() -> list[str]:
    """The problems of the table, those of CodePDE last."""
    files = [*sorted(FOLDER.glob("*.toml")), *sorted(FOLDER.glob("codepde/*.toml"))]
    return [file.relative_to(FOLDER).with_suffix("").as_posix() for file in files]


def measured(name: str, seconds: float) -> Row:
    """One row of the table; what goes wrong is in it."""
    row = Row(name)
    try:
        _measure(row, Problem.from_toml(FOLDER / f"{name}.toml"), seconds)
    except Exception as error:  # a faulty family is a row, not the end of the table
        row.words = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return row


def _measure(row: Row, whole: Problem, seconds: float) -> None:
    problem = stripped(whole)
    kind = problem.seen.form and problem.understood.kind
    row.kind = ", ".join([*kind["types"], kind["linearity"]]) if kind else ""
    row.accuracy = problem.system.output.accuracy
    form = Form(problem)
    seeds = SEEDS if read_off(form) else SEEDS[:1]
    draw = drawn(problem, seeds)
    inputs = arguments(form, draw)
    truth = _truth(row.name, whole, form, inputs, seeds)
    row.known = truth is not None
    reference = trusted(form, inputs, row.accuracy, seconds, draw)
    row.words = reference.words
    row.reference_seconds, row.reference_stated = reference.seconds, reference.error
    if truth is not None and reference.error is not None:
        row.reference_true = float(distance(form, truth, reference.values).max())
    row.methods = _each(form, reference, truth)
    chosen = _program(form, inputs, row.accuracy, seconds, reference)
    if chosen is None:
        return
    row.family, row.seconds = chosen.family, chosen.seconds
    if reference.error is not None:
        row.stated = chosen.apart + reference.error
    if truth is not None:
        row.true = float(distance(form, truth, chosen.values).max())


def _each(form: Form, reference: Reference, truth: Mapping[str, np.ndarray] | None) -> str:
    """Every method that the reference refined: its finest run with its true error (else its last change) and its seconds."""
    told = []
    for climb in reference.climbs:
        seconds = max((level.seconds for level in climb.levels), default=0.0)
        if climb.values is None:
            told.append(f"{climb.name} {climb.trouble}")
            continue
        if truth is not None:
            off = f"{distance(form, truth, climb.values).max():.1e}"
        else:
            off = f"{climb.changes[-1].max():.1e} (change)" if climb.changes else "not known"
        told.append(f"{climb.name} {off} in {seconds:.1f} s")
    return "; ".join(told)


def _truth(
    name: str, problem: Problem, form: Form, inputs: Inputs, seeds: Sequence[int]
) -> Mapping[str, np.ndarray] | None:
    """The known solution at the points of the call, shaped as the function's results."""
    places = {one.of: np.asarray(inputs[one.name]) for one in form.inputs if one.role in ("points", "times")}
    samples = []
    for seed in seeds:
        known = solution(name, problem, seed)
        if known is None:
            return None
        samples.append(known(places))
    if form.batched:
        return {one.name: np.stack([sample[one.name] for sample in samples]) for one in form.results}
    return samples[0]


def _program(form: Form, inputs: Inputs, accuracy: float, seconds: float, reference: Reference) -> Chosen | None:
    """The first program that is stated to be as accurate as asked: families in the order in which they suit, each from coarse to fine; else the
    closest to the reference."""
    try:
        suited = methods.suited(form)
    except Unsuited:
        return None
    known, own = reference.error is not None, reference.error or 0.0
    found: list[Chosen] = []
    for _, family, variants in suited:
        left = min(seconds, form.system.output.seconds)
        for variant in sorted(variants, key=lambda one: one.accuracy):
            if left < 1:
                break
            outcome = run(family.text(form, variant.choices), form, inputs, left)
            left -= outcome.seconds
            if outcome.values is None:
                continue
            apart = float(distance(form, reference.values, outcome.values).max()) if known else 0.0
            found.append(Chosen(f"{family.name} ({variant.name})", outcome.values, outcome.seconds, apart))
            if apart + own <= accuracy:
                return found[-1]
    return min(found, key=lambda one: one.apart, default=None)


COLUMNS: Mapping[str, Callable[[Row], str]] = {
    "problem": lambda row: row.name,
    "kind": lambda row: row.kind,
    "program": lambda row: row.family or "none",
    "seconds": lambda row: _figure(row.seconds, ".1f"),
    "stated": lambda row: _figure(row.stated),
    "true": lambda row: _figure(row.true),
    "stated/true": lambda row: _figure(row.ratio, ".2g"),
    "asked": lambda row: _figure(row.accuracy, ".0e"),
    "reference stated": lambda row: _figure(row.reference_stated),
    "true of it": lambda row: _figure(row.reference_true),
    "its seconds": lambda row: _figure(row.reference_seconds, ".1f"),
    "each method": lambda row: row.methods.replace("|", "/"),
    "words": lambda row: row.words.replace("|", "/"),
}


def _figure(value: float | None, form: str = ".1e") -> str:
    return "" if value is None else format(value, form)


def summary(rows: Sequence[Row]) -> list[str]:
    """What the table comes to; shares are of the problems whose solution is known, those without a program or a reference among them."""
    known = [row for row in rows if row.known]
    if not known:
        return []

    def share(of: Callable[[Row], bool]) -> str:
        count = sum(map(of, known))
        return f"{count} of {len(known)} ({count / len(known):.0%})"

    taken = [row.seconds for row in known if row.seconds is not None]
    waited = [row.reference_seconds for row in known if row.reference_seconds is not None]
    return [
        f"true error of the program below what was asked: {share(lambda row: row.reached)}; the goal is 95%",
        f"stated error of the program at least a third of the true one: {share(lambda row: row.honest)}; the goal is 90%",
        f"stated error of the reference at least a third of the true one: {share(lambda row: row.reference_honest)}",
        f"no program: {share(lambda row: row.true is None)}; no reference: {share(lambda row: row.reference_stated is None)}",
        f"median seconds of a program: {_figure(statistics.median(taken) if taken else None, '.1f') or 'none'}, "
        f"of a reference: {_figure(statistics.median(waited) if waited else None, '.1f') or 'none'}",
    ]


def table(rows: Sequence[Row], *, words: bool = True) -> list[str]:
    """The rows as Markdown."""
    columns = [name for name in COLUMNS if words or name != "words"]
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return [*lines, *(f"| {' | '.join(COLUMNS[name](row) for name in columns)} |" for row in rows)]


def marked(page: Path) -> bool:
    """Whether a page has the two marks."""
    _, _, rest = page.read_text(encoding="utf-8").partition(MARKS[0])
    return MARKS[1] in rest


def put(page: Path, rows: Sequence[Row]) -> None:
    """The table and what it comes to, between the marks in a page."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    lines = [begin, *(f"- {line}" for line in summary(rows)), "", *table(rows, words=False), end]
    page.write_text(before + "\n".join(lines) + after, encoding="utf-8")


def stored(file: Path | None) -> dict[str, Row]:
    """Rows by name that an earlier call has left."""
    if file is None or not file.exists():
        return {}
    fields = {one.name for one in dataclasses.fields(Row)}
    rows = json.loads(file.read_text(encoding="utf-8"))
    return {row["name"]: Row(**{name: value for name, value in row.items() if name in fields}) for row in rows}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Textbook problems, what is stated of their solutions and what is true."
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these problems alone")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="processor time of a reference, and of a program's tries"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="all figures, as a list of rows; those in it are not measured again"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="a page that the table is put into")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.only or [] if name not in names()]
    if unknown:
        parser.error(f"there is no problem {unknown[0]}; there are {', '.join(names())}")
    if options.markdown and not (options.markdown.exists() and marked(options.markdown)):
        parser.error(f"{options.markdown} has no place for the table: a line {MARKS[0]} and after it one {MARKS[1]}")
    print(*table([]), sep="\n", flush=True)
    kept = stored(options.json)
    for name in options.only or names():
        if name not in kept:
            kept[name] = measured(name, options.seconds)
        print(table([kept[name]])[-1], flush=True)
        if options.json:
            content = [dataclasses.asdict(row) | {"ratio": row.ratio} for row in kept.values()]
            options.json.write_text(json.dumps(content, indent=1), encoding="utf-8")
    rows = [kept[name] for name in options.only or names()]
    print(*("", *summary(rows)), sep="\n")
    if options.markdown:
        put(options.markdown, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
