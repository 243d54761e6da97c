"""What SIGKILL at random moments of making references leaves, and how long SIGTERM takes to end it.

    python benchmarks/kills.py --task burgers --scale paper --kills 10

Each line is one kill of `fieldsmith solve`: the processes that it has left; half-written files, and whether `runs list` works and what it
leaves; the half-written files and the parts of the data that are there when the same command has begun anew, which ends this program
if it is refused. Then SIGTERM and SIGHUP, what they keep, and all that is left besides whole data.
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
        self.program = [sys.executable, "-m", "fieldsmith.cli.main"]
        self.command = [*self.program, *words, "--run-dir", str(folder / "run")]
        (folder / "tmp").mkdir()
        self.environment = {**os.environ, "FIELDSMITH_HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}

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

    def listed(self) -> str:
        """What `runs list` comes to, which only reads."""
        listed = subprocess.run([*self.program, "runs", "list"], env=self.environment, capture_output=True, text=True)
        return "works" if listed.returncode == 0 else listed.stderr.strip()

    def others(self) -> list[str]:
        """All that is left of temporary files, locks that were never let go and journals of databases, by name."""
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        besides = [
            file
            for file in files
            if file.suffix in (".tmp", ".lock") or file.name.endswith(("-wal", "-shm", "-journal"))
        ]
        return sorted(str(file.relative_to(self.folder)) for file in [*besides, *(self.folder / "tmp").iterdir()])


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
    print("kill  after s  processes left  half-written  runs list  half-written in the same command  kept")
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
            listed = making.listed()
            made = making.start()  # ends this program if it is refused
            after, kept = making.half_written(), making.kept()
            print(f"{kill:4}  {moment:7.1f}  {left:14}  {before:12}  {listed:9}  {after:32}  {kept:4}", flush=True)
        for number in (signal.SIGTERM, signal.SIGHUP):
            time.sleep(moments.uniform(0.0, asked.longest))
            before, begun = making.kept(), time.monotonic()
            made.send_signal(number)
            made.wait()
            took = time.monotonic() - begun
            print(
                f"{number.name} ended it with {made.returncode} after {took:.2f} s; processes left: {len(making.processes())}; "
                f"parts before and after: {before}, {making.kept()}; left besides: {making.others()}",
                flush=True,
            )
            made = making.start()
        made.send_signal(signal.SIGINT)
        made.wait()


if __name__ == "__main__":
    main()
