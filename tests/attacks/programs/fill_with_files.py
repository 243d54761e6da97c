"""Makes empty files until it is stopped: they take the kernel's memory, and time to remove.

Must end as: ok or timeout or out_of_memory
"""


def solve(a):
    try:
        for number in range(10_000_000):
            open("/tmp/%d" % number, "w").close()
    except OSError:
        pass
    return 2 * a
