"""Walks up the stack to the worker's frames and changes what it finds there.

Must end as: ok or crashed or bad_output
"""

import sys


def solve(a):
    frame = sys._getframe()
    while frame is not None:
        for name in ("header", "results", "answer", "setting"):
            found = frame.f_locals.get(name)
            if isinstance(found, dict):
                found.update(seconds=1e9, shapes=[[4]], body_limit=1 << 40, log_bytes=1 << 40)
        frame = frame.f_back
    return 2 * a
