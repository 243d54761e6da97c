"""One container with its worker: whether it lives, what it ended for, how it is removed."""

import contextlib
import json
import os
import subprocess
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from fieldsmith.sandboxes import engine
from fieldsmith.sandboxes.channel import Channel
from fieldsmith.sandboxes.session import UNCLEAN, Worker

REMOVALS = 5
remover = ThreadPoolExecutor(2, thread_name_prefix="remover")
"""Containers are removed beside the work; the interpreter waits for it when it ends."""


def _forked() -> None:
    """A process that was forked has none of the threads."""
    global remover
    remover = ThreadPoolExecutor(2, thread_name_prefix="remover")


os.register_at_fork(after_in_child=_forked)


def new_name() -> str:
    return f"fieldsmith-{os.getpid()}-{uuid.uuid4().hex[:12]}"


class DockerWorker(Worker):
    answers_count = True

    def __init__(self, name: str, channel: Channel, client: "subprocess.Popen[bytes] | None" = None) -> None:
        self.name, self.channel, self.client = name, channel, client
        self._removed = self._killed = False

    def alive(self) -> bool:
        if self.client is not None:
            return self.client.poll() is None
        return self.channel.idle()  # between calls a worker says nothing, so anything is its end

    def ended_for(self) -> str:
        """The worker is process 1 of its container, which nothing inside can kill: a kill comes from the kernel or from outside."""
        if self.client is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                # A process closes its pipes a moment before it can be waited for.
                if self.client.wait(1.0) < 0:
                    return "outside"
        end = time.monotonic() + 5.0
        while True:
            told = engine.asked("inspect", "--format", "{{json .State}}", self.name)
            if told.returncode != 0:
                return "outside"
            state = json.loads(told.stdout)
            if state.get("OOMKilled") and not self._killed:  # the engine never forgets it
                return "memory"
            if not state.get("Running") or time.monotonic() > end:
                return "outside" if state.get("ExitCode") in (UNCLEAN, 137, 143, 255) else ""
            time.sleep(0.05)

    def heard(self, told: Mapping[str, object]) -> None:
        self._killed = self._killed or bool(told.get("memory_kills"))

    def end(self) -> None:
        if not self._removed:
            self._removed = True
            self.channel.close()
            remove_later(self.name, self.client)

    def words(self) -> str:
        if self.client is not None and self.client.stderr is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.client.wait(2.0)
                return (self.client.stderr.read(4000) or b"").decode("utf-8", "replace")
            return ""
        return engine.asked("logs", "--tail", "20", self.name).stderr[:4000]


def remove_later(name: str, client: "subprocess.Popen[bytes] | None" = None) -> None:
    """Remove a container beside the work, or now if the interpreter is about to end."""
    try:
        remover.submit(_remove, name, client)
    except RuntimeError:
        _remove(name, client)


def _remove(name: str, client: "subprocess.Popen[bytes] | None") -> None:
    # The client first: while it is blocked by an answer that nobody reads, the engine cannot remove the container,
    # and one that has only just been asked for may not exist yet.
    if client is not None:
        client.kill()
        client.wait()
    for _ in range(REMOVALS):
        engine.asked("rm", "--force", name)
        listed = engine.asked("ps", "--all", "--quiet", "--filter", f"name=^{name}$")
        if listed.returncode == 0 and not listed.stdout.strip():
            return
        time.sleep(0.2)
