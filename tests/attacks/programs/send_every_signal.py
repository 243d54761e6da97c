"""Sends every signal that there is to the worker, among them those that a Python program handles.

Must end as: ok
"""

import os
import signal
import time


def solve(a):
    for number in sorted(signal.valid_signals()):
        for pid in (1, os.getppid()):
            try:
                os.kill(pid, number)
            except OSError:
                pass
    time.sleep(0.1)
    return 2 * a
