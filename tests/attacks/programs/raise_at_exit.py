"""Registers functions that run when the interpreter ends, and wait there for ever.

Must end as: ok
"""

import atexit
import threading
import time

atexit.register(time.sleep, 1000)
threading._register_atexit(time.sleep, 1000)


def solve(a):
    return 2 * a
