"""Leaves data in attributes and times of folders that are there before and after a call.

Must end as: ok
"""

import os

FOLDERS = ("/tmp", "/dev/shm", "/dev/pts", "/dev", "/")


def solve(a):
    for folder in FOLDERS:
        try:
            if os.getxattr(folder, "user.remembered"):
                return a * 0 + 666
        except OSError:
            pass
        if os.path.exists(folder) and folder in ("/tmp", "/dev/shm") and os.stat(folder).st_mtime == 12345.0:
            return a * 0 + 666
    for folder in FOLDERS:
        for act in (
            lambda: os.setxattr(folder, "user.remembered", b"x" * 60000),
            lambda: os.utime(folder, (12345.0, 12345.0)),
        ):
            try:
                act()
            except OSError:
                pass
    return 2 * a
