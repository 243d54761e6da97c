"""Returns an array that a thread of its own goes on changing.

Must end as: ok
"""

import threading

import numpy as np


def solve(a):
    result = np.array(2 * a)

    def change():
        while True:
            result[:] += 1e-9

    threading.Thread(target=change, daemon=True).start()
    return result
