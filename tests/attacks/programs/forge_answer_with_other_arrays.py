"""Leaves an answer with an array that nobody asked for, and a larger one than was asked for.

Must end as: bad_output
"""

import json
import os
import struct


def solve(a):
    arrays = [{"name": "z", "dtype": "<f8", "shape": [1000], "bytes": 8000}]
    body = json.dumps({"status": "ok", "failure": None, "arrays": arrays}).encode()
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("<8sQ", b"FSMITH02", len(body)) + body + bytes(8064))
        except OSError:
            pass
    os._exit(0)
