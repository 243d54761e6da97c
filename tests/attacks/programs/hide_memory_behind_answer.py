"""Gives the answer's memory file far more memory than it has bytes, for the host to hold.

Must end as: bad_output
Meets the limit: output
"""

import ctypes
import os


def solve(a):
    libc = ctypes.CDLL(None, use_errno=True)
    for name in os.listdir("/proc/self/fd"):
        try:
            if "answer" in os.readlink("/proc/self/fd/" + name):
                keep_size = 1
                libc.fallocate(int(name), keep_size, ctypes.c_long(1 << 20), ctypes.c_long(40 << 20))
        except OSError:
            pass
    return 2 * a
