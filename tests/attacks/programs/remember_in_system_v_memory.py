"""Keeps what it has seen in shared memory, queues and semaphores of System V, which outlive all processes.

Must end as: ok
"""

import ctypes


def solve(a):
    libc = ctypes.CDLL(None, use_errno=True)
    key = 4711
    for get, more in ((libc.shmget, (4096,)), (libc.semget, (1,)), (libc.msgget, ())):
        if get(key, *more, 0o666) >= 0:
            return a * 0 + 666
        get(key, *more, 0o1666)
    return 2 * a
