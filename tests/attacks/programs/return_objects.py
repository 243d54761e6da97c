"""Returns an array of objects that run code when they are looked at.

Must end as: bad_output
"""

import numpy as np


class Evil:
    def __float__(self):
        raise SystemExit("looked at")

    __repr__ = __str__ = __array__ = __float__


def solve(a):
    array = np.empty(4, object)
    for n in range(4):
        array[n] = Evil()
    return array
