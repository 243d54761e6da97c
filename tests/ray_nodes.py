"""A Ray cluster of several nodes on this machine, over loopback."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

RAY = str(Path(sys.executable).parent / "ray")
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}


class Node:
    """A node as `ray start --block` keeps it, with all its processes."""

    def __init__(self, *options: str, env: dict[str, str] | None = None) -> None:
        command = [RAY, "start", "--block", "--disable-usage-stats", "--object-store-memory=100000000", *options]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **QUIET, **(env or {})},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def family(self) -> list[int]:
        found, left = [], [self.process.pid]
        while left:
            pid = left.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                for listed in Path(f"/proc/{pid}/task").glob("*/children"):
                    left += map(int, listed.read_text().split())
        return found

    def kill(self) -> None:
        """SIGKILL for all of it at once, as when the power goes."""
        for pid in self.family():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def cluster(nodes: int = 2, cpus: int = 1) -> Iterator[tuple[str, list[Node]]]:
    """Its address, and its nodes besides the head, which runs nothing."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as folder:
        head = ["--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false", f"--temp-dir={folder}"]
        started = [Node(*head, "--node-ip-address=127.0.0.1")]
        address = f"127.0.0.1:{port}"
        try:
            listening(port)
            for number in range(
                nodes
            ):  # one after the other: nodes of one machine that start at once take each other's ports
                started.append(Node(f"--address={address}", f"--num-cpus={cpus}"))
                until(lambda there=number + 2: alive(address) == there)
            yield address, started[1:]
        finally:
            for node in reversed(started):
                node.kill()


def listening(port: int) -> None:
    def tried() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return True
        return False

    until(tried)


def alive(address: str) -> int:
    """How many nodes live."""
    asked = "import ray,sys; ray.init(sys.argv[1], log_to_driver=False); print(sum(n['Alive'] for n in ray.nodes()))"
    told = subprocess.run(
        [sys.executable, "-c", asked, address], env={**os.environ, **QUIET}, capture_output=True, text=True, check=False
    )
    return int(told.stdout or 0)


def until(holds, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the nodes do not come up"
        time.sleep(0.3)
