"""Spreads its memory over processes that its threads have started.

Must end as: out_of_memory or crashed or ok
"""

import os
import threading
import time

import numpy as np


def solve(a):
    ends = []

    def start():
        pid = os.fork()
        if pid == 0:
            kept = np.ones(25_000_000)
            time.sleep(3 + 0 * kept[0])
            os._exit(0)
        ends.append(os.waitpid(pid, 0)[1])

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return a * 0 + 666 if len(ends) == 4 and not any(ends) else 2 * a
