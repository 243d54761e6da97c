"""Raises from destructors, while the worker is clearing up.

Must end as: ok
"""


class Late:
    def __del__(self):
        raise SystemExit("late")


kept = Late()


def solve(a):
    a.flags.writeable
    late = [Late() for _ in range(100)]
    return 2 * a + 0 * len(late)
