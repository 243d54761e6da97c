"""Looks again and again at the processes of a call, where no control group counts what they take together.

Limits of address space and processor time hold for each process alone. Between two looks a program may take more for a
moment; what each process can take in that moment is limited by its address space.
"""

import glob
import itertools
import os
import signal
import time

from .clock import TICK, descendants, threads

INTERVAL = 0.1
UTIME, STIME, THREADS, STARTED = 11, 12, 17, 19
"""Places in /proc/PID/stat, counted from the field behind the name (proc(5))."""


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


def own_work(pid):
    """A process by number and start, the processor seconds that it has used itself, and its threads; None if it has gone."""
    try:
        with open("/proc/%d/stat" % pid) as stream:
            words = stream.read().rpartition(")")[2].split()
        return (pid, int(words[STARTED])), TICK * (int(words[UTIME]) + int(words[STIME])), int(words[THREADS])
    except (OSError, IndexError, ValueError):
        return None


def end(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


def step_back(pids):
    """Let everything else on the machine go first, now and for what these start."""
    for pid in pids:
        try:
            for thread in threads(pid):
                os.setpriority(os.PRIO_PROCESS, int(thread), 19)
        except OSError:
            pass


class Watchdog:
    """What the processes below this one take together. `processes`: how many there may be, threads included; 0 for any."""

    def __init__(self, limit, processes, clock):
        self.limit, self.processes, self.clock = limit, processes, clock
        self.next = time.monotonic() + INTERVAL
        self.crowded = None
        """Since when there have been as many processes as there may be."""

    def pause(self):
        return max(0.0, self.next - time.monotonic())

    def due(self):
        return time.monotonic() >= self.next

    def exceeded(self):
        """Whether they took too much memory; then they have been ended."""
        self.next = time.monotonic() + INTERVAL
        pids = descendants(os.getpid())
        works = [work for work in map(own_work, pids) if work is not None]
        self.clock.look((who, seconds) for who, seconds, _ in works)
        # This process and its thread that watches count as well.
        if not self.processes or sum(count for _, _, count in works) + 2 < self.processes:
            self.crowded = None
        else:
            self.crowded = self.crowded or time.monotonic()
            step_back(pids)
        if sum(map(own_bytes, pids)) <= self.limit or sum(map(fair_bytes, pids)) <= self.limit:
            return False
        end(pids)
        return True
