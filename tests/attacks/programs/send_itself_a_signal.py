"""Ends by a signal that has no name.

Must end as: crashed
"""

import os
import time


def solve(a):
    os.kill(os.getpid(), 40)
    time.sleep(1.0)
    return a * 0 + 666
