"""What a sandbox costs: for each call, for a new candidate, for each byte, and for a program that computes.

    python benchmarks/sandbox.py            # some 6 minutes
    python benchmarks/sandbox.py --quick    # fewer repetitions, no 500 MB
    python benchmarks/sandbox.py --starts 8 # only what starts and calls take of this machine's processor beside the container

All figures of a table are medians of one run, the ways taken in turn, so that a busy moment hits them alike. The two ways
of other systems are measured beside ours: a `docker run` for each call, as loops that write a script and start a container do, and a
`docker exec` in a container that stays. Both import numpy and scipy, read an array from a file and leave one.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from fieldsmith.sandboxes import choose, docker, images
from fieldsmith.sandboxes.channel import Kind
from fieldsmith.sandboxes.docker import DockerSandbox
from fieldsmith.sandboxes.sandbox import Limits, Sandbox, Session
from fieldsmith.sandboxes.setting import PRELOADED

LIMITS = Limits(seconds=120.0, memory_mb=4096, cpus=1.0, scratch_mb=1100)
ADD = "def f(a):\n    return a + 1\n"
COMPUTE = """
import numpy as np

def f(a):
    x = np.linspace(0, 1, 4096)
    for _ in range(int(a[0])):
        x = np.fft.irfft(np.fft.rfft(x) * 0.999, 4096)
    return a
"""
SCRIPT = """
import sys
import numpy as np
import scipy.fft
import scipy.sparse.linalg

place = sys.argv[1]
np.save(place + "/out.npy", np.load(place + "/in.npy") + 1)
"""
HARDENED = f"""
    --network none --read-only --cap-drop ALL --user 65534:65534 --pull never --security-opt no-new-privileges --ipc private
    --hostname sandbox --shm-size {LIMITS.scratch_mb}m --ulimit core=1 --memory {LIMITS.memory_mb}m
    --memory-swap {LIMITS.memory_mb}m --pids-limit {LIMITS.processes} --cpus {LIMITS.cpus} --workdir /tmp
    --tmpfs /tmp:rw,nosuid,nodev,size={LIMITS.scratch_mb}m,nr_inodes={docker.INODES},mode=1777 --tmpfs /dev/pts:ro,size=4k
""".split()
"""What `docker.hardening` says, in the words of the command."""
OURS = ("docker", "bubblewrap", "process")


class Other:
    """Containers in the manner of other systems: as hardened as ours, arrays in files."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sandbox-benchmark-"))
        self.folder.chmod(0o777)
        self.script = self.folder / "script.py"
        self.script.write_text(SCRIPT)
        self.options = [*HARDENED, "--volume", f"{self.folder}:/work"]
        self.image = images.require("base")
        self.words = ["python3", "/work/script.py", "/work"]
        np.save(self.folder / "in.npy", np.arange(1000.0))
        stay = ["docker", "run", "--detach", *self.options, "--entrypoint", "sleep", self.image, "3600"]
        self.container = subprocess.run(stay, capture_output=True, text=True, check=True).stdout.strip()

    def run(self) -> None:
        command = ["docker", "run", "--rm", *self.options, "--entrypoint", self.words[0], self.image, *self.words[1:]]
        subprocess.run(command, check=True, capture_output=True)

    def exec(self) -> None:
        subprocess.run(["docker", "exec", self.container, *self.words], check=True, capture_output=True)

    def close(self) -> None:
        subprocess.run(["docker", "rm", "--force", self.container], check=True, capture_output=True)
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()


def called(session: Session, array: np.ndarray, program: str = ADD) -> float:
    """Seconds of one call, as the caller sees them."""
    begun = time.perf_counter()
    result = session.call(program, "f", {"a": array}, {"y": array.shape})
    spent = time.perf_counter() - begun
    assert result.status == "ok", result.failure
    return spent


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def medians(ways: dict[str, Callable[[], float]], repetitions: int) -> dict[str, float]:
    """The median of each way, all ways taken in turn; one turn before that does not count."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(repetitions + 1):
        for name, way in ways.items():
            seconds = way()
            if turn:
                found[name].append(seconds)
    return {name: statistics.median(values) for name, values in found.items()}


def rows_of_calls(sandboxes: dict[str, Sandbox], other: Other, repetitions: int) -> list[list[str]]:
    small = np.arange(1000.0)
    small.flags.writeable = False
    with ExitStack() as stack:
        sessions = {name: stack.enter_context(sandbox.open(LIMITS)) for name, sandbox in sandboxes.items()}
        ways: dict[str, Callable[[], float]] = {
            "`docker run` for each call": lambda: timed(other.run),
            "`docker exec` in a running container": lambda: timed(other.exec),
        }
        for name, session in sessions.items():
            ways[f"Fieldsmith, {name}"] = lambda session=session: statistics.median(
                called(session, small) for _ in range(20)
            )
        found = medians(ways, repetitions)
    run, exec_ = list(found.values())[:2]
    return [
        [name, f"{1e3 * seconds:.1f} ms", f"{run / seconds:.1f}x", f"{exec_ / seconds:.1f}x"]
        for name, seconds in found.items()
    ]


def rows_of_candidates(sandbox: DockerSandbox, other: Other, repetitions: int) -> list[list[str]]:
    small = np.arange(1000.0)

    def candidate(calls: int) -> float:
        begun = time.perf_counter()
        with sandbox.open(LIMITS) as session:
            for _ in range(calls):
                called(session, small)
        return time.perf_counter() - begun

    def warm(calls: int) -> float:
        sandbox.expect(LIMITS, 1)
        while not sandbox.ready():
            time.sleep(0.01)
        return candidate(calls)

    ways: dict[str, Callable[[], float]] = {
        "first result of a new candidate, pool warm": lambda: warm(1),
        "first result of a new candidate, pool cold": lambda: candidate(1),
        "candidate with 5 calls, pool warm": lambda: warm(5),
        "candidate with 5 calls, pool cold": lambda: candidate(5),
        "5 times `docker run`": lambda: timed(lambda: [other.run() for _ in range(5)]),
    }
    found = medians(ways, repetitions)
    five = found["5 times `docker run`"]
    return [
        [name, f"{1e3 * seconds:.0f} ms", f"{five / seconds:.1f}x" if "5" in name else ""]
        for name, seconds in found.items()
    ]


def rows_of_starts(sandbox: Sandbox, starts: int, calls: int = 200) -> list[list[str]]:
    """Starts without a pool, their end included, and calls: the median by the wall, and the processor time of this process and those it started."""
    small, taken = np.arange(1000.0), []
    begun = _processor()
    for _ in range(starts):
        start = time.perf_counter()
        with sandbox.open(LIMITS) as session:
            called(session, small)
            taken.append(time.perf_counter() - start)
    started = (_processor() - begun) / starts
    with sandbox.open(LIMITS) as session:
        called(session, small)
        begun = _processor()
        lasted = [called(session, small) for _ in range(calls)]
        each = (_processor() - begun) / calls
    return [
        ["a start and its end", f"{1e3 * statistics.median(taken):.0f} ms", f"{1e3 * started:.1f} ms"],
        ["a call", f"{1e3 * statistics.median(lasted):.1f} ms", f"{1e3 * each:.2f} ms"],
    ]


def _processor() -> float:
    """Seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def rows_of_workers(sandboxes: dict[str, Sandbox], seconds: float) -> list[list[str]]:
    small = np.arange(1000.0)
    small.flags.writeable = False

    def calls(sandbox: Sandbox) -> int:
        count, end = 0, time.perf_counter() + seconds
        with sandbox.open(LIMITS) as session:
            called(session, small)
            while time.perf_counter() < end:
                called(session, small)
                count += 1
        return count

    rows = []
    for name, sandbox in sandboxes.items():
        rates = []
        for workers in (1, 2):
            with ThreadPoolExecutor(workers) as pool:
                rates.append(sum(pool.map(calls, [sandbox] * workers)) / seconds)
        rows.append([name, *(f"{rate:.0f}" for rate in rates), f"{rates[1] / rates[0]:.2f}x"])
    return rows


def rows_of_bytes(sizes: list[int], repetitions: int) -> list[list[str]]:
    """An array in and its successor out, by each way across a container's border."""
    ways: dict[str, Kind] = {"memory files": "socket", "pipes": "stream"}
    found: dict[str, list[float]] = {name: [] for name in [*ways, "files on scratch"]}
    for size in sizes:
        array = np.random.default_rng(0).random(size // 8)
        array.flags.writeable = False
        with ExitStack() as stack:
            turns: dict[str, Callable[[], float]] = {}
            for name, kind in ways.items():
                sandbox = DockerSandbox()
                sandbox.transport_kind = kind
                stack.callback(sandbox.close)
                session = stack.enter_context(sandbox.open(LIMITS))
                turns[name] = lambda session=session, array=array: called(session, array)
            turns["files on scratch"] = stack.enter_context(Files()).bound(array)
            for name, seconds in medians(turns, repetitions).items():
                found[name].append(seconds)
    words = []
    for name, values in found.items():
        words.append(
            [name, *(f"{1e3 * seconds:,.1f}" for seconds in values), f"{2 * sizes[-1] / values[-1] / 1e9:.2f} GB/s"]
        )
    return words


class Files:
    """A container that stays, with a folder of limited size (tmpfs) that the host shares; each call is a fork as with ours."""

    def __enter__(self) -> "Files":
        self.folder = Path(tempfile.mkdtemp(prefix="sandbox-benchmark-"))
        with ExitStack() as undo:
            undo.callback(self.folder.rmdir)
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1200m,mode=777", "tmpfs", self.folder], check=True)
            undo.callback(subprocess.run, ["umount", self.folder], check=True)
            sandbox = undo.enter_context(DockerSandbox())
            whole = docker.hardening
            docker.hardening = lambda *words: {**whole(*words), "volumes": [f"{self.folder}:/files"]}
            try:
                self.session = undo.enter_context(sandbox.open(LIMITS))
                called(self.session, np.ones(1))
            finally:
                docker.hardening = whole
            self.undo = undo.pop_all()
        return self

    def bound(self, array: np.ndarray) -> Callable[[], float]:
        program = (
            "import numpy as np\ndef f(a):\n    np.save('/files/out.npy', np.load('/files/in.npy') + 1)\n    return a\n"
        )
        one = np.ones(1)

        def turn() -> float:
            begun = time.perf_counter()
            np.save(self.folder / "in.npy", array)
            called(self.session, one, program)
            np.load(self.folder / "out.npy")
            return time.perf_counter() - begun

        return turn

    def __exit__(self, *_: object) -> None:
        self.undo.close()


def rows_of_work(sandboxes: dict[str, Sandbox], repetitions: int) -> list[list[str]]:
    """How fast a program computes that needs some 1.5 s, against the same program in a plain interpreter."""
    steps = np.array([1.0])
    plain = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}
    # With all that a worker imports: the allocator is not the same after it.
    code = COMPUTE + (
        f"\nimport {', '.join(PRELOADED)}\nimport sys, time\nn = float(sys.argv[1])\nt = time.perf_counter()\nf(np.array([n]))\nprint(time.perf_counter() - t)\n"
    )

    def alone(count: float) -> float:
        ran = subprocess.run(
            [sys.executable, "-c", code, str(count)], env=plain, capture_output=True, text=True, check=True
        )
        return float(ran.stdout)

    steps[0] = round(1.5 / (alone(20_000) / 20_000))
    with ExitStack() as stack:
        ways: dict[str, Callable[[], float]] = {"plain interpreter": lambda: alone(steps[0])}
        for name, sandbox in sandboxes.items():
            session = stack.enter_context(sandbox.open(LIMITS))
            ways[f"Fieldsmith, {name}"] = lambda session=session: called(session, steps, COMPUTE)
        found = medians(ways, repetitions)
    first = found["plain interpreter"]
    return [[name, f"{seconds:.2f} s", f"{first / seconds:.0%}"] for name, seconds in found.items()]


def table(heads: list[str], rows: list[list[str]]) -> None:
    print("| " + " | ".join(heads) + " |")
    print("| " + " | ".join("---" for _ in heads) + " |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="What a sandbox costs.")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, no 500 MB")
    parser.add_argument("--starts", type=int, default=0, metavar="N", help="only N starts of a container, and calls")
    asked = parser.parse_args()
    if asked.starts:
        with ExitStack() as stack:
            sandbox = choose("docker", trusted=True)
            stack.callback(sandbox.close)
            table(["docker", "median", "processor time of the host's side"], rows_of_starts(sandbox, asked.starts))
        return
    quick = asked.quick
    if os.geteuid() != 0:
        parser.error("run as root: the row of files needs a tmpfs of limited size, which others cannot mount")
    repetitions = 3 if quick else 10
    sandboxes = {name: choose(name, trusted=True) for name in OURS}
    contained = sandboxes["docker"]
    assert isinstance(contained, DockerSandbox)
    other = Other()
    try:
        calls = rows_of_calls(sandboxes, other, repetitions)
        table(["a call", "median", "against `docker run`", "against `docker exec`"], calls)
        candidates = rows_of_candidates(contained, other, repetitions)
        table(["a candidate", "median", "against 5 times `docker run`"], candidates)
    finally:
        other.close()
    table(["calls a second", "1 worker", "2 workers", "2 against 1"], rows_of_workers(sandboxes, 2.0 if quick else 5.0))
    sizes = [8_000, 10**6, 10**8, *([] if quick else [5 * 10**8])]
    names = [f"{size / 1e6:,.3g} MB" for size in sizes]
    table(["in and out, ms", *names, "both ways"], rows_of_bytes(sizes, 3 if quick else 5))
    table(["a program of 1.5 s", "median", "speed"], rows_of_work(sandboxes, 3 if quick else 15))
    for sandbox in sandboxes.values():
        sandbox.close()


if __name__ == "__main__":
    main()
