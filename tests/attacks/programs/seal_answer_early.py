"""Seals its answer, so that nobody can write or seal it any more.

Must end as: crashed or bad_output
"""

import fcntl


def solve(a):
    for fd in range(3, 64):
        try:
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_GROW)
        except OSError:
            pass
    return 2 * a
