"""Writes a whole answer, with a processor time of its own, to everything that is open, and leaves.

Must end as: crashed or bad_output
"""

import json
import os
import struct
import sys


def number_of_call():
    """What the true answer repeats: this process was forked from one that knows it."""
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if hasattr(value, "number"):
                return value.number
        frame = frame.f_back


def solve(a):
    told = {"status": "crashed", "failure": None, "answer_bytes": 0, "cpu_seconds": 0.125, "seconds": 0.125}
    body = json.dumps({**told, "call": number_of_call()}).encode()
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("<8sQ", b"FSMITH02", len(body)) + body)
        except OSError:
            pass
    os._exit(0)
