"""Returns NaN, infinity and denormal numbers, which must not count as small errors.

Must end as: ok
"""

import numpy as np


def solve(a):
    return np.array([np.nan, np.inf, 5e-324, -0.0])
