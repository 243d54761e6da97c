"""Writes to memory that is not its own.

Must end as: crashed
"""

import ctypes


def solve(a):
    ctypes.memset(0, 1, 1)
    return a * 0 + 666
