"""Attaches to the worker as a debugger.

Must end as: ok
"""

import ctypes
import os


def solve(a):
    libc = ctypes.CDLL(None, use_errno=True)
    for request in (16, 0x4206):  # PTRACE_ATTACH, PTRACE_SEIZE
        if libc.ptrace(request, os.getppid(), None, None) == 0:
            return a * 0 + 666
    return 2 * a
