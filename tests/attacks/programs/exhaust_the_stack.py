"""Calls itself until the stack of the process is used up.

Must end as: crashed or out_of_memory
"""

import sys


def solve(a):
    sys.setrecursionlimit(10**9)

    def deeper(n):
        return deeper(n + 1) + max([n], key=lambda m: deeper(m))

    return deeper(0)
