"""Returns bytes of a pickle in place of an array.

Must end as: bad_output
"""

import os
import pickle


class Loaded:
    def __reduce__(self):
        return os.system, ("touch /tmp/fieldsmith-attacked",)


def solve(a):
    return pickle.dumps(Loaded())
