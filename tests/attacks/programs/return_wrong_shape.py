"""Returns one value too many.

Must end as: bad_output
"""

import numpy as np


def solve(a):
    return np.append(a, 1.0)
