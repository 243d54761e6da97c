"""Asks the interpreter to end, with success.

Must end as: crashed
"""

import sys


def solve(a):
    sys.exit(0)
