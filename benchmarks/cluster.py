"""Two nodes of a Ray cluster on this machine against the local engine, and a node that is killed while programs run.

    python benchmarks/cluster.py                 # 200 programs each way
    python benchmarks/cluster.py --programs 50

The same programs, each different and none known before, through `fieldsmith solve`: local, on the cluster, and on the cluster with one of
the two nodes killed (SIGKILL, all its processes) when a quarter is done. Columns: programs that were asked for and that came, those
that did not run, wall seconds from the first program that came to the last, and their ratio to the local engine's. Both nodes have one core; so has
the local engine two programs at a time on two cores.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import ray_nodes  # pyright: ignore[reportMissingImports]  # of the tests

AUTHOR = '''
import random, sys
sys.stdin.read()
print(f"""```python
import time
import numpy as np
def solver(u0_batch, t_coordinate, beta):
    end = time.process_time() + {seconds}
    while time.process_time() < end:
        pass
    return np.repeat(u0_batch[:, None, :], len(t_coordinate), axis=1) + {random.random()}
```""")
'''


def run(folder: Path, programs: int, seconds: float, *options: str, at: Callable[[], None] | None = None) -> list[str]:
    """One row of the table."""
    author = folder / "author.py"
    author.write_text(AUTHOR.replace("{seconds}", str(seconds)), encoding="utf-8")
    words = [sys.executable, "-m", "fieldsmith.cli.main", "solve", "advection", "--sandbox", "bubblewrap", "--json"]
    words += ["--model", f"command:{sys.executable} {author}", "--strategy", "best-of-n", "--debug-rounds", "0"]
    words += ["--candidates", str(programs), "--in-flight", "2", "--run-dir", str(folder / "run"), *options]
    solving = subprocess.Popen(words, env={**os.environ, **ray_nodes.QUIET}, stdout=subprocess.PIPE, text=True)
    assert solving.stdout is not None
    times: list[float] = []
    slots: list[str] = []
    failed = 0
    for line in solving.stdout:
        event = json.loads(line)
        if event["event"] != "candidate":
            continue
        times.append(time.monotonic())
        slots.append(event["slot"])
        failed += event["status"] != "ok"
        if at is not None and len(slots) == programs // 4:
            at()
    assert solving.wait() == 0
    return [str(programs), f"{len(slots)} ({len(set(slots))} different)", str(failed), f"{times[-1] - times[0]:.1f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument(
        "--seconds", type=float, default=0.1, help="of the processor, that each of a program's calls takes"
    )
    asked = parser.parse_args()
    print(
        "| engine | programs | came | did not run | seconds | of local |\n| --- | --- | --- | --- | --- | --- |",
        flush=True,
    )
    local = math.nan
    with tempfile.TemporaryDirectory() as name, ray_nodes.cluster(nodes=2) as (address, nodes):
        ways = {
            "local": ((), None),
            "ray, two nodes": (("--engine", "ray", "--address", address), None),
            "ray, one node killed": (("--engine", "ray", "--address", address), nodes[0].kill),
        }
        for way, (options, at) in ways.items():
            folder = Path(name, way.replace(" ", "-"))
            folder.mkdir()
            row = run(folder, asked.programs, asked.seconds, *options, at=at)
            local = float(row[-1]) if math.isnan(local) else local
            print(f"| {way} | {' | '.join(row)} | {float(row[-1]) / local:.2f} |", flush=True)


if __name__ == "__main__":
    main()
