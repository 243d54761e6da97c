"""Hides memory in the buffers of pipes.

Must end as: ok or out_of_memory or crashed
"""

import fcntl
import os


def solve(a):
    held = 0
    for _ in range(480):
        read, write = os.pipe()
        try:
            size = fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 1 << 20)
        except OSError:
            size = 65536
        os.set_blocking(write, False)
        try:
            held += os.write(write, bytes(size))
        except OSError:
            pass
    return a * 0 + 666 if held > 700 << 20 else 2 * a
