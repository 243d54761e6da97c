"""Changes its root folder, a first step out of a chroot.

Must end as: ok
"""

import os


def solve(a):
    try:
        os.chroot("/tmp")
    except OSError:
        return 2 * a
    return a * 0 + 666
