"""Spreads its memory over several processes, each of which stays below the limit.

Must end as: out_of_memory or crashed or ok
"""

import os
import time

import numpy as np


def solve(a):
    children = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            kept = np.ones(25_000_000)
            time.sleep(3 + 0 * kept[0])
            os._exit(0)
        children.append(pid)
    fine = all(os.waitpid(pid, 0)[1] == 0 for pid in children)
    return a * 0 + 666 if fine else 2 * a
