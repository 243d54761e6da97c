"""Makes folders until there is no room for another, not even for whoever would move them away.

Must end as: ok or timeout or out_of_memory
The next call gets a fresh worker
"""

import os


def solve(a):
    if os.path.exists("/tmp/remembered"):
        return a * 0 + 666
    try:
        os.remove("/tmp/solver.py")
    except OSError:
        pass
    os.mkdir("/tmp/remembered")
    try:
        for number in range(10_000_000):
            os.mkdir("/tmp/remembered/%d" % number)
    except OSError:
        pass
    return 2 * a
