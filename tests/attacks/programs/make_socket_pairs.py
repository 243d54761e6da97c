"""Opens pairs of sockets of every family, some of which load modules into the kernel.

Must end as: ok
"""

import socket


def solve(a):
    for family in range(2, 46):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
            try:
                socket.socketpair(family, kind)
                return a * 0 + 666
            except OSError:
                pass
    return 2 * a
