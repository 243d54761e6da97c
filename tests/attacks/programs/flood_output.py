"""Prints half a gigabyte to both outputs.

Must end as: ok
Meets the limit: log
"""

import os


def solve(a):
    block = b"x" * (1 << 20)
    for _ in range(250):
        os.write(1, block)
        os.write(2, block)
    return 2 * a
