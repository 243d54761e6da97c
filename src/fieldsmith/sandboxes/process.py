"""A plain process: no isolation, for trusted authors and for those who ask for it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fieldsmith.sandboxes.framed import FramedSession, worker_environment, worker_source
from fieldsmith.sandboxes.sandbox import Limits, Sandbox

PREFIX = "fieldsmith"
NUMERICAL_LIBRARIES = ("numpy", "scipy", "numba", "pyamg", "torch", "jax")


def host_libraries() -> tuple[str, ...]:
    """Numerical libraries of this interpreter, with versions."""
    found = []
    for name in NUMERICAL_LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return tuple(found)


def alive(pid: int) -> bool:
    """Whether a process of that number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def remove_orphans() -> None:
    """Remove scratch folders whose owner was killed before it could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}-*-*"):
        owner = folder.name.split("-")[1]
        if owner.isdigit() and not alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


class ProcessSession(FramedSession):
    """A fresh interpreter in a process group and a scratch folder of its own."""

    address_space_limit = True

    def _start(self) -> subprocess.Popen[bytes]:
        self._scratch = tempfile.mkdtemp(prefix=f"{PREFIX}-{os.getpid()}-")
        return subprocess.Popen(
            [sys.executable, "-I", "-c", worker_source()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._scratch,
            env=worker_environment(self.limits, self._scratch),
            start_new_session=True,
        )

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        # The worker goes last: until then whatever was started stays among its descendants.
        end = time.monotonic() + 5.0
        while (started := _descendants(process.pid)) and time.monotonic() < end:
            for pid in started:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        process.kill()
        process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _descendants(pid: int) -> list[int]:
    """Living processes that this one started, and those that they started."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as listed:
            children = [int(word) for word in listed.read().split()]
    except OSError:
        return []
    return [item for child in children for item in (child, *_descendants(child)) if _lives(item)]


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


class ProcessSandbox(Sandbox):
    name = "process"
    isolates = False
    reason = "a plain process without isolation"

    def open(self, limits: Limits) -> ProcessSession:
        remove_orphans()
        return ProcessSession(limits)

    def libraries(self) -> tuple[str, ...]:
        return host_libraries()
