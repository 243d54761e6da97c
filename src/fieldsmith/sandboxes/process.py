"""A plain process: no isolation, for trusted authors and for those who ask for it."""

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fieldsmith.sandboxes.bundle import worker_source
from fieldsmith.sandboxes.local import LocalWorker, launch
from fieldsmith.sandboxes.owner import own_folder
from fieldsmith.sandboxes.pool import PooledSandbox
from fieldsmith.sandboxes.sandbox import NUMERICAL_LIBRARIES, Limits
from fieldsmith.sandboxes.session import Worker, ready
from fieldsmith.sandboxes.setting import environment, setting
from fieldsmith.sandboxes.warm import END_SECONDS, Handle, WarmParents


@cache
def host_libraries() -> tuple[str, ...]:
    """This interpreter's Python and numerical libraries, with versions."""
    found = [f"Python {platform.python_version()}"]
    for name in NUMERICAL_LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return tuple(found)


def _begin(variant: str, limits: Limits) -> LocalWorker:
    """The warm parent: a fresh interpreter."""

    def command(channel: str) -> list[str]:
        return [sys.executable, "-I", "-c", worker_source(), setting(channel, variant, [], warm=True, spaces=None)]

    return launch(command, _finish, environment=environment(limits, tempfile.gettempdir()), folder=Path("/"))


def _finish(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def _start_alone(variant: str, limits: Limits) -> Worker:
    """A fresh interpreter in a session and a scratch folder of its own."""
    scratch = own_folder()

    def command(channel: str) -> list[str]:
        told = setting(channel, variant, [str(scratch)])
        return [sys.executable, "-I", "-c", worker_source(), told]

    def finish(process: "subprocess.Popen[bytes]") -> None:
        _end_below(process.pid, lambda: process.poll() is not None)
        _finish(process)
        shutil.rmtree(scratch, ignore_errors=True)

    return ready(launch(command, finish, environment=environment(limits, str(scratch)), folder=scratch))


def _end_below(pid: int, ended: Callable[[], bool]) -> None:
    """End what a worker has started. It goes last itself: until then whatever was started stays among its descendants."""
    end = time.monotonic() + 5.0
    while not ended() and (started := _descendants(pid)) and time.monotonic() < end:
        for each in started:
            with contextlib.suppress(OSError):
                os.kill(each, signal.SIGKILL)
        time.sleep(0.01)


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
        super().__init__(self.start)
        self._variant, self._parents = variant, WarmParents(partial(_begin, variant), takes_all=False)

    def start(self, limits: Limits) -> Worker:
        """A worker in a session and a scratch folder of its own. Raises MissingPart."""
        scratch = own_folder()

        def finish(worker: Handle) -> None:
            _end_below(worker.pid, worker.ended)
            worker.kill()
            worker.ended(END_SECONDS)
            shutil.rmtree(scratch, ignore_errors=True)

        told = setting("", self._variant, [str(scratch)], environment=environment(limits, str(scratch)))
        try:
            forked = self._parents.start(limits, told, finish)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        if forked is not None:
            return forked
        shutil.rmtree(scratch, ignore_errors=True)
        return _start_alone(self._variant, limits)

    def facts(self) -> dict[str, str]:
        return self._parents.facts("an interpreter for each")

    def listen(self, tell: Callable[[str], None]) -> None:
        self._parents.listen(tell)

    def close(self) -> None:
        super().close()
        self._parents.close()

    def libraries(self) -> tuple[str, ...]:
        return host_libraries()
