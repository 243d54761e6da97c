"""How often a language model's programs run and are right, with one style of prompt and with another.

    python benchmarks/authors.py --model gguf:coder.gguf --name qwen2.5-coder-1.5b

writes, for every task and style, `--programs` independent drafts, each mended up to `--debug-rounds` times. What came of
each is a line in `benchmarks/results/authors-NAME.jsonl`; the same command goes on where it was ended, on another machine too,
until there are enough. The runs themselves, with every prompt and reply, lie below `--out`. `--table` prints what is there.
A line names its wording, a digest of all that a style says for the task and of the model's settings: programs
of other wordings are counted apart, those of each style's newest wording are in the table, those of all with `--all-wordings`.

Columns: share of programs that run at once; that run in the end; whose dev nRMSE is below 0.1 (Wilson's 95 % intervals), and how
many different errors these have to six digits: programs that do the same have one between them;
the best dev error and the quartiles of those that ran; tokens a program, read and written, and the model's seconds for it (mean,
95 % by bootstrap); and how many times more of the first style's programs run in the end than of the second's: the ratio of
Mantel and Haenszel over the tasks, each of which is compared with itself, with the interval of Greenland and Robins (Biometrics 41, 1985).
"""

import argparse
import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

import fieldsmith
from fieldsmith.agents.author import Candidate, Debug, Draft
from fieldsmith.agents.prompts import Prompts
from fieldsmith.agents.prompts.rehearsal import moves
from fieldsmith.cli.options import parse_settings
from fieldsmith.errors import FieldsmithError
from fieldsmith.orchestrator.folder import SERVING
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.record import load_run
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.orchestrator.solve import Solve
from fieldsmith.reports.html import write_report
from fieldsmith.strategies.chains import grow, root_of
from fieldsmith.strategies.strategy import Ask

TASKS = ("advection", "burgers", "reacdiff1d")
STYLES = ("guided", "plain")
RIGHT = 0.1
RESULTS = Path(__file__).parent / "results"

Row = Mapping[str, Any]
"""One program with its mends: task, style, wording, seed, slot, model, statuses and dev errors in order, tokens, seconds."""


class Chains:
    """A fixed number of drafts, each with its own mends."""

    name = "best-of-n"

    def __init__(self, drafts: int, debug_rounds: int) -> None:
        self.drafts, self.debug_rounds = drafts, debug_rounds

    def ask(self, history: Sequence[Candidate], limit: int, left: int) -> Sequence[Ask]:
        begun = {root_of(candidate.slot) for candidate in history}
        fresh = (Ask(Draft(), str(n)) for n in count(1) if str(n) not in begun)
        drafts = [next(fresh) for _ in range(self.drafts - len(begun))]
        return grow(history, self.debug_rounds, drafts, left)[:limit]


def forge(task: str, style: str, asked: argparse.Namespace) -> bool:
    """One run, the next of its kind; what is finished is added to the results as it comes. False where there are enough."""
    wording = wording_of(opened(task, style, 0, 1, asked), style)
    kind = {"task": task, "style": style, "wording": wording}
    stem = asked.out / f"{task}-{style}-{wording}"
    collect(stem, kind, asked)
    seed, programs = next_turn(stem, Counter(row["seed"] for row in rows_of(kind, asked.name)), asked)
    if not programs:
        return False
    run = opened(task, style, seed, programs, asked)
    run.strategy = Chains(programs, asked.debug_rounds)
    run.write_report = write_report
    run.folder = stem.with_name(f"{stem.name}-{seed}")
    key = {**kind, "seed": seed}

    def listen(kind: str, fields: Mapping[str, Any]) -> None:
        if kind != "candidate":
            return
        figure = f"{fields['dev']['nrmse']:.2e}" if fields["dev"] else ""
        print(f"{task:<11} {style:<8} {fields['slot']:>5}  {fields['status']:<17} {figure}", file=sys.stderr)
        keep(load_run(run.folder), key, asked)

    run.listener = listen
    run.run()
    missing = programs - len(rows_of(key, asked.name))
    if missing:
        sys.exit(
            f"authors.py: {run.folder} ended with {missing} programs unfinished; see `fieldsmith runs show {run.folder}`."
        )
    return True


def collect(stem: Path, kind: Row, asked: argparse.Namespace) -> None:
    """Add the finished programs of earlier runs that are not among the results: their file was lost or is another."""
    for folder in sorted(stem.parent.glob(f"{stem.name}-*")):
        seed = folder.name.removeprefix(f"{stem.name}-")
        if seed.isdigit() and (folder / "run.sqlite").exists():
            keep(load_run(folder), {**kind, "seed": int(seed)}, asked)


def rows_of(key: Row, name: str) -> list[Row]:
    return [row for row in read(name) if all(row[field] == value for field, value in key.items())]


def next_turn(stem: Path, have: Counter[int], asked: argparse.Namespace) -> tuple[int, int]:
    """Seed and number of programs of the run that was broken off, or else of a new one."""
    missing = asked.programs - have.total()
    if missing <= 0:
        return 0, 0
    for seed in count():
        folder = stem.with_name(f"{stem.name}-{seed}")
        if (folder / "run.sqlite").exists():
            programs = load_run(folder).asked.question.candidates // (1 + asked.debug_rounds)
            if have[seed] < programs:
                return seed, programs
        elif not have[seed]:
            return seed, min(asked.at_a_time, missing)
    raise AssertionError("unreachable")


def opened(task: str, style: str, seed: int, programs: int, asked: argparse.Namespace) -> Solve:
    question = Question(
        task,
        model=asked.model,
        base_url=asked.base_url,
        temperature=asked.temperature,
        model_options=parse_settings(asked.model_option, "--model-option", "max_tokens=8000"),
        strategy="best-of-n",
        debug_rounds=asked.debug_rounds,
        candidates=programs * (1 + asked.debug_rounds),
        prompt_style=style,
        seed=seed,
    )
    return open_solve(question)


def settings_of(run: Solve) -> dict[str, object]:
    """The settings that say what a model answers, a temperature as the number that it is in earlier rows."""
    settings = {n: v for n, v in (run.asked.question.model_options or {}).items() if n not in SERVING}
    return {name: float(str(value)) if name == "temperature" else value for name, value in settings.items()}


def wording_of(run: Solve, style: str) -> str:
    """A digest of what the templates say for the task to a draft and its mends, and of the model's settings.

    It does not know the words on a program's own failure, nor how replies are read: `code` of a row stands for these.
    """
    prompts, brief = Prompts(style), run.task.brief(run.sandbox.libraries())
    told = [move for move in moves(brief) if isinstance(move, Debug) or not move.candidates]
    said = [prompts.system(brief), *(prompts.move(brief, move) for move in told)]
    said += [prompts.continuation(brief, "    u = u0"), prompts.shorter(brief)]
    return hashlib.sha256(json.dumps([said, settings_of(run)], sort_keys=True).encode()).hexdigest()[:8]


def code() -> str:
    """A digest of the program text that reads replies and speaks of failures."""
    package = Path(fieldsmith.__file__).parent
    spoken = [*(package / "evaluation").glob("*.py"), *(package / "evaluation").glob("templates/*.jinja")]
    files = sorted([*(package / "agents" / "reply").glob("*.py"), *spoken])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def keep(run: RunRecord, key: Row, asked: argparse.Namespace) -> None:
    """Add the programs that came to their end since the last time."""
    written = {row["slot"] for row in rows_of(key, asked.name)}
    chains: dict[str, list[Candidate]] = {}
    for candidate in run.candidates:
        chains.setdefault(root_of(candidate.slot), []).append(candidate)
    for slot, chain in chains.items():
        over = all(c.evaluation for c in chain) and (chain[-1].ok or len(chain) > asked.debug_rounds)
        if not over or slot in written:
            continue
        usages = [c.proposal.usage for c in chain if c.proposal]
        row = {
            **key,
            "slot": slot,
            "model": run.asked.author,
            "code": code(),
            "statuses": [c.evaluation.status for c in chain if c.evaluation],
            "errors": [c.dev_nrmse if c.ok else None for c in chain],
            "read": sum(usage.input_tokens for usage in usages),
            "written": sum(usage.output_tokens for usage in usages),
            "seconds": round(sum(usage.seconds for usage in usages), 1),
        }
        with results(asked.name).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")


def results(name: str) -> Path:
    RESULTS.mkdir(exist_ok=True)
    return RESULTS / f"authors-{name}.jsonl"


def read(name: str) -> list[Row]:
    file = results(name)
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def share(hits: int, of: int) -> str:
    if not of:
        return "-"
    interval = stats.binomtest(hits, of).proportion_ci(method="wilson")
    return f"{hits}/{of} ({interval.low:.0%}-{interval.high:.0%})"


def mean(values: Sequence[float]) -> str:
    if len(values) < 2:
        return "-"
    drawn = stats.bootstrap((values,), np.mean, method="percentile", rng=0)
    low, high = drawn.confidence_interval
    return f"{np.mean(values):,.0f} ({low:,.0f}-{high:,.0f})"


def ran(row: Row) -> bool:
    return "ok" in row["statuses"]


def line(task: str, style: str, rows: Sequence[Row]) -> str:
    errors = sorted(min(e for e in row["errors"] if e is not None) for row in rows if ran(row))
    quartiles = " / ".join(f"{q:.1e}" for q in np.quantile(errors, (0.25, 0.5, 0.75))) if errors else "-"
    cells = (
        task,
        style,
        share(sum(row["statuses"][0] == "ok" for row in rows), len(rows)),
        share(len(errors), len(rows)),
        share(sum(error < RIGHT for error in errors), len(rows)),
        str(len({f"{error:.6g}" for error in errors if error < RIGHT}) or "-"),
        f"{errors[0]:.2e}" if errors else "-",
        quartiles,
        mean([row["read"] for row in rows]),
        mean([row["written"] for row in rows]),
        mean([row["seconds"] for row in rows]),
    )
    return f"| {' | '.join(cells)} |"


def ratio(one: Sequence[Row], other: Sequence[Row]) -> str:
    """How many times the share of the second that runs in the end is that of the first, task by task (Mantel and Haenszel)."""
    mine = theirs = spread = 0.0
    for task in sorted({row["task"] for row in one} & {row["task"] for row in other}):
        first, second = ([ran(row) for row in rows if row["task"] == task] for rows in (one, other))
        n, m, both = len(first), len(second), len(first) + len(second)
        mine += sum(first) * m / both
        theirs += sum(second) * n / both
        spread += ((sum(first) + sum(second)) * n * m - sum(first) * sum(second) * both) / both**2
    if not mine or not theirs:
        return "-"
    middle, width = math.log(mine / theirs), 1.96 * math.sqrt(spread / (mine * theirs))
    return f"{math.exp(middle):.2f} ({math.exp(middle - width):.2f}-{math.exp(middle + width):.2f})"


def table(asked: argparse.Namespace) -> None:
    heads = "task | prompt | run at once | run in the end | nRMSE < 0.1 | different | best | quartiles | read | written | seconds"
    print(f"| {heads} |")
    print(f"|{' --- |' * (heads.count('|') + 1)}")
    if asked.all_wordings:
        for (style, task, wording), found in by_wording(asked).items():
            print(line(task, f"{style} {wording}", found))
        return
    groups = newest(asked)
    for task in asked.tasks:
        for label, found in groups.items():
            print(line(task, label, [row for row in found if row["task"] == task]))
    for label, found in groups.items():
        print(line("all", label, found))
    if len(groups) == 2:
        one, other = groups
        print(f"\nPrograms that run in the end, {one} over {other}: {ratio(groups[one], groups[other])}")


def by_wording(asked: argparse.Namespace) -> dict[tuple[str, str, str], list[Row]]:
    """The rows by style, task and wording, in the order in which they were begun."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in read(asked.name):
        if row["style"] in asked.styles and row["task"] in asked.tasks:
            groups.setdefault((row["style"], row["task"], row["wording"]), []).append(row)
    return groups


def newest(asked: argparse.Namespace) -> dict[str, list[Row]]:
    """The rows of each task's newest wording by style."""
    last = {(style, task): rows for (style, task, _), rows in by_wording(asked).items()}
    groups = {style: [row for (own, _), rows in last.items() if own == style for row in rows] for style in asked.styles}
    return {style: rows for style, rows in groups.items() if rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="as for `fieldsmith solve`; needed unless --table")
    parser.add_argument("--name", required=True, help="of the model in the file of results")
    parser.add_argument("--base-url")
    parser.add_argument("--model-option", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument(
        "--temperature", type=lambda text: None if text == "none" else float(text), default=0.5, help="none sends none"
    )
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--styles", nargs="+", default=STYLES)
    parser.add_argument("--programs", type=int, default=24)
    parser.add_argument(
        "--at-a-time", type=int, default=4, help="programs of one task and style before the next's turn"
    )
    parser.add_argument("--debug-rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="of the runs; runs/authors/NAME by default")
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    parser.add_argument("--all-wordings", action="store_true", help="earlier wordings of the prompts too")
    asked = parser.parse_args()
    asked.out = asked.out or Path("runs/authors") / asked.name
    if not asked.table:
        if asked.model is None:
            parser.error("name a model with --model")
        measure(asked)
    table(asked)


def measure(asked: argparse.Namespace) -> None:
    """In turns, so that an early end leaves as many programs of each kind; a turn is a run with a seed of its own."""
    kinds = [(task, style) for task in asked.tasks for style in asked.styles]
    while any([forge(task, style, asked) for task, style in kinds]):
        pass


if __name__ == "__main__":
    try:
        main()
    except FieldsmithError as error:
        sys.exit(f"authors.py: {error}")
