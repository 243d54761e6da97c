"""Puts a pipe that never ends where the answer's descriptor is.

Must end as: crashed
"""

import os


def solve(a):
    read, write = os.pipe()
    for fd in range(3, 64):
        try:
            os.fstat(fd)
        except OSError:
            continue
        if fd not in (read, write):
            os.dup2(write, fd)
    os.close(read)
    return 2 * a
