"""Opens packet, raw, netlink, vsock and Bluetooth sockets, each a way around a firewall or into the kernel.

Must end as: ok
"""

import socket


def solve(a):
    for family, kind in ((17, 3), (2, 3), (16, 3), (40, 1), (31, 3), (10, 1), (38, 5)):
        try:
            socket.socket(family, kind).close()
            return a * 0 + 666
        except OSError:
            pass
    return 2 * a
