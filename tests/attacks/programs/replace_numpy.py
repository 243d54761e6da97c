"""Replaces the functions of NumPy that the worker and the judge might use.

Must end as: ok or crashed or bad_output
"""

import numpy as np


def solve(a):
    def lie(*_, **__):
        return np.zeros(4)

    result = 2 * a
    for name in ("load", "save", "mean", "isfinite", "allclose", "array_equal", "any", "real", "imag"):
        setattr(np, name, lie)
    return result
