"""Waiting for a child: what it prints is read, and it is ended when its time is up or its memory is too much."""

import os
import select
import signal
import time

from . import stopped
from .channel import Memory

BLOCK = 1 << 16  # bytes that a pipe holds
LAST_WORDS = 2.0
"""Seconds in which a program whose time is up may say what it was at."""
CROWDED = 5.0
"""Seconds that a call may have as many processes as there may be, where no control group holds it to its share of the CPU."""


class Tail:
    """Keeps the last bytes that come through a pipe, and counts all."""

    def __init__(self, limit):
        self.limit, self.kept, self.count = limit, 0, 0
        self.memory = Memory(2 * limit + BLOCK)

    def read(self, pipe):
        """Take what a pipe has, at most one block; how many bytes that were."""
        if self.kept + BLOCK > self.memory.size:
            self.memory.map.move(0, self.kept - self.limit, self.limit)
            self.kept = self.limit
        with memoryview(self.memory.map) as whole, whole[self.kept : self.kept + BLOCK] as room:
            n = os.readv(pipe, [room])
        self.kept += n
        self.count += n
        return n

    def last(self):
        """A view of the last bytes, to be released before the memory is closed."""
        with memoryview(self.memory.map) as whole:
            return whole[max(0, self.kept - self.limit) : self.kept]


class Watch:
    """Waits for a child: reads what it prints, ends it when its time is up or its memory is too much."""

    def __init__(self, pid, pipes, call, clock, watchdog):
        self.pid, self.clock, self.watchdog = pid, clock, watchdog
        self.deadline = time.monotonic() + call.wall
        self.late, self.exceeded = "", False
        """Which time is up: `time` for the processor's, `wall`, `asleep`, or `processes` where there were too many for too long."""
        self.tails = {pipe: Tail(call.log_bytes) for pipe in pipes}
        self.open = set(pipes)
        self.poll = select.poll()
        for pipe in pipes:
            os.set_blocking(pipe, False)
            self.poll.register(pipe, select.POLLIN)
        try:
            self.ended = os.pidfd_open(pid)
            self.poll.register(self.ended, select.POLLIN)
        except (OSError, AttributeError):  # kernels before 5.3, gVisor
            self.ended = None

    def wait(self):
        """Status and usage of the child when it has ended."""
        while not self._over(self.poll.poll(self._pause())):
            if self.watchdog is not None and self.watchdog.due() and self.watchdog.exceeded():
                self.exceeded = True
            if time.monotonic() > self.deadline:
                self._end("wall")
            elif not self.late and self._crowded():
                self._end("processes")
            if not self.late and self.clock.due() and (over := self.clock.over()):
                self._end(over)
        if self.ended is not None:
            os.close(self.ended)
        _, status, usage = os.wait4(self.pid, 0)
        return status, usage

    def _crowded(self):
        """Whether there have been as many processes as there may be for too long."""
        since = self.watchdog and self.watchdog.crowded
        return since and time.monotonic() > since + CROWDED

    def _end(self, limit):
        """Ask what the program is at, and the next time end it. Until it has been waited for, its number is nobody else's."""
        os.kill(self.pid, signal.SIGKILL if self.late else stopped.SIGNAL)
        self.deadline = float("inf") if self.late else time.monotonic() + LAST_WORDS
        self.late = self.late or limit

    def _pause(self):
        """Milliseconds until there is something to do."""
        left = min(self.deadline - time.monotonic(), 3600.0)
        if not self.late:
            left = min(left, self.clock.next - time.monotonic())
        if self.watchdog is not None:
            left = min(left, self.watchdog.pause())
        if self.ended is None:
            left = min(left, 0.002)
        return max(0, int(1000 * left) + 1)

    def _over(self, events):
        for descriptor, _ in events:
            if descriptor != self.ended:
                self._read(descriptor)
        if self.ended is not None:
            return any(descriptor == self.ended for descriptor, _ in events)
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def _read(self, pipe):
        try:
            if self.tails[pipe].read(pipe):
                return
        except BlockingIOError:
            return
        self.poll.unregister(pipe)
        self.open.discard(pipe)

    def drain(self):
        """What is still in the pipes; nobody is left who could write to them."""
        end = time.monotonic() + 0.5
        while self.open and time.monotonic() < end:
            for pipe in list(self.open):
                self._read(pipe)
        return list(self.tails.values())


def in_words(late, call):
    """Which time was up."""
    if late == "time":
        return "it had used its %g s of processor time, all processes and threads together." % call.seconds
    if late == "asleep":
        return "it waited for %g s without computing." % call.seconds
    if late == "wall":
        return "it did not return within %g s of wall time." % call.wall
    return "it had as many processes and threads as there may be for %g s." % CROWDED
