"""Fills the disk.

Must end as: crashed
Meets the limit: scratch
"""


def solve(a):
    for n in range(30):
        with open(f"/tmp/big-{n}", "wb") as stream:
            for _ in range(10):
                stream.write(bytes(1 << 20))
    return a * 0 + 666
