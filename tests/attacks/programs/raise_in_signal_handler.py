"""Is interrupted by a timer a thousand times a second, whose handler raises wherever it comes.

Must end as: crashed or bad_output or ok
"""

import signal
import time


def fail(*_):
    raise RuntimeError("interrupted")


def solve(a):
    signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        time.sleep(0.01)
    except RuntimeError:
        pass
    return 2 * a
