"""What SIGKILL at random moments of making references leaves, and how long SIGTERM takes to end it.

    python benchmarks/kills.py --task burgers --scale paper --kills 10

Each line is one kill of `fieldsmith solve`, and what is there when the same command has begun anew: processes of the killed one,
half-written files, whether the lock of the run is free, the parts of the data that are kept. The last line is a SIGTERM.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

GRACE = 0.5
"""Seconds that processes have to end when their owner was killed."""


class Making:
    """`fieldsmith solve` with a home and a run directory of its own."""

    def __init__(self, folder: Path, task: str, scale: str) -> None:
        self.folder, self.data = folder, folder / "home" / "cache" / "data"
        words = ["solve", task, "--scale", scale, "--sandbox", "process", "--candidates", "1", "--quiet"]
        self.command = [sys.executable, "-m", "fieldsmith.cli.main", *words, "--run-dir", str(folder / "run")]
        self.environment = {**os.environ, "FIELDSMITH_HOME": str(folder / "home")}

    def start(self) -> "subprocess.Popen[str]":
        """The command, when it has begun to make data."""
        made = subprocess.Popen(self.command, env=self.environment, stderr=subprocess.PIPE, text=True)
        while len(self.processes()) < 2:
            if made.poll() is not None:
                raise SystemExit(f"The command ended: {made.communicate()[1]}")
            time.sleep(0.05)
        return made

    def processes(self) -> list[int]:
        mark, found = f"FIELDSMITH_HOME={self.folder / 'home'}".encode(), []
        for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
            with contextlib.suppress(OSError):
                if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    found.append(pid)
        return found

    def half_written(self) -> int:
        return sum(1 for _ in self.folder.rglob(".*.tmp"))

    def kept(self) -> int:
        return sum(file.suffix in (".part", ".bin") for file in self.data.iterdir())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="burgers")
    parser.add_argument("--scale", default="demo")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument(
        "--longest", type=float, default=5.0, help="seconds from the beginning of the work to a kill, at most"
    )
    asked = parser.parse_args()
    moments = random.Random(0)
    print(f"{asked.task} at {asked.scale} scale, filelock {version('filelock')}, Python {sys.version.split()[0]}")
    print("kill  after s  processes left  half-written before  after the next command  kept  next command")
    with tempfile.TemporaryDirectory() as folder:
        making = Making(Path(folder), asked.task, asked.scale)
        made = making.start()
        for kill in range(1, asked.kills + 1):
            moment = moments.uniform(0.0, asked.longest)
            time.sleep(moment)
            if made.poll() is not None:
                print("The data was whole too early: choose a larger task.")
                return
            made.kill()
            made.wait()
            time.sleep(GRACE)
            left, before = len(making.processes()), making.half_written()
            made = making.start()  # ends this program if it is refused
            after, kept = making.half_written(), making.kept()
            print(f"{kill:4}  {moment:7.1f}  {left:14}  {before:19}  {after:22}  {kept:4}  works", flush=True)
        begun = time.monotonic()
        made.send_signal(signal.SIGTERM)
        made.wait()
        print(
            f"SIGTERM ended it with {made.returncode} after {time.monotonic() - begun:.2f} s; processes left: {len(making.processes())}"
        )


if __name__ == "__main__":
    main()
