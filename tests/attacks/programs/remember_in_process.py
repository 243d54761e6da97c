"""Leaves a process in a session of its own that answers the next call's questions through an abstract socket.

Must end as: ok
"""

import os
import socket
import time


def solve(a):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("\0remembered")
            return a * 0 + 666
    except OSError:
        pass
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            server = socket.socket(socket.AF_UNIX)
            server.bind("\0remembered")
            server.listen()
            while True:
                server.accept()
        os._exit(0)
    time.sleep(0.2)
    return 2 * a
