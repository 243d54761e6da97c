"""Reads an npy file whose header promises far more than the file holds.

Must end as: crashed or out_of_memory
"""

import numpy as np


def solve(a):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with open("/tmp/liar.npy", "wb") as stream:
        stream.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64))
    return np.load("/tmp/liar.npy")
