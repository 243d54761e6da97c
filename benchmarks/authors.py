"""How often a language model's programs run and are right, with one style of prompt and with another.

    python benchmarks/authors.py --model gguf:coder.gguf --model-option threads=2 --out runs/authors

For every task and style a run of its own with `--programs` independent drafts, each mended up to `--debug-rounds` times.
The runs lie below `--out`; the same command takes up where it was interrupted, and `--table` only prints what is there.

Columns: share of programs that run at once; that run in the end; whose dev nRMSE is below 0.1 (Wilson's 95 % intervals);
the best dev error and the quartiles of those that ran; tokens a program, read and written (mean, 95 % by bootstrap);
and how many times more of the first style's programs run in the end than of the second's (95 % interval).
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.stats.contingency import relative_risk

from fieldsmith.agents.author import Candidate, Draft
from fieldsmith.agents.strategies.chains import grow, root_of
from fieldsmith.agents.strategies.strategy import Ask
from fieldsmith.cli.options import parse_settings
from fieldsmith.errors import FieldsmithError
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.record import load_run
from fieldsmith.reports.html import write_report

TASKS = ("advection", "burgers", "reacdiff1d")
STYLES = ("guided", "plain")
RIGHT = 0.1


class Chains:
    """A fixed number of drafts, each with its own mends."""

    name = "best-of-n"

    def __init__(self, drafts: int, debug_rounds: int) -> None:
        self.drafts, self.debug_rounds = drafts, debug_rounds

    def ask(self, history: Sequence[Candidate], limit: int, left: int) -> Sequence[Ask]:
        begun = {root_of(candidate.slot) for candidate in history}
        fresh = (Ask(Draft(), str(n)) for n in count(1) if n <= self.drafts and str(n) not in begun)
        drafts = [next(fresh) for _ in range(self.drafts - len(begun))]
        return grow(history, self.debug_rounds, drafts, left)[:limit]


def forge(task: str, style: str, asked: argparse.Namespace) -> None:
    """One run; its progress is a line a candidate on standard error."""
    run = open_solve(
        task,
        model=asked.model,
        base_url=asked.base_url,
        settings={"temperature": asked.temperature, **parse_settings(asked.model_option)},
        strategy="best-of-n",
        debug_rounds=asked.debug_rounds,
        candidates=asked.programs * (1 + asked.debug_rounds),
        prompt_style=style,
        folder=asked.out / f"{task}-{style}",
    )
    run.strategy = Chains(asked.programs, asked.debug_rounds)
    run.write_report = write_report

    def listen(kind: str, fields) -> None:
        if kind == "candidate":
            figure = f"{fields['dev']['nrmse']:.2e}" if fields["dev"] else ""
            print(f"{task:<11} {style:<8} {fields['slot']:>5}  {fields['status']:<17} {figure}", file=sys.stderr)

    run.listener = listen
    run.run()


def chains_of(folder: Path) -> list[list[Candidate]]:
    """The candidates of every chain that has come to its end, in order."""
    run = load_run(folder)
    found: dict[str, list[Candidate]] = {}
    for candidate in run.candidates:
        found.setdefault(root_of(candidate.slot), []).append(candidate)
    rounds = int(str(run.asked.options["debug_rounds"]))
    return [
        chain for chain in found.values() if all(c.evaluation for c in chain) and (chain[-1].ok or len(chain) > rounds)
    ]


def share(hits: int, of: int) -> str:
    if not of:
        return "-"
    interval = stats.binomtest(hits, of).proportion_ci(method="wilson")
    return f"{hits}/{of} ({interval.low:.0%}-{interval.high:.0%})"


def mean(values: Sequence[float]) -> str:
    if len(values) < 2:
        return "-"
    drawn = stats.bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(0))
    low, high = drawn.confidence_interval
    return f"{np.mean(values):,.0f} ({low:,.0f}-{high:,.0f})"


def row(task: str, style: str, chains: list[list[Candidate]]) -> str:
    errors = [min(c.dev_nrmse for c in chain) for chain in chains]
    ran = sorted(error for error in errors if np.isfinite(error))
    quartiles = " / ".join(f"{q:.1e}" for q in np.quantile(ran, (0.25, 0.5, 0.75))) if ran else "-"
    usages = [[c.proposal.usage for c in chain if c.proposal] for chain in chains]
    cells = (
        task,
        style,
        share(sum(chain[0].ok for chain in chains), len(chains)),
        share(len(ran), len(chains)),
        share(sum(error < RIGHT for error in ran), len(chains)),
        f"{ran[0]:.2e}" if ran else "-",
        quartiles,
        mean([sum(u.input_tokens for u in usage) for usage in usages]),
        mean([sum(u.output_tokens for u in usage) for usage in usages]),
    )
    return f"| {' | '.join(cells)} |"


def ratio(one: list[list[Candidate]], other: list[list[Candidate]]) -> str:
    """How many times the share that runs in the end of the second is that of the first."""
    first, second = (sum(any(c.ok for c in chain) for chain in chains) for chains in (one, other))
    if not second:
        return f"{first}/{len(one)} against 0/{len(other)}"
    found = relative_risk(first, len(one), second, len(other))
    interval = found.confidence_interval()
    return f"{found.relative_risk:.2f} ({interval.low:.2f}-{interval.high:.2f})"


def table(asked: argparse.Namespace) -> None:
    heads = (
        "task | prompt | run at once | run in the end | nRMSE < 0.1 | best | quartiles | tokens read | tokens written"
    )
    print(f"| {heads} |")
    print(f"|{' --- |' * (heads.count('|') + 1)}")
    everything: dict[str, list[list[Candidate]]] = {style: [] for style in asked.styles}
    for task in asked.tasks:
        for style in asked.styles:
            folder = asked.out / f"{task}-{style}"
            chains = chains_of(folder) if (folder / "run.toml").exists() else []
            everything[style] += chains
            print(row(task, style, chains))
    for style, chains in everything.items():
        print(row("all", style, chains))
    if len(asked.styles) == 2 and all(everything.values()):
        one, other = asked.styles
        print(f"\nPrograms that run in the end, {one} over {other}: {ratio(everything[one], everything[other])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="as for `fieldsmith solve`; needed unless --table")
    parser.add_argument("--base-url")
    parser.add_argument("--model-option", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--temperature", type=float, default=0.5)
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--styles", nargs="+", default=STYLES)
    parser.add_argument("--programs", type=int, default=24)
    parser.add_argument("--debug-rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs/authors"))
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    asked = parser.parse_args()
    if not asked.table:
        if asked.model is None:
            parser.error("name a model with --model")
        for task in asked.tasks:
            for style in asked.styles:
                forge(task, style, asked)
    table(asked)


if __name__ == "__main__":
    try:
        main()
    except FieldsmithError as error:
        sys.exit(f"authors.py: {error}")
