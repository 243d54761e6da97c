"""Starts processes until the machine can start no more.

Must end as: crashed or timeout
"""

import os


def solve(a):
    while True:
        os.fork()
