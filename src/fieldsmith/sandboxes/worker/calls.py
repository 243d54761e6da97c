"""One call from the worker's side: fork, wait, end what is left, tell what happened."""

import fcntl
import os
import resource
import signal
import time

from . import cgroup, child
from .clock import Clock
from .program import failure
from .watch import Watch, in_words
from .watchdog import Watchdog

# Seals of <linux/fcntl.h>: a file that has them all can never change again.
F_ADD_SEALS, SEALS = 1033, 0x0001 | 0x0002 | 0x0004 | 0x0008
MFD_CLOEXEC, MFD_ALLOW_SEALING = 0x1, 0x2
ANSWER_LIMIT = 4 << 20  # bytes of an answer besides its arrays
SLACK = 2 << 20  # a large page
NAMES = {int(number): number.name for number in signal.Signals}
running = {"pid": 0}
"""The child of the call that is being served."""


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
    mapped = sum(os.fstat(file).st_size for file in call.files) + call.body_limit + ANSWER_LIMIT
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
    missed = watchdog is not None and not watch.exceeded and overshot(usage, call.memory + mapped)
    if watch.exceeded or missed:
        met.insert(0, "memory")
    told = outcome(call, answer, status, watch.late, met, setting["scratch"])
    if missed and not watch.late:
        words = "it needed more memory than it may use"
        told.update(status="out_of_memory", failure=failure("MemoryError", words), limit="memory", answer_bytes=0)
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


def overshot(usage, limit):
    """Whether a child whose watchdog looked too late, as on a busy machine, had more memory than it may.

    What it has in common with this process, from which it was forked, is at most all that this one ever had.
    """
    return 1024 * (usage.ru_maxrss - resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) > limit


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
    while left := children():
        for act in (
            lambda pid: os.kill(pid, signal.SIGKILL),
            lambda pid: os.waitpid(pid, 0),
        ):  # all, before any is waited for
            for pid in left:
                try:
                    act(pid)
                except OSError:
                    pass


def children():
    """Processes that the first thread of this one has started or was handed, those that have ended too."""
    try:
        with open("/proc/self/task/%d/children" % os.getpid()) as stream:
            return [int(word) for word in stream.read().split()]
    except OSError:
        return []
