"""A plain process: no isolation, for trusted authors and for those who ask for it."""

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fieldsmith.sandboxes.bundle import worker_source
from fieldsmith.sandboxes.local import launch
from fieldsmith.sandboxes.owner import own_folder
from fieldsmith.sandboxes.pool import PooledSandbox
from fieldsmith.sandboxes.sandbox import NUMERICAL_LIBRARIES, Limits
from fieldsmith.sandboxes.session import Worker, ready
from fieldsmith.sandboxes.setting import environment, setting


def host_libraries() -> tuple[str, ...]:
    """This interpreter's Python and numerical libraries, with versions."""
    found = [f"Python {platform.python_version()}"]
    for name in NUMERICAL_LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return tuple(found)


def _start(variant: str, limits: Limits) -> Worker:
    """A fresh interpreter in a session and a scratch folder of its own."""
    scratch = own_folder()

    def command(channel: str) -> list[str]:
        told = setting(channel, variant, [str(scratch)])
        return [sys.executable, "-I", "-c", worker_source(), told]

    def finish(process: "subprocess.Popen[bytes]") -> None:
        # The worker goes last: until then whatever was started stays among its descendants.
        end = time.monotonic() + 5.0
        while (started := _descendants(process.pid)) and time.monotonic() < end:
            for pid in started:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        process.kill()
        process.wait()
        shutil.rmtree(scratch, ignore_errors=True)

    return ready(launch(command, finish, environment=environment(limits, str(scratch)), folder=scratch))


def _descendants(pid: int) -> list[int]:
    """Living processes that this one started, and those that they started."""
    children: list[int] = []
    with contextlib.suppress(OSError):
        for listed in Path(f"/proc/{pid}/task").glob("*/children"):  # each thread has the children that it started
            children += map(int, listed.read_text().split())
    return [item for child in children for item in (child, *_descendants(child)) if _lives(item)]


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


class ProcessSandbox(PooledSandbox):
    name = "process"
    isolates = False
    reason = "a plain process without isolation"

    def __init__(self, variant: str = "base") -> None:
        """`variant` as of the images: what is imported before a program comes."""
        super().__init__(partial(_start, variant))

    def libraries(self) -> tuple[str, ...]:
        return host_libraries()
