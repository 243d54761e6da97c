"""Takes memory that is shared with nobody but counts as shared.

Must end as: out_of_memory or ok
Meets the limit: memory
"""

import mmap
import time


def solve(a):
    kept = []
    for _ in range(10):
        try:
            block = mmap.mmap(-1, 100 << 20)
        except PermissionError:  # refused from the start
            return 2 * a
        for place in range(0, len(block), 4096):
            block[place] = 1
        kept.append(block)
    time.sleep(1.5)
    return a * 0 + 666
