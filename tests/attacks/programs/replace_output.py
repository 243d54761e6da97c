"""Closes and replaces standard output and error, so that whoever flushes them fails.

Must end as: ok or crashed
"""

import os
import sys


class Closed:
    def write(self, *_):
        raise SystemExit("closed")

    flush = close = fileno = write


def solve(a):
    sys.stdout = sys.stderr = sys.__stdout__ = Closed()
    os.close(1)
    os.close(2)
    return 2 * a
