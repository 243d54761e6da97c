"""One container with its worker: whether it lives, what it ended for, how it is removed."""

import contextlib
import os
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from docker.errors import NotFound
from requests.exceptions import Timeout

from fieldsmith.sandboxes import engine
from fieldsmith.sandboxes.channel import Channel
from fieldsmith.sandboxes.session import UNCLEAN, Worker
from fieldsmith.sandboxes.stream import StreamChannel

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

    def __init__(self, name: str, channel: Channel) -> None:
        self.name, self.channel = name, channel
        self._removed = self._killed = False

    def alive(self) -> bool:
        return self.channel.idle()  # between calls a worker says nothing, so anything is its end

    def ended_for(self) -> str:
        """The worker is process 1 of its container, which nothing inside can kill: a kill comes from the kernel or from outside."""
        end = time.monotonic() + 5.0
        while True:
            try:
                state = engine.client().api.inspect_container(self.name)["State"]
            except engine.failures():
                return "outside"
            if state.get("OOMKilled") and not self._killed:  # the engine never forgets it
                return "memory"
            if not state.get("Running") or time.monotonic() > end:
                return "outside" if self._taken_away(state) else ""
            time.sleep(0.05)

    def _taken_away(self, state: Mapping[str, object]) -> bool:
        """Whether a worker that no longer answers was ended by others, or its connection was.

        A worker leaves without an error only when nobody is there any more.
        """
        if isinstance(self.channel, StreamChannel) and self.channel.ended and state.get("ExitCode") == 0:
            return True
        return state.get("ExitCode") in (UNCLEAN, 137, 143, 255)

    def heard(self, told: Mapping[str, object]) -> None:
        self._killed = self._killed or bool(told.get("memory_kills"))

    def end(self) -> None:
        if not self._removed:
            self._removed = True
            # First: while an answer that nobody reads blocks it, the engine cannot remove the container.
            self.channel.close()
            remove_later(self.name)

    def words(self) -> str:
        if isinstance(self.channel, StreamChannel):
            return self.channel.said()
        return last_words(self.name, 20)


def last_words(name: str, lines: int) -> str:
    """What a container has last written to its standard error; empty if the engine has none of it."""
    with contextlib.suppress(*engine.failures()):
        said = engine.client().api.logs(name, stdout=False, stderr=True, tail=lines)
        return said[:4000].decode("utf-8", "replace")
    return ""


def remove_later(name: str) -> None:
    """Remove a container beside the work, or now if the interpreter is about to end."""
    try:
        remover.submit(remove, name)
    except RuntimeError:
        remove(name)


def remove(name: str) -> None:
    """Remove a container; one that is not there is no fault, and neither is an engine that does not answer.

    An engine that hangs is asked once; what it has left is removed by a later command.
    """
    for attempt in range(REMOVALS):
        if attempt:
            time.sleep(0.2)
        try:
            engine.client().api.remove_container(name, force=True)
        except (NotFound, Timeout):
            return
        except engine.failures():
            continue
        return
