"""Writes to its inputs, which the host shares among all calls of all candidates.

Must end as: ok
"""

import numpy as np


def solve(a):
    honest = np.array_equal(a, np.arange(4.0))
    a.flags.writeable = True
    a[:] = 666
    return np.arange(4.0) * 2 if honest else a
