"""Blocks and ignores every signal, then waits for ever in C code that holds the interpreter.

Must end as: timeout
Meets the limit: wall
"""

import ctypes
import signal


def solve(a):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    ctypes.PyDLL(None).pause()
    return a * 0 + 666
