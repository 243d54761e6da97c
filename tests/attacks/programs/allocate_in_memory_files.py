"""Hides memory in files that are mapped nowhere, where limits of address space do not count it.

Must end as: out_of_memory or crashed
"""

import os


def solve(a):
    files = [os.memfd_create(f"hidden-{n}") for n in range(20)]
    for file in files:
        for _ in range(40):
            os.write(file, bytes(1 << 20))
    return a * 0 + 666
