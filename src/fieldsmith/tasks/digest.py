"""A digest of the arrays that programs are scored on: whether two machines had the very same data."""

import hashlib
from collections.abc import Iterable

import numpy as np

from fieldsmith.tasks.task import Case


def digest_of(cases: Iterable[Case]) -> str:
    """SHA-256 over names, shapes, types and values of all inputs and references, in an order of their own.

    What a task's fingerprint names determines the data up to rounding; this is of the values themselves.
    """
    digest = hashlib.sha256()
    for case in cases:
        for arrays in (case.inputs, case.reference):
            for name in sorted(arrays):
                array = np.asarray(arrays[name])
                little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
                digest.update(f"{case.name} {name} {little.dtype.str} {array.shape}\n".encode())
                digest.update(little.tobytes())
    return digest.hexdigest()
