"""Asks for 64 GB at once.

Must end as: out_of_memory
Meets the limit: memory
"""

import numpy as np


def solve(a):
    return np.ones(8_000_000_000)[:4]
