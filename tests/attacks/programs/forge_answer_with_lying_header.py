"""Leaves an answer whose header promises the asked array, with fewer bytes than that behind it.

Must end as: bad_output
"""

import json
import os
import struct


def solve(a):
    arrays = [{"name": "y", "dtype": "<f8", "shape": [4], "bytes": 32}]
    body = json.dumps({"status": "ok", "failure": None, "arrays": arrays}).encode()
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("<8sQ", b"FSMITH02", len(body)) + body + b"short")
        except OSError:
            pass
    os._exit(0)
