"""Computes for ever.

Must end as: timeout
Meets the limit: time
"""


def solve(a):
    while True:
        a = a + 1e-9
