"""Ends its process with the code that means success.

Must end as: crashed
"""

import os


def solve(a):
    os._exit(0)
