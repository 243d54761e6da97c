"""Ends a call whose processes together take more memory than they may, where no control group counts it.

Limits of address space hold for each process alone. Between two looks a program may take more for a moment; what each
process can take in that moment is limited by its address space.
"""

import glob
import itertools
import os
import signal
import time

INTERVAL = 0.1


def descendants(pid):
    """Living processes that this one started, and those that they started."""
    children = []
    try:
        for thread in os.listdir("/proc/%d/task" % pid):  # each thread has the children that it started
            with open("/proc/%d/task/%s/children" % (pid, thread)) as stream:
                children += [int(word) for word in stream.read().split()]
    except OSError:
        pass
    return [item for child in children for item in (child, *descendants(child))]


def own_bytes(pid):
    """Memory of a process without what it shares with files; pages shared with another process count for both."""
    try:
        # A process whose first thread has ended has its memory still, as its other threads tell.
        for place in itertools.chain(["/proc/%d/status" % pid], glob.iglob("/proc/%d/task/*/status" % pid)):
            with open(place) as stream:
                found = dict(line.split()[:2] for line in stream if line.startswith(("RssAnon", "RssShmem")))
            if found:
                return sum(map(int, found.values())) * 1024
    except (OSError, IndexError, ValueError):
        pass
    return 0


def fair_bytes(pid):
    """Memory of a process where what several share counts for each in part; slower to ask for."""
    try:
        with open("/proc/%d/smaps_rollup" % pid) as stream:
            found = dict(line.split()[:2] for line in stream if line.startswith("Pss"))
        if not found:
            return own_bytes(pid)
        if "Pss_Anon:" not in found:  # kernels before 5.9
            return int(found.get("Pss:", 0)) * 1024
        return (int(found["Pss_Anon:"]) + int(found["Pss_Shmem:"])) * 1024
    except (OSError, ValueError):
        return own_bytes(pid)


class Watchdog:
    """Looks again and again at what the processes below this one take together."""

    def __init__(self, limit):
        self.limit = limit
        self.next = time.monotonic() + INTERVAL

    def pause(self):
        return max(0.0, self.next - time.monotonic())

    def due(self):
        return time.monotonic() >= self.next

    def exceeded(self):
        """Whether they took too much; then they have been ended."""
        self.next = time.monotonic() + INTERVAL
        pids = descendants(os.getpid())
        if sum(map(own_bytes, pids)) <= self.limit or sum(map(fair_bytes, pids)) <= self.limit:
            return False
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        return True
