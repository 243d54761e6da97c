"""Takes memory in processes whose first thread has ended, which look as if they had none.

Must end as: out_of_memory or crashed or ok
"""

import ctypes
import os
import platform
import threading
import time

import numpy as np


def solve(a):
    exit_thread = {"x86_64": 60, "aarch64": 93}[platform.machine()]
    children = []
    for _ in range(2):
        pid = os.fork()
        if pid == 0:
            kept = []

            def take():
                for _ in range(9):
                    kept.append(np.ones(6_250_000))
                time.sleep(2.5)
                os._exit(7)

            threading.Thread(target=take).start()
            ctypes.CDLL(None).syscall(exit_thread, 0)
        children.append(pid)
    ends = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    return a * 0 + 666 if ends == [7, 7] else 2 * a
