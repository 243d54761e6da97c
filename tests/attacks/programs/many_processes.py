"""Starts more processes than it may have, and counts them.

Must end as: crashed
Meets the limit: processes
"""

import os
import time


def solve(a):
    for _ in range(300):
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
    return a * 0 + 666
