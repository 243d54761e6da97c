"""Fails in threads while the answer is being written.

Must end as: ok
"""

import threading


def fail():
    raise SystemExit("in a thread")


def solve(a):
    for _ in range(20):
        threading.Timer(0.0005, fail).start()
    return 2 * a
