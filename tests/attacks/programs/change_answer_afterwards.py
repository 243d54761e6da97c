"""Keeps the memory of its answer mapped in a process of another session, which goes on changing it after the call.

Must end as: ok or bad_output or crashed
"""

import json
import mmap
import os
import struct
import time


def solve(a):
    arrays = [{"name": "y", "dtype": "<f8", "shape": [4], "bytes": 32}]
    body = json.dumps({"status": "ok", "failure": None, "arrays": arrays}).encode()
    message = struct.pack("<8sQ", b"FSMITH02", len(body)) + body
    message += bytes(-len(message) % 64)
    for fd in range(3, 64):
        try:
            os.write(fd, message + bytes(64))
        except OSError:
            continue
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                view = mmap.mmap(fd, len(message) + 64)
                while True:
                    value = struct.pack("<d", time.time())
                    view[len(message) : len(message) + 8] = value
            os._exit(0)
    time.sleep(0.2)
    os._exit(0)
