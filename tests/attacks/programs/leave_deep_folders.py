"""Leaves folders nested so deeply that a simple removal fails, and some that nobody may enter.

Must end as: ok
"""

import os


def solve(a):
    left = os.listdir("/tmp")
    if {"d", "closed"} & set(left) or any(name.startswith(".") for name in left):
        return a * 0 + 666
    for _ in range(1500):
        os.mkdir("d")
        os.chdir("d")
    os.chdir("/tmp")
    os.makedirs("closed/inner")
    os.chmod("closed/inner", 0)
    os.chmod("closed", 0)
    return 2 * a
