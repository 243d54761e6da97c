"""Processor time of a call: that of all processes and threads of the program, those that have ended too.

A control group counts it. Where there is none it is added up here, from looks at the processes that live: a process whose
parent does not wait for it leaves its time nowhere else.
"""

import os
import resource
import time

from . import cgroup

TICK = 1.0 / os.sysconf("SC_CLK_TCK")
SOONEST, LATEST = 0.05, 1.0
"""Seconds between two looks at the least and at the most."""
IDLE = 0.05
"""Share of a core below which a call may be one that waits."""
CORES = len(os.sched_getaffinity(0))


class Clock:
    """Counts from when it is made, to `limit` seconds. `grouped`: the control group is the sandbox's own."""

    def __init__(self, grouped, limit):
        self.group = cgroup.cpu_seconds() if grouped else None
        self.waited = waited()
        self.seen, self.limit = {}, limit
        self.last, self.used, self.asleep = time.monotonic(), 0.0, 0.0
        self.next = self.last + soonest(limit, limit)

    def look(self, processes):
        """Note what living processes have used so far: pairs of process and seconds."""
        self.seen.update(processes)

    def seconds(self):
        """What has been used so far; of processes that live, as of the last look."""
        if self.group is not None:
            now = cgroup.cpu_seconds()
            if now is not None:
                return now - self.group
        return max(waited() - self.waited, sum(self.seen.values()))

    def due(self):
        return time.monotonic() > self.next

    def over(self):
        """What is up: `time`, `asleep` where the call has waited as long as it may compute, or nothing.

        A call that waits has no thread that could go on; one that the machine has no time for has.
        """
        now, used = time.monotonic(), self.seconds()
        if used - self.used < IDLE * (now - self.last) and not awake(descendants(os.getpid())):
            self.asleep += now - self.last
        self.last, self.used = now, used
        left = self.limit - max(used, self.asleep)
        self.next = now + soonest(left, self.limit)
        if left > 0.0:
            return ""
        return "time" if used >= self.limit else "asleep"


def descendants(pid):
    """Living processes that this one started, and those that they started."""
    children = []
    for thread in threads(pid):  # each thread has the children that it started
        try:
            with open("/proc/%d/task/%s/children" % (pid, thread)) as stream:
                children += [int(word) for word in stream.read().split()]
        except OSError:
            pass
    return [item for child in children for item in (child, *descendants(child))]


def threads(pid):
    try:
        return os.listdir("/proc/%d/task" % pid)
    except OSError:
        return []


def awake(pids):
    """Whether any thread of these processes runs, or would if it had a core."""
    for pid in pids:
        for thread in threads(pid):
            try:
                with open("/proc/%d/task/%s/stat" % (pid, thread)) as stream:
                    if stream.read().rpartition(")")[2].split()[0] == "R":
                        return True
            except (OSError, IndexError):
                pass
    return False


def waited():
    """Processor time of the processes that this one has waited for, and that they have waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def soonest(left, limit):
    """Seconds until the next look: no later than `left` seconds of processor time can be used up, on all cores."""
    return max(SOONEST, min(left / CORES, 0.25 * limit, LATEST))
