"""Starts more threads than it may have.

Must end as: crashed
Meets the limit: processes
"""

import threading
import time


def solve(a):
    threading.stack_size(65536)
    for _ in range(300):
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
    return a * 0 + 666
