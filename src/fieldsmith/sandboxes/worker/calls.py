"""One call from the worker's side: fork, wait, end what is left, tell what happened."""

import fcntl
import os
import select
import signal
import time

from . import cgroup, child, stopped
from .channel import Memory
from .clock import Clock
from .program import failure
from .watchdog import Watchdog

# Seals of <linux/fcntl.h>: a file that has them all can never change again.
F_ADD_SEALS, SEALS = 1033, 0x0001 | 0x0002 | 0x0004 | 0x0008
MFD_CLOEXEC, MFD_ALLOW_SEALING = 0x1, 0x2
ANSWER_LIMIT = 4 << 20  # bytes of an answer besides its arrays
SLACK = 2 << 20  # a large page
BLOCK = 1 << 16  # bytes that a pipe holds
LAST_WORDS = 2.0
"""Seconds in which a program whose time is up may say what it was at."""
CROWDED = 5.0
"""Seconds that a call may have as many processes as there may be, where no control group holds it to its share of the CPU."""
NAMES = {int(number): number.name for number in signal.Signals}
running = {"pid": 0}
"""The child of the call that is being served."""


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


class Counts:
    """What the control group counted before a call, and since."""

    def __init__(self, known):
        read = (known and (lambda f: f())) or (lambda f: None)
        self.known = known
        self.peak = read(cgroup.peak_bytes)
        self.kills, self.refused = read(cgroup.memory_kills), read(cgroup.refused_processes)

    def since(self, before):
        """The peak of memory in MB if it was reached since, and limits that were met."""
        peak = None
        if self.peak is not None and before.peak is not None and self.peak > before.peak:
            peak = self.peak / 2**20
        met = [
            name
            for name, now, then in (("memory", self.kills, before.kills), ("processes", self.refused, before.refused))
            if now is not None and then is not None and now > then
        ]
        return peak, met


def serve(call, channel, setting):
    """Run one call in a child of its own and send the answer."""
    answer = os.memfd_create("answer", MFD_CLOEXEC | MFD_ALLOW_SEALING)
    pipes = [os.pipe() for _ in range(2)]
    before = Counts(setting["cgroup"])
    clock, begun = Clock(setting["cgroup"], call.seconds), time.monotonic()
    pid = os.fork()
    running["pid"] = pid
    if pid == 0:
        child.run(call, answer, pipes[0][1], pipes[1][1], setting)
    for _, write in pipes:
        os.close(write)
    call.close()
    watchdog = None if setting["cgroup"] else Watchdog(call.memory, setting["processes"], clock)
    watch = Watch(pid, [read for read, _ in pipes], call, clock, watchdog)
    status, usage = watch.wait()
    seconds = time.monotonic() - begun
    running["pid"] = 0
    end_group(pid)
    end_descendants()
    after = Counts(setting["cgroup"])
    peak, met = after.since(before)
    if watch.exceeded:
        met.insert(0, "memory")
    told = outcome(call, answer, status, watch.late, met, setting["scratch"])
    told["cpu_seconds"] = clock.seconds()
    told["peak_mb"] = usage.ru_maxrss / 1024.0 if peak is None else peak
    told["seconds"], told["call"], told["memory_kills"] = seconds, call.number, after.kills
    send(told, watch.drain(), answer, channel)
    for descriptor in [answer, *(read for read, _ in pipes)]:
        os.close(descriptor)


def send(told, tails, answer, channel):
    """Send what is to be told of a call, what it printed and its answer, and keep none of it."""
    if not told["limit"] and any(tail.count > tail.limit for tail in tails):
        told["limit"] = "log"
    printed = [tail.last() for tail in tails]
    told["printed"] = [len(part) for part in printed]
    try:
        channel.send(told, printed, answer if told["answer_bytes"] else None)
    finally:
        for part, tail in zip(printed, tails):
            part.release()
            tail.memory.close()


def outcome(call, answer, status, late, met, scratch):
    """The worker's own words on a call; with `answer_bytes`, the program's answer goes along. Scratch is as the call has left it."""
    size = os.fstat(answer).st_size
    told = {"status": None, "failure": None, "answer_bytes": 0, "limit": met[0] if met else ""}
    if late and "memory" in met:  # whoever waits for a process that was ended for memory may wait for ever
        words = "a process of the program was ended for memory; " + in_words(late, call)
        told.update(status="out_of_memory", failure=failure("Timeout", words))
    elif late:
        words = "The call was ended: " + in_words(late, call)
        told.update(
            status="timeout",
            failure=failure("Timeout", words),
            limit=told["limit"] or {"asleep": "wall"}.get(late, late),
        )
        if size <= call.body_limit + ANSWER_LIMIT and seal(answer):  # what the program says that it was at
            told["answer_bytes"] = size
    elif not (os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0 and size):
        told.update(ended(status, "memory" in met, full(scratch)))
    elif size > call.body_limit + ANSWER_LIMIT:
        words = "The answer takes %d bytes, more than the arrays that were asked for." % size
        told.update(status="bad_output", failure=failure("ValueError", words), limit="output")
    elif 512 * os.fstat(answer).st_blocks > size + SLACK:
        words = "The answer takes more memory than it has bytes."
        told.update(status="bad_output", failure=failure("ValueError", words), limit="output")
    elif not seal(answer):
        words = "The answer was still open to changes when the call had ended."
        told.update(status="bad_output", failure=failure("ValueError", words))
    else:
        told["answer_bytes"] = size
    return told


def in_words(late, call):
    """Which time was up."""
    if late == "time":
        return "it had used its %g s of processor time, all processes and threads together." % call.seconds
    if late == "asleep":
        return "it waited for %g s without computing." % call.seconds
    if late == "wall":
        return "it did not return within %g s of wall time." % call.wall
    return "it had as many processes and threads as there may be for %g s." % CROWDED


def seal(file):
    """Close a memory file to all changes; False while somebody can still write to it."""
    try:
        fcntl.fcntl(file, F_ADD_SEALS, SEALS)
    except OSError:
        return False
    return True


def full(folders):
    """Whether one of these, each with a file system of its own, has no room left."""
    for folder in folders:
        try:
            if os.path.ismount(folder) and os.statvfs(folder).f_bavail == 0:
                return True
        except OSError:
            pass
    return False


def ended(status, for_memory, scratch_full):
    """What there is to say of a child that left no answer."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = NAMES.get(number, "signal %d" % number)
        if number == signal.SIGKILL and for_memory:
            words = "the process was killed; it needed more memory than it may use"
            return {"status": "out_of_memory", "failure": failure(name, words), "limit": "memory"}
        if number == signal.SIGBUS and scratch_full:
            words = "the process was ended by %s; a file that it maps found no room" % name
            return {"status": "crashed", "failure": failure(name, words), "limit": "scratch"}
        return {"status": "crashed", "failure": failure(name, "the process was ended by %s" % name)}
    words = "the process ended with exit code %d before the function returned" % os.WEXITSTATUS(status)
    return {"status": "crashed", "failure": failure("Exit", words)}


def end_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass


def end_descendants():
    """End what the program started and left, also what has moved to a session of its own: it is handed to this process."""
    if os.getpid() == 1:  # of a namespace of its own, in which there is nobody else
        try:
            os.kill(-1, signal.SIGKILL)
            while True:
                os.waitpid(-1, 0)
        except OSError:
            return
    while True:
        try:
            with open("/proc/self/task/%d/children" % os.getpid()) as stream:
                left = [int(word) for word in stream.read().split()]
        except OSError:
            return
        if not left:
            return
        for act in (
            lambda pid: os.kill(pid, signal.SIGKILL),
            lambda pid: os.waitpid(pid, 0),
        ):  # all, before any is waited for
            for pid in left:
                try:
                    act(pid)
                except OSError:
                    pass
