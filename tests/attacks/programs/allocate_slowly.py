"""Takes more memory than it may, piece by piece, so that no single request is refused.

Must end as: out_of_memory
Meets the limit: memory
"""

import numpy as np


def solve(a):
    kept = [np.ones(1_000_000) for _ in range(100)]
    return a * 0 + 666 if len(kept) == 100 else 2 * a
