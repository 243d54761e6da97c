"""Keeps data in the kernel's buffers of sockets, which are no process's memory.

Must end as: ok or out_of_memory
"""

import socket


def solve(a):
    kept, held = [], 0
    try:
        while held < 700 << 20:
            left, right = socket.socketpair()
            kept.append((left, right))
            for end in (left, right):
                end.setblocking(False)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
                try:
                    while True:
                        held += end.send(bytes(1 << 20))
                except BlockingIOError:
                    pass
    except OSError:
        return 2 * a
    return a * 0 + 666
