"""Leaves a pickle that runs a command where it is read.

Must end as: bad_output or crashed
"""

import os
import pickle


class Loaded:
    def __reduce__(self):
        return os.system, ("touch /tmp/fieldsmith-attacked",)


def solve(a):
    for fd in range(3, 64):
        try:
            os.write(fd, pickle.dumps(Loaded()))
        except OSError:
            pass
    os._exit(0)
