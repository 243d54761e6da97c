"""Uses the calls by which one process reads another's memory, on a child of its own.

Must end as: ok
"""

import ctypes
import os
import time


def solve(a):
    pid = os.fork()
    if pid == 0:
        time.sleep(30)
        os._exit(0)
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(8)

    class Piece(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    here = Piece(ctypes.addressof(buffer), 8)
    read = libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(here), 1, 0)
    os.kill(pid, 9)
    return a * 0 + 666 if read == 8 else 2 * a
