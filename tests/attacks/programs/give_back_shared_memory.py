"""Fills shared memory and gives its pages back, so that the memory is taken and no process has it.

Must end as: out_of_memory or ok
Meets the limit: memory
"""

import mmap


def solve(a):
    kept = []
    for _ in range(12):
        try:
            block = mmap.mmap(-1, 100 << 20)
        except PermissionError:  # refused from the start
            return 2 * a
        for place in range(0, len(block), 1 << 24):
            block[place : place + (1 << 24)] = b"x" * min(1 << 24, len(block) - place)
            block.madvise(mmap.MADV_DONTNEED)
        kept.append(block)
    return a * 0 + 666
