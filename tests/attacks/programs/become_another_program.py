"""Replaces its process with one that ends well.

Must end as: crashed
"""

import os


def solve(a):
    os.execv("/bin/true", ["true"])
