"""Whether anything is left when many candidates have come and gone: containers, processes, descriptors, memory, scratch.

    python benchmarks/leaks.py                       # 500 candidates by 2 workers in docker, some minutes
    python benchmarks/leaks.py --sandbox bubblewrap

Each candidate has a session of its own and three calls: one that is right, one that fails, one that leaves files and processes.
"""

import argparse
import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from fieldsmith.sandboxes import choose, engine
from fieldsmith.sandboxes.sandbox import Limits, Sandbox

LIMITS = Limits(seconds=20.0, memory_mb=512, cpus=1.0, scratch_mb=32)
PROGRAMS = {
    "ok": "def f(a):\n    return 2 * a\n",
    "crashed": "def f(a):\n    return a[10**9]\n",
    "left": "import os, time\ndef f(a):\n    open('/tmp/x', 'w').write('x' * 10**6)\n    if os.fork() == 0:\n        os.setsid()\n"
    "        time.sleep(100)\n    return 2 * a\n",
}


def counts() -> dict[str, float]:
    """What there is of each kind now: workers and mounts of the whole machine, all else of this process."""
    filters = {"label": f"{engine.LABEL}={os.getpid()}"}
    listing = [] if engine.daemon() else engine.client().api.containers(all=True, filters=filters)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    mounts = Path("/proc/self/mounts").read_text().count("\n")
    return {
        "containers": len(listing),
        "workers and programs": sum(map(is_worker, filter(str.isdigit, os.listdir("/proc")))),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": int(status["Threads"]),
        "memory, MB": int(status["VmRSS"].split()[0]) / 1024,
        "mounts": mounts,
        "folders in /tmp": len(list(Path("/tmp").glob(f"fieldsmith-{os.getpid()}-*"))),
    }


def is_worker(pid: str) -> bool:
    """Whether a process of this machine, in whatever container, is a worker or was forked from one."""
    with contextlib.suppress(OSError):
        return b"worker.main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def candidate(sandbox: Sandbox, array: np.ndarray) -> None:
    with sandbox.open(LIMITS) as session:
        for status, program in PROGRAMS.items():
            result = session.call(program, "f", {"a": array}, {"y": array.shape})
            assert result.status == {"left": "ok"}.get(status, status), result.failure


def main() -> None:
    parser = argparse.ArgumentParser(description="Whether sandboxes leave anything behind.")
    parser.add_argument("--sandbox", default="docker")
    parser.add_argument("--candidates", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    array = np.random.default_rng(0).random(100_000)
    array.flags.writeable = False
    sandbox = choose(asked.sandbox)
    for _ in range(4):  # what is made once and kept
        candidate(sandbox, array)
    sandbox.close()
    time.sleep(3.0)
    before, begun = counts(), time.perf_counter()
    sandbox.expect(LIMITS, asked.candidates)
    with ThreadPoolExecutor(asked.workers) as pool:
        list(pool.map(lambda _: candidate(sandbox, array), range(asked.candidates)))
    spent = time.perf_counter() - begun
    sandbox.close()
    time.sleep(5.0)
    after = counts()
    print(f"{asked.candidates} candidates by {asked.workers} workers in {spent:.0f} s, {asked.sandbox}\n")
    print("| | before | after |\n| --- | --- | --- |")
    for name, value in before.items():
        print(f"| {name} | {value:.0f} | {after[name]:.0f} |")


if __name__ == "__main__":
    main()
