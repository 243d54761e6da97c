"""A language model that writes programs freely, against the same model in the PDE workbench, at equal tokens written.

    python benchmarks/agents.py --model gguf:coder.gguf --name qwen2.5-coder-1.5b --calls text
    python benchmarks/agents.py --model anthropic:NAME --name NAME --tokens 20000 --reply 8000 --episodes 20

plays, for every task and way, `--episodes` episodes of `--tokens` tokens that the model writes (the last reply may go beyond). What came of
each is a line in `benchmarks/results/agents-NAME.jsonl`, added when it ends; the same command goes on where it was ended, in the middle of an episode
too. Transcripts lie below `--out`: for people in `episodes/0001.json` (`report.html` of `solve`), whole in `run.sqlite`. `--table` prints what is there.

Ways: `structured`, in which typed actions compose the program from blocks; `free`, in which the same workbench takes programs that the model writes; `mixed`, in
which it offers both; and `solve`, the model alone: drafts, each with the judges' feedback in at most `--debug-rounds` mends.

Columns: share of calls that were valid (for `solve`: of replies that held a program); share of episodes whose result has an nRMSE under 0.05 on test
samples that the model never sees (Wilson's 95 % interval); best and median of these errors; how many steps (programs run) an episode took, what it wrote
and read in tokens, and the model's seconds (mean, 95 % by bootstrap).
"""

import argparse
import contextlib
import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from fieldsmith import environments
from fieldsmith.agents.acting.llm_agent import LLMAgent, Manner
from fieldsmith.agents.author import Candidate, Draft, Usage
from fieldsmith.cli.options import parse_settings
from fieldsmith.environments.host import Host
from fieldsmith.errors import FieldsmithError
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatModel
from fieldsmith.orchestrator.episodes.ledger import Ledger
from fieldsmith.orchestrator.episodes.maker import write_trajectory
from fieldsmith.orchestrator.episodes.play import Play, valid_share
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.store import Store, StoredModel
from fieldsmith.reports.html import write_report
from fieldsmith.strategies.chains import grow, root_of
from fieldsmith.strategies.strategy import Ask

TASKS = ("burgers", "reacdiff1d", "advection")
WAYS = ("structured", "solve", "free", "mixed")
RIGHT = 0.05
MOST_PROGRAMS = 64
"""Of `solve`; the tokens end it before."""
RESULTS = Path(__file__).parent / "results"

Row = Mapping[str, Any]
"""One episode: task, way, number, model, tokens allowed; nrmse on the test samples (None for nothing that runs), best on dev, score, valid
calls, calls, statuses by count, actions in order, steps, tokens written and read, seconds of the model, seconds in all, why it ended."""


def played(task: str, way: str, number: int, folder: Path, asked: argparse.Namespace) -> Row:
    """One episode in the workbench, or taken up where it was left."""
    model = opened(asked)
    folder.mkdir(parents=True, exist_ok=True)
    store, ledger = Store(folder / "run.sqlite"), Ledger(folder / "run.sqlite")

    def refusal() -> str:
        return "the tokens are used up" if written(store) >= asked.tokens else ""

    try:
        with Host(asked.sandbox, folder / "artifacts") as host:
            env = environments.load("pde-workbench", host)
            agent = LLMAgent(StoredModel(model, store), number, Manner(window=asked.window))
            mode = "" if way == "mixed" else f"?mode={way}"
            name = env.named_task(f"{task}{mode}")
            kept = Play(
                env, agent, ledger, 1, "1", name, number, asked.steps, refusal=refusal, listener=heard(task, way)
            ).run()
            best = [v.figures["nrmse"] for v in env.state_of(kept.episode.last.state).versions if v.runs]
    finally:
        close(model)
        ledger.close()
        store.close()
    write_trajectory(folder, kept, Candidate(1, "1", "episode"))
    last, usage = kept.episode.last, Usage.sum(exchange.turn.usage for exchange in kept.dialogue)
    calls = [record for record in kept.episode.records[1:] if record.status != "budget_exceeded"]
    return {
        "nrmse": last.judged.get("test_nrmse"),
        "dev": min((e for e in best if e is not None), default=None),
        "score": last.score,
        "valid": valid_share(calls),
        "calls": len(calls),
        "statuses": counted([record.status for record in calls]),
        "actions": [record.action for record in calls],
        "steps": kept.episode.used,
        "written": usage.output_tokens,
        "read": usage.input_tokens,
        "seconds": round(usage.seconds, 1),
        "end": last.action or last.text,
    }


class Chains:
    """Drafts, each with its mends, until so many tokens are written."""

    name = "best-of-n"

    def __init__(self, tokens: int, debug_rounds: int) -> None:
        self.tokens, self.debug_rounds = tokens, debug_rounds

    def ask(self, history: Sequence[Candidate], limit: int, left: int) -> Sequence[Ask]:
        if sum(c.proposal.usage.output_tokens for c in history if c.proposal) >= self.tokens:
            return ()
        chains = len({root_of(candidate.slot) for candidate in history})
        mends = grow(history, self.debug_rounds, [], left)
        return mends[:1] or [Ask(Draft(), str(chains + 1))]


def solved(task: str, folder: Path, asked: argparse.Namespace) -> Row:
    """The model alone: one run of `solve`, or taken up where it was left."""
    model = opened(asked)
    question = Question(
        task,
        model=model,
        run_dir=folder,
        sandbox=asked.sandbox,
        strategy="best-of-n",
        debug_rounds=asked.debug_rounds,
        candidates=MOST_PROGRAMS,
        in_flight=1,
    )
    run = open_solve(question)
    run.strategy = Chains(asked.tokens, asked.debug_rounds)
    run.write_report = write_report
    try:
        record = run.run()
    finally:
        close(model)
    made = [c for c in record.candidates if c.proposal and c.evaluation]
    usages = [c.proposal.usage for c in made if c.proposal]
    errors = [c.dev_nrmse for c in made if c.ok]
    final = record.best.candidate.evaluation if record.best else None
    return {
        "nrmse": final.test.nrmse if final and final.test else None,
        "dev": min((e for e in errors if e is not None), default=None),
        "score": None,
        "valid": sum(c.proposal.program is not None for c in made if c.proposal) / len(made) if made else None,
        "calls": len(made),
        "statuses": counted([c.evaluation.status for c in made if c.evaluation]),
        "actions": [c.move for c in made],
        "steps": len(made),
        "written": sum(usage.output_tokens for usage in usages),
        "read": sum(usage.input_tokens for usage in usages),
        "seconds": round(sum(usage.seconds for usage in usages), 1),
        "end": record.message,
    }


def opened(asked: argparse.Namespace) -> ChatModel:
    """The model; `--calls text` has it write its calls as JSON."""
    settings = {
        "temperature": asked.temperature,
        "max_tokens": asked.reply or None,
        **parse_settings(asked.model_option, "--model-option", "context=16384"),
    }
    model = open_model(
        asked.model, asked.base_url, None, {name: value for name, value in settings.items() if value is not None}
    )
    if asked.calls == "text":
        model.calls_tools = False
    return model


def close(model: ChatModel) -> None:
    getattr(model, "close", lambda: None)()


def written(store: Store) -> int:
    return sum(reply.output_tokens for _, reply, _ in store.replies())


def counted(words: Sequence[str]) -> dict[str, int]:
    return {word: words.count(word) for word in dict.fromkeys(words)}


def heard(task: str, way: str):
    """Tells of each step on standard error."""

    def listen(kind: str, fields: Mapping[str, Any]) -> None:
        if kind == "step":
            told = f"{fields['action'] or '-':<18} {fields['status']:<17} score {fields['score']:.3g}"
            print(f"{time.strftime('%H:%M:%S')} {task:<11} {way:<10} {told}", file=sys.stderr, flush=True)

    return listen


def turns(asked: argparse.Namespace) -> Iterator[tuple[str, str, int]]:
    """Episodes that are missing, so that an early end leaves as many of each kind; ways in the order that was asked for."""
    done = {(row["task"], row["way"], row["number"]) for row in rows(asked)}
    for number in range(1, asked.episodes + 1):
        for way in asked.ways:
            yield from ((task, way, number) for task in asked.tasks if (task, way, number) not in done)


def measure(asked: argparse.Namespace) -> None:
    for task, way, number in turns(asked):
        folder, begun = asked.out / f"{task}-{way}-{number}", time.monotonic()
        found = solved(task, folder, asked) if way == "solve" else played(task, way, number, folder, asked)
        row = {
            "task": task,
            "way": way,
            "number": number,
            "model": re.sub(r":.*/", ":", asked.model),
            "tokens": asked.tokens,
            **found,
        }
        row |= {"wall": round(time.monotonic() - begun, 1), "date": time.strftime("%Y-%m-%d")}
        with results(asked.name).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")
        print(f"{task:<11} {way:<10} {number}  nRMSE {error(row['nrmse'])}", file=sys.stderr, flush=True)


def results(name: str) -> Path:
    RESULTS.mkdir(exist_ok=True)
    return RESULTS / f"agents-{name}.jsonl"


def rows(asked: argparse.Namespace) -> list[Row]:
    """Those of as many tokens as are asked for."""
    file = results(asked.name)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [row for row in map(json.loads, lines) if row["tokens"] == asked.tokens]


def error(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}"


def share(hits: float, of: int) -> str:
    if not of:
        return "-"
    interval = stats.binomtest(round(hits), of).proportion_ci(method="wilson")
    return f"{round(hits)}/{of} ({interval.low:.0%}-{interval.high:.0%})"


def mean(values: Sequence[float]) -> str:
    if len(values) < 2 or len(set(values)) == 1:
        return f"{np.mean(values):,.0f}" if values else "-"
    drawn = stats.bootstrap((values,), np.mean, method="percentile", rng=0)
    low, high = drawn.confidence_interval
    return f"{np.mean(values):,.0f} ({low:,.0f}-{high:,.0f})"


def line(task: str, way: str, found: Sequence[Row]) -> str:
    calls = sum(row["calls"] for row in found)
    errors = sorted(np.inf if row["nrmse"] is None else row["nrmse"] for row in found)
    middle = float(np.median(errors))
    cells = (
        task,
        way,
        share(sum(row["valid"] * row["calls"] for row in found if row["valid"] is not None), calls),
        share(sum(one < RIGHT for one in errors), len(found)),
        error(errors[0]) if np.isfinite(errors[0]) else "-",
        error(middle) if np.isfinite(middle) else "-",
        *(mean([row[name] for row in found]) for name in ("steps", "written", "read", "seconds")),
    )
    return f"| {' | '.join(cells)} |"


def table(asked: argparse.Namespace) -> None:
    heads = "task | way | valid calls | nRMSE < 0.05 | best | median | steps | written | read | seconds"
    print(f"| {heads} |\n|{' --- |' * (heads.count('|') + 1)}")
    known = rows(asked)
    for task in (*asked.tasks, "all"):
        for way in asked.ways:
            found = [row for row in known if row["way"] == way and task in (row["task"], "all")]
            if found:
                print(line(task, way, found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="as for `fieldsmith env run`; needed unless --table")
    parser.add_argument("--name", required=True, help="of the model in the file of results")
    parser.add_argument("--base-url")
    parser.add_argument("--model-option", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--calls", choices=("tools", "text"), default="tools", help="how the model calls actions")
    parser.add_argument("--temperature", type=float, help="the model's own if left out")
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS)
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--tokens", type=int, default=1600, help="that the model may write in an episode")
    parser.add_argument(
        "--reply", type=int, default=800, help="tokens of one reply at most; 0 for a model that knows no such setting"
    )
    parser.add_argument("--steps", type=int, default=8, help="of an episode in the workbench")
    parser.add_argument("--window", type=int, default=4, help="turns that the model sees in full")
    parser.add_argument("--debug-rounds", type=int, default=3, help="mends of a draft of `solve`")
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--out", type=Path, help="of the transcripts; runs/agents/NAME by default")
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    asked = parser.parse_args()
    asked.out = asked.out or Path("runs/agents") / asked.name
    if not asked.table:
        if asked.model is None:
            parser.error("name a model with --model")
        with contextlib.suppress(KeyboardInterrupt):
            measure(asked)
    table(asked)


if __name__ == "__main__":
    try:
        main()
    except FieldsmithError as error_told:
        sys.exit(f"agents.py: {error_told}")
