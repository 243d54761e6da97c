"""What the loop costs beside the programs that it runs.

    python benchmarks/loop.py                                   # all parts, 15 minutes on two cores
    python benchmarks/loop.py --parts 20ms --sandbox process    # one part of the table
    python benchmarks/loop.py --parts requests memory

Each program is called four times and uses a given processor time a call, with numpy and scipy; the author answers at once. It goes the whole way of a
candidate: strategy, author, store, sandbox, judge. Beside each row stand three other times of the same run:

- ideal: the processor time of all calls over the number of cores;
- bare: the same work in as many interpreters as there are cores, what they start with not counted: what the machine gives now;
- serial: a fresh interpreter for each program, one after the other, as a loop does that writes a script and runs it.

`own` is what a candidate costs beside its calls, (wall - bare) over the number of candidates; `own, alone` is that times ideal / bare, what it
would be where nothing else wants the cores. A row is the median of its repetitions.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from fieldsmith.agents.author import Candidate, Move, Program, Proposal
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatRequest, Message
from fieldsmith.orchestrator.budget import Budget
from fieldsmith.orchestrator.elapsed import Elapsed
from fieldsmith.orchestrator.loop import Loop
from fieldsmith.orchestrator.programs import ProgramMaker
from fieldsmith.orchestrator.store import Store, StoredModel
from fieldsmith.sandboxes import choose, cores
from fieldsmith.sandboxes.sandbox import Limits, Sandbox
from fieldsmith.strategies import open_strategy
from fieldsmith.tasks.simple import SimpleTask
from fieldsmith.tasks.task import Brief, Signature, data, result

CALLS, IN_FLIGHT = 4, 4
PARTS = {"20ms": (0.02, 40), "1s": (1.0, 16), "10s": (10.0, 3)}
"""Processor seconds of a call, and programs."""
OURS = ("docker", "bubblewrap", "process")
PROGRAM = """
import time
import numpy as np
import scipy.fft

# {number}
def f(x):
    y = np.linspace(0.0, 1.0, 4096)
    end = time.process_time() + {seconds!r} {number:+d}e-12
    while time.process_time() < end:
        y = scipy.fft.irfft(scipy.fft.rfft(y) * 0.999, 4096)
    return 2.0 * x
"""
SCRIPT = """
import sys, time
import numpy as np
{program}
place = sys.argv[1]
for n in range({calls}):
    np.save(place + "/out.npy", f(np.load(place + "/in.npy")))
"""
BARE = """
import sys, time
{program}
sys.stdin.readline()
begun = time.perf_counter()
for n in range({calls}):
    f(np.ones(3))
print(time.perf_counter() - begun)
"""
PLAIN = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}


class Twice(SimpleTask):
    """Double the values."""

    name, title = "twice", "Doubling"
    signature = Signature("f", (data("x", ("n",), "values"),), (result("y", ("n",), "twice the values"),))
    calls = {"dev": CALLS, "test": 1}  # noqa: RUF012

    def inputs(self, rng: np.random.Generator) -> dict[str, np.ndarray | float]:
        return {"x": rng.random(3)}

    def reference(self, inputs: object) -> dict[str, np.ndarray]:
        return {"y": 2.0 * inputs["x"]}  # type: ignore[index]


class Immediate:
    """An author whose programs are there at once, each another one."""

    label, note, trusted = "immediate", "answers at once", True

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def write(self, brief: Brief, move: Move, slot: str, history: Sequence[Candidate]) -> Proposal:
        return Proposal(Program(PROGRAM.format(seconds=self.seconds, number=int(slot) + 1)))


def looped(sandbox: Sandbox, seconds: float, programs: int, heard: Callable[[int], None] = lambda _: None) -> float:
    """Wall seconds of a whole search."""
    task = Twice()
    task.split("dev")
    count = 0

    def on_candidate(candidate: Candidate) -> None:
        nonlocal count
        assert candidate.evaluation is not None
        assert candidate.evaluation.status == "ok", candidate.evaluation
        count += 1
        heard(count)

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "run.sqlite")
        workers = cores.available()
        budget = Budget(programs)
        maker = ProgramMaker(
            task=task,
            brief=task.brief(sandbox.libraries()),
            author=Immediate(seconds),
            sandbox=sandbox,
            limits=Limits(seconds=60.0, memory_mb=1024, cpus=1.0),
            store=store,
            evaluators=workers,
        )
        loop = Loop(
            maker=maker,
            strategy=open_strategy("best-of-n"),
            budget=budget,
            store=store,
            elapsed=Elapsed(store, budget),
            in_flight=IN_FLIGHT,
            on_candidate=on_candidate,
        )
        begun = time.perf_counter()
        loop.run()
        spent = time.perf_counter() - begun
        sandbox.close()
        store.close()
    assert count == programs
    return spent


def serial(seconds: float, programs: int) -> float:
    """Wall seconds of fresh interpreters one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/in.npy", np.ones(3))
        begun = time.perf_counter()
        for n in range(programs):
            script = Path(folder) / "script.py"
            script.write_text(SCRIPT.format(program=PROGRAM.format(seconds=seconds, number=n), calls=CALLS))
            subprocess.run([sys.executable, script, folder], check=True, env=PLAIN)
        return time.perf_counter() - begun


def bare(seconds: float, programs: int) -> float:
    """Wall seconds of the calls alone, on all cores."""
    count = cores.available()
    code = BARE.format(program=PROGRAM.format(seconds=seconds, number=0), calls=round(CALLS * programs / count))
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=PLAIN, text=True
        )
        for _ in range(count)
    ]
    time.sleep(1.0)
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return max(float(process.communicate()[0]) for process in started)


def rows_of_programs(part: str, names: Sequence[str], programs: int, repetitions: int) -> list[list[str]]:
    """A row a sandbox: what the loop takes, against the ideal and against the serial loop."""
    seconds = PARTS[part][0]
    ideal = CALLS * programs * seconds / cores.available()
    ways: dict[str, Callable[[], float]] = {
        "bare": lambda: bare(seconds, programs),
        "serial": lambda: serial(seconds, programs),
    }
    for name in names:
        ways[name] = lambda name=name: looped(choose(name, trusted=True), seconds, programs)
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(repetitions):
        for name, way in ways.items():
            found[name].append(way())
    taken = {name: statistics.median(values) for name, values in found.items()}
    rows = []
    for name in names:
        own = 1e3 * (taken[name] - taken["bare"]) / programs
        figures = [f"{value:.1f} s" for value in (ideal, taken["bare"], taken["serial"], taken[name])]
        ratios = [f"{taken[name] / ideal:.2f}", f"{taken[name] / taken['bare']:.2f}"]
        times = f"{taken['serial'] / taken[name]:.2f}x"
        owns = [f"{own:.0f} ms", f"{own * ideal / taken['bare']:.0f} ms"]
        rows.append([f"{programs} of {CALLS} calls of {part}", name, *figures, *ratios, *owns, times])
    return rows


def rows_of_memory(names: Sequence[str], candidates: int) -> list[list[str]]:
    """Memory of this process, and memory and descriptors of the warm parents, as candidates come and go."""
    rows = []
    marks = {max(1, candidates * share // 4) for share in range(1, 5)} | {min(100, candidates)}
    for name in names:
        found: dict[int, str] = {}

        parents: dict[int, str] = {}
        sandbox = choose(name, trusted=True)

        def heard(
            count: int, sandbox: Sandbox = sandbox, found: dict[int, str] = found, parents: dict[int, str] = parents
        ) -> None:
            if count in marks:
                found[count] = f"{count}: {resident('self'):.0f}"
                parents[count] = f"{count}: {' and '.join(map(taken_by, warm_parents(sandbox)))}"

        begun = time.perf_counter()
        looped(sandbox, 0.0, candidates, heard)
        spent = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = [", ".join(values.values()) for values in (found, parents)]
        rows.append([name, told[0], f"{peak:.0f}", told[1] if name != "docker" else "", f"{candidates / spent:.1f}"])
    return rows


def warm_parents(sandbox: Sandbox) -> list[int]:
    """The processes that workers are forked from; under bubblewrap those that it watches, its only children."""
    started = getattr(sandbox, "_parents", None)
    if started is None:
        return []
    outer = [parent._process.process.pid for parent in list(started._parents.values())]
    if sandbox.name != "bubblewrap":
        return outer
    listed = [Path(f"/proc/{pid}/task/{pid}/children").read_text().split() for pid in outer]
    return [int(children[0]) for children in listed if children]


def taken_by(pid: int) -> str:
    """Memory and descriptors of a warm parent, which only root may look at."""
    try:
        opened = str(len(os.listdir(f"/proc/{pid}/fd")))
    except PermissionError:
        opened = "?"
    return f"{resident(str(pid)):.2f} MB, {opened} descriptors"


def resident(process: str) -> float:
    """MB of a process that are its own."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x" * 4000}}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 1000, "total_tokens": 1011},
}


def provider(port: "threading.Event | object", delay: float) -> None:
    """A provider that answers after a while, in a process of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = json.dumps(ANSWER).encode()
        streamed = {**ANSWER, "object": "chat.completion.chunk"}
        message = ANSWER["choices"][0]["message"]  # type: ignore[index]
        streamed["choices"] = [{"index": 0, "finish_reason": "stop", "delta": message}]
        events = b"data: " + json.dumps(streamed).encode() + b"\n\ndata: [DONE]\n\n"
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-len")
                )
                asked = json.loads(await reader.readexactly(length))
                await asyncio.sleep(delay)
                said, kind = (events, b"text/event-stream") if asked.get("stream") else (body, b"application/json")
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (kind, len(said), said)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
        port.send(server.sockets[0].getsockname()[1])  # type: ignore[attr-defined]
        await server.serve_forever()

    asyncio.run(serve())


def rows_of_requests(count: int, concurrent: int, delays: Sequence[float]) -> list[list[str]]:
    """Requests a second through the model, each reply kept in the store, against what the delay alone would allow."""
    rows = []
    for delay in delays:
        ours, theirs = get_context("spawn").Pipe()
        process = get_context("spawn").Process(target=provider, args=(theirs, delay), daemon=True)
        process.start()
        os.environ.setdefault("OPENAI_API_KEY", "none")
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder) / "run.sqlite")
            model = StoredModel(open_model("openai:m", f"http://127.0.0.1:{ours.recv()}/v1"), store)

            def ask(n: int, model: StoredModel = model) -> None:
                model.complete(ChatRequest((Message("user", "Write it." * 500),), ordinal=str(n)))

            with ThreadPoolExecutor(concurrent) as pool:
                list(pool.map(ask, range(-concurrent, 0)))  # connections are made
                begun, used = time.perf_counter(), time.process_time()
                list(pool.map(ask, range(count)))
                spent, used = time.perf_counter() - begun, time.process_time() - used
            store.close()
        process.terminate()
        process.join()
        most = f"{concurrent / delay:.0f}" if delay else ""
        rows.append([f"{1e3 * delay:.0f} ms", f"{count / spent:.0f}", most, f"{1e3 * used / count:.1f} ms"])
    return rows


def table(heads: list[str], rows: list[list[str]]) -> None:
    print("| " + " | ".join(heads) + " |")
    print("| " + " | ".join("---" for _ in heads) + " |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="What the loop costs.")
    parts = [*PARTS, "requests", "memory"]
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    parser.add_argument("--sandbox", nargs="+", choices=OURS, default=OURS)
    parser.add_argument("--programs", type=int, help="in place of those of each part")
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--candidates", type=int, default=2000, help="of the part memory")
    asked = parser.parse_args()
    rows: list[list[str]] = []
    for part in [part for part in asked.parts if part in PARTS]:
        rows += rows_of_programs(part, asked.sandbox, asked.programs or PARTS[part][1], asked.repetitions)
    if rows:
        heads = ["programs", "sandbox", "ideal", "bare", "serial", "loop", "/ ideal", "/ bare"]
        heads += ["own", "own, alone", "against serial"]
        table(heads, rows)
    if "requests" in asked.parts:
        table(["a reply takes", "requests a second", "at most", "processor"], rows_of_requests(2000, 100, (0.0, 0.5)))
    if "memory" in asked.parts:
        found = rows_of_memory(asked.sandbox, asked.candidates)
        heads = ["sandbox", "MB after so many candidates", "peak, MB", "warm parents after so many"]
        table([*heads, "candidates a second"], found)


if __name__ == "__main__":
    main()
