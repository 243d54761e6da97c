"""One container with its worker: whether it lives, what it ended for, how it is removed."""

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from docker.errors import APIError, NotFound
from requests.exceptions import Timeout

from fieldsmith.sandboxes import engine
from fieldsmith.sandboxes.channel import Channel
from fieldsmith.sandboxes.session import UNCLEAN, Worker
from fieldsmith.sandboxes.stream import StreamChannel

REMOVALS = 5
remover = ThreadPoolExecutor(2, thread_name_prefix="remover")
"""Containers are removed beside the work; the interpreter waits for it when it ends."""
_unremoved: set[str] = set()
"""Containers that were to be removed and are not known to have gone."""


def _forked() -> None:
    """A process that was forked has none of the threads, and none of the containers."""
    global remover
    remover = ThreadPoolExecutor(2, thread_name_prefix="remover")
    _unremoved.clear()


os.register_at_fork(after_in_child=_forked)


def new_name() -> str:
    return f"fieldsmith-{os.getpid()}-{uuid.uuid4().hex[:12]}"


class DockerWorker(Worker):
    answers_count = True
    unprepared = True

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
            try:
                self.channel.close()
            finally:
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
    _beside(lambda: remove(name))


def remove_left() -> None:
    """Try again, beside the work, for those that could not be removed when they should have been."""
    if _unremoved:
        _beside(_remove_left)


def _beside(work: Callable[[], object]) -> None:
    try:
        remover.submit(work)
    except RuntimeError:
        work()


def remove(name: str) -> None:
    """Remove a container; one that is not there is no fault, and neither is an engine that does not answer.

    An engine that hangs is asked once; what it has left is tried again by `remove_left`, and removed by a later command.
    """
    _unremoved.add(name)
    for attempt in range(REMOVALS):
        if attempt:
            time.sleep(0.2)
        try:
            engine.client().api.remove_container(name, force=True)
        except NotFound:
            pass
        except Timeout:
            return
        except Exception:  # of a connection that breaks, libraries raise what they do not list
            continue
        _unremoved.discard(name)
        return


def _remove_left() -> None:
    with contextlib.suppress(Exception):
        api = engine.connect(engine.LEFTOVER_SECONDS).api
        for name in list(_unremoved):
            with contextlib.suppress(APIError):  # it has gone, or is being removed
                api.remove_container(name, force=True)
                _unremoved.discard(name)
