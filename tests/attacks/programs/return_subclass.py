"""Returns an array whose class claims another shape and other values.

Must end as: ok or bad_output
"""

import numpy as np


class Liar(np.ndarray):
    @property
    def shape(self):
        return (4,)

    @property
    def nbytes(self):
        return 32

    def __array__(self, *_, **__):
        return np.full(1000, 666.0)


def solve(a):
    return np.full(1000, 666.0).view(Liar)[:4] * 0
