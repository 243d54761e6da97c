"""Returns an array that is a view of a file, which is cut off after the function has returned.

Must end as: ok or crashed
"""

import os
import threading
import time

import numpy as np


def solve(a):
    np.ascontiguousarray(2 * a).tofile("/tmp/view")

    def cut():
        time.sleep(0.001)
        os.truncate("/tmp/view", 0)

    threading.Thread(target=cut, daemon=True).start()
    return np.memmap("/tmp/view", "<f8", "r", shape=(4,))
