"""Leaves an answer whose header is nested so deeply that a parser may fall over it.

Must end as: bad_output
"""

import os
import struct


def solve(a):
    body = b"[" * 3_000_000
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("<8sQ", b"FSMITH02", len(body)) + body)
        except OSError:
            pass
    os._exit(0)
