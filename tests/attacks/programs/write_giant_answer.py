"""Writes far more into its answer than was asked for.

Must end as: bad_output or out_of_memory or crashed
"""

import os


def solve(a):
    block, most = bytes(1 << 20), 0
    for fd in range(3, 64):
        written = 0
        try:
            for _ in range(1024):
                written += os.write(fd, block)
        except OSError:
            pass
        most = max(most, written)
    return a * 0 + 666 if most > 700 << 20 else 2 * a
