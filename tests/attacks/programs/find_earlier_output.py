"""Prints what it was given, and looks for what it has printed before in the memory that it was forked with.

Must end as: ok
"""

import os
import re

PRINTED = re.compile(rb"printed-before:[0-9a-f]{64}")


def solve(a):
    with open("/proc/self/maps") as listed, open("/proc/self/mem", "rb", 0) as memory:
        for line in listed.read().splitlines():
            words = line.split()
            begin, end = (int(word, 16) for word in words[0].split("-"))
            if "r" not in words[1] or words[-1] in ("[vvar]", "[vsyscall]"):
                continue
            try:
                memory.seek(begin)
                if PRINTED.search(memory.read(end - begin)):
                    return a * 0 + 666
            except (OSError, OverflowError):
                pass
    print("printed-before:" + os.urandom(32).hex())
    return 2 * a
