"""Returns the right answer in the first call and nonsense in those that follow, by counting the calls in files and numbers.

Must end as: ok
"""

import os


def solve(a):
    first = not os.path.exists("/tmp/counted")
    with open("/tmp/counted", "w") as stream:
        stream.write("1")
    return 2 * a if first else a * 0 + 666
