"""Returns a view of one number that is 10 GB large for whoever copies it.

Must end as: bad_output or out_of_memory
"""

import numpy as np


def solve(a):
    return np.broadcast_to(np.float64(1.0), (1_250_000_000,))
