"""Leaves a FIFO, on which a reader waits for ever, and tries to make devices that are the host's disk and memory.

Must end as: ok
"""

import os
import stat


def solve(a):
    if os.path.lexists("/tmp/fifo"):
        return a * 0 + 666
    os.mkfifo("/tmp/fifo")
    for major, minor, kind in (
        (1, 1, stat.S_IFCHR),
        (8, 0, stat.S_IFBLK),
        (254, 0, stat.S_IFBLK),
        (1, 3, stat.S_IFCHR),
    ):
        try:
            os.mknod(f"/tmp/device-{major}-{minor}", kind | 0o666, os.makedev(major, minor))
            return a * 0 + 666
        except OSError:
            pass
    return 2 * a
