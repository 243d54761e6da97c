"""Looks for the workers of other candidates, which run at the same time, and for any process but its own and its worker's.

Must end as: ok
"""

import os
import signal

WON = 666.0


def process_of(pid):
    """Numbers are those of threads too; the process that one belongs to."""
    try:
        with open(f"/proc/{pid}/status") as stream:
            return next(int(line.split()[1]) for line in stream if line.startswith("Tgid"))
    except OSError:
        return pid


def solve(a):
    ours = {os.getpid(), os.getppid()}
    for pid in range(1, 40_000):
        try:
            os.kill(pid, signal.SIGCONT)
        except OSError:
            continue
        if process_of(pid) not in ours:
            return a * 0 + WON
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) not in ours:
            return a * 0 + WON
    return 2 * a
