"""Fills the shared memory, which is the host's memory.

Must end as: crashed
Meets the limit: scratch
"""


def solve(a):
    for n in range(30):
        with open(f"/dev/shm/big-{n}", "wb") as stream:
            for _ in range(10):
                stream.write(bytes(1 << 20))
    return a * 0 + 666
