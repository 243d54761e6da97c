"""Environments under fire: calls by chance and calls that are wrong, the time a step costs beside its tool, and a hundred episodes at once.

    python benchmarks/environments.py

takes, for each environment that ships (the PDE workbench in its three modes, what `env new` writes, the tutorial's of docs/environments.md), `--calls` calls: valid ones by
chance, most of them then changed (arguments of wrong types, missing, extra, huge, NaN, nested, strange letters; no JSON; names that are none). Each is kept on
disk as a run keeps it. Nothing may raise; a call that does not fit its schema must have the status that says so, cost no step and change nothing. In the workbench
a program takes seconds: `--programs` calls of each mode run one, all others are refused before or only look.

A row for each environment is added to `benchmarks/results/environments.jsonl`. Columns: calls; of these refused, failed and successful; those that may run a program; exceptions;
wrong statuses; milliseconds of a step beside the tool itself, that is without the environment's own `act`, `measure` and `judge`: check, thread, state,
panel, words, and the step on disk (median and 95th percentile of `--timed` steps, by the wall and of processor time, which other work on the machine does not lengthen); and
`--at-once` episodes in one process on one host, each playing the gold sequence with a seed of its own: how many came to their end, and the seconds of all together.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.environments import Call, Host, load
from fieldsmith.environments.action import Action, Submit, name_of
from fieldsmith.environments.calls import understood
from fieldsmith.environments.checks.arguments import NAMES, ODD, TEXTS
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.observation import NOT_THE_AGENTS, StepFault
from fieldsmith.environments.sampling import random_call
from fieldsmith.environments.scaffolding import write
from fieldsmith.orchestrator.episodes.ledger import NO_TURN, Ledger
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.episodes.run import open_run

PAGE = Path(__file__).parents[1] / "docs" / "environments.md"
FILES = re.compile(r"^`(?P<file>[\w/.]+)`:\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
RESULTS = Path(__file__).parent / "results" / "environments.jsonl"
WORKBENCH = "pde-workbench"
MODES = {
    "workbench": "burgers",
    "workbench, free": "burgers?mode=free",
    "workbench, structured": "burgers?mode=structured",
}
EPISODE = 100
"""Calls of an episode; a new one begins after so many."""
MUTATED = 0.8
"""Share of the calls that are changed into something that mostly is wrong."""
SOLVER = "import numpy as np\n\n\ndef solver(u0_batch, t_coordinate, nu):\n    return np.repeat(u0_batch[:, None], len(t_coordinate), axis=1)  # {}\n"


def shipped(folder: Path) -> Iterator[tuple[str, str, str]]:
    """What it is called here, what loads it, and a task."""
    for name, task in MODES.items():
        yield name, WORKBENCH, task
    write("new_tool", folder / "new_tool")
    yield "env new", str(folder / "new_tool"), ""
    write("gzip_pack", folder / "gzip_pack")
    for part in FILES.finditer(PAGE.read_text(encoding="utf-8")):
        file = folder / part["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(part["text"], encoding="utf-8")
    yield "tutorial", str(folder / "gzip_pack"), ""


def mutated(call: Call, rng: np.random.Generator) -> Call:
    """A call with one to three things wrong, or at least strange, in it."""
    arguments: Any = dict(call.arguments) if isinstance(call.arguments, Mapping) else {}
    name = call.action
    for _ in range(int(rng.integers(1, 4))):
        kind = int(rng.integers(6))
        if kind == 0:
            name = str(rng.choice([*NAMES, name.upper(), name + "s", name[:-1]]))
        elif kind == 1:
            return Call(
                name, str(TEXTS[int(rng.integers(len(TEXTS)))]) if rng.random() < 0.7 else json.dumps(arguments)[:-1]
            )
        elif kind == 2 and arguments:
            arguments.pop(str(rng.choice(list(arguments))))
        elif kind == 3:
            arguments["argument_" + str(rng.integers(9))] = odd(rng)
        elif arguments:
            arguments[str(rng.choice(list(arguments)))] = odd(rng)
    return Call(name, arguments)


def odd(rng: np.random.Generator) -> Any:
    value = ODD[int(rng.integers(len(ODD)))]
    return {"inner": [value, {"inner": value}]} if rng.random() < 0.2 else value


class Fire:
    """Calls on one environment, with what came of them. `programs` is how many may run one where that is slow."""

    def __init__(self, env: AnyEnvironment, task: str, ledger: Ledger, programs: int) -> None:
        self.env, self.task, self.ledger, self.left = env, task, ledger, programs
        self.statuses, self.faults, self.misjudged, self.ran = Counter[str](), list[str](), list[str](), 0
        self.episodes = 0

    def run(self, calls: int, rng: np.random.Generator) -> None:
        while self.statuses.total() + len(self.faults) < calls:
            if self.episodes == 0 or self.env.episode.over or len(self.env.episode.records) > EPISODE:
                self._begin()
            self._one(self._next(rng))

    def _begin(self) -> None:
        if self.episodes and self.ledger.episode(self.episodes) is None:
            self.faults.append("an episode cannot be read back")
        self.episodes += 1
        self.env.reset(self.episodes, self.task, 10 * EPISODE)
        self.ledger.begin(self.episodes, self.env.episode)

    def _next(self, rng: np.random.Generator) -> Call:
        """A call; one that would run a program only while there are some left."""
        while True:
            call = random_call(self.env, rng)
            if call.action == "write_solver" and rng.random() < 0.5:
                call = Call(call.action, {"source": SOLVER.format(rng.integers(10**6))})
            if rng.random() < MUTATED:
                call = mutated(call, rng)
            if rng.random() < 0.001:
                call = Call(name_of(Submit))
            if not self._slow(call):
                return call
            if self.left > 0:
                self.left -= 1
                self.ran += 1
                return call

    def _slow(self, call: Call) -> bool:
        """Whether it is understood, and may run a program in a sandbox."""
        kind = self._understood(call)
        if not isinstance(kind, Action):
            return False
        return type(kind).needs.place == "sandbox" or (type(kind) is Submit and self.env.judging.place == "sandbox")

    def _understood(self, call: Call) -> Action | str:
        try:
            return understood(call, self.env.all_actions)
        except StepFault as fault:
            return fault.status

    def _one(self, call: Call) -> None:
        wanted, before = self._understood(call), self.env.episode
        try:
            step = self.env.step(call)
            self.ledger.keep_step(self.episodes, len(self.env.episode.records) - 1, NO_TURN, self.env.episode.last)
        except Exception as error:  # what this is here to find
            self.faults.append(f"{type(error).__name__}: {error}; {call.action[:40]} {str(call.arguments)[:200]}")
            self._begin()
            return
        self.statuses[step.status] += 1
        changed = self.env.episode.last.state != before.last.state
        if (
            (isinstance(wanted, str) and (step.status != wanted or step.counted))
            or (step.status != "success" and changed)
            or step.status in NOT_THE_AGENTS
        ):
            self.misjudged.append(f"{step.status}, not {wanted}: {call.action[:40]} {str(call.arguments)[:200]}")


def beside(
    env: AnyEnvironment, task: str, ledger: Ledger, timed: int, calls: Callable[[AnyEnvironment, int], Call]
) -> dict[str, list[float]]:
    """Milliseconds of a step without the environment's own code, by the clock on the wall and of processor time: median and 95th percentile."""
    inside = np.zeros(2)

    def clocks() -> np.ndarray:
        return 1e3 * np.array([time.perf_counter(), time.process_time()])

    def watched(own: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            begun = clocks()
            try:
                return own(*arguments)
            finally:
                inside[:] += clocks() - begun

        return run

    for name in ("act", "measure", "judge"):
        setattr(env, name, watched(getattr(env, name)))
    env.reset(0, task, 10 * timed)
    ledger.begin(10**6, env.episode)
    taken = []
    for number in range(timed):
        call, inside[:], begun = calls(env, number), 0.0, clocks()
        env.step(call)
        ledger.keep_step(10**6, number, NO_TURN, env.episode.last)
        taken.append(clocks() - begun - inside)
    found = np.percentile(taken, [50, 95], axis=0).round(3)
    return {"wall_ms": found[:, 0].tolist(), "cpu_ms": found[:, 1].tolist()}


def usual_calls(name: str) -> Callable[[AnyEnvironment, int], Call]:
    """Calls whose steps are timed: by chance, or in the workbench programs that are known, in turn."""
    if not name.startswith("workbench"):
        return lambda env, number: random_call(env, np.random.default_rng([8, number]))
    if "free" in name:
        return lambda _, number: Call("write_solver", {"source": SOLVER.format(number % 4)})
    return lambda _, number: Call(
        "choose_method", {"family": "spectral", "refinement": "one_pass", "steps": 1 + number % 4}
    )


def together(place: str, task: str, count: int, folder: Path, sandbox: str) -> tuple[float, int]:
    """Seconds that so many episodes of the gold sequence take at once, and how many came to their end and were judged."""
    env = load(place)
    named = env.named_task(task)
    script = folder / "gold.jsonl"
    calls = env.gold_calls(named.partition("?")[0])
    lines = (json.dumps({"action": call.action, "arguments": call.arguments}) for call in calls)
    script.write_text("\n".join(lines), encoding="utf-8")
    agent = f"script:{script}"
    run = folder / "run"
    question = EpisodeQuestion(place, named, run, sandbox, agent=agent, episodes=count, in_flight=count)
    begun = time.monotonic()
    open_run(question).run()
    seconds = time.monotonic() - begun
    ends = [json.loads(file.read_text(encoding="utf-8"))["end"] for file in (run / "episodes").glob("*.json")]
    return seconds, sum(end["action"] == name_of(Submit) and end["status"] == "success" for end in ends)


def measured(name: str, place: str, task: str, folder: Path, asked: argparse.Namespace) -> Mapping[str, Any]:
    folder.mkdir(parents=True)
    ledger = Ledger(folder / "fire.sqlite")
    with Host(asked.sandbox, folder / "artifacts") as host:
        fire, begun = (
            Fire(load(place, host), task, ledger, asked.programs if place == WORKBENCH else sys.maxsize),
            time.monotonic(),
        )
        fire.run(asked.calls, np.random.default_rng(asked.seed))
        seconds = time.monotonic() - begun
        times = beside(load(place, host), task, ledger, asked.timed, usual_calls(name))
    ledger.close()
    for fault in [*dict.fromkeys(fire.faults), *dict.fromkeys(fire.misjudged)][:20]:
        print(f"{name}: {fault}", file=sys.stderr)
    row: dict[str, Any] = {
        "environment": name, "calls": asked.calls, "statuses": dict(fire.statuses), "may_run": fire.ran,
        "exceptions": len(fire.faults), "misjudged": len(fire.misjudged), "seconds": round(seconds, 1),
        "timed": asked.timed, **times,
    }  # fmt: skip
    if "free" not in name:  # its gold sequence composes
        (folder / "gold").mkdir()
        took, came = together(place, task, asked.at_once, folder / "gold", asked.sandbox)
        row |= {"at_once": asked.at_once, "at_once_seconds": round(took, 1), "ended": came}
    return {**row, "machine": machine(), "date": time.strftime("%Y-%m-%d")}


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.0f}"


def line(row: Mapping[str, Any]) -> str:
    told = Counter(row["statuses"])
    refused = told["parse_error"] + told["validation_error"]
    failed = told.total() - refused - told["success"]
    at_once = f"{row['ended']}/{row['at_once']} in {row['at_once_seconds']:g} s" if "at_once" in row else "-"
    cells = (
        row["environment"], f"{row['calls']:,}", f"{refused:,}", f"{failed:,}", f"{told['success']:,}", f"{row['may_run']:,}",
        row["exceptions"], row["misjudged"], *(f"{one:.2f}" for one in (*row["wall_ms"], *row["cpu_ms"])), at_once,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument(
        "--programs", type=int, default=40, help="calls of each mode of the workbench that may run a program"
    )
    parser.add_argument("--timed", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--only", nargs="+", help="names of environments, as in the table")
    asked = parser.parse_args()
    heads = "environment | calls | refused | failed | successful | may run a program | exceptions | wrong statuses | ms, median | ms, 95 % | CPU ms, median | CPU ms, 95 % | at once"
    print(f"| {heads} |\n|{' --- |' * (heads.count('|') + 1)}")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for number, (name, place, task) in enumerate(shipped(folder)):
            if asked.only and name not in asked.only:
                continue
            row = measured(name, place, task, folder / str(number), asked)
            RESULTS.parent.mkdir(exist_ok=True)
            with RESULTS.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
            print(line(row), flush=True)


if __name__ == "__main__":
    main()
