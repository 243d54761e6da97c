"""Makes all clocks that Python knows stand still, then takes its time.

Must end as: ok
Takes at least: 0.5
"""

import time

sleep = time.sleep
for name in (
    "time",
    "perf_counter",
    "monotonic",
    "process_time",
    "time_ns",
    "perf_counter_ns",
    "monotonic_ns",
    "sleep",
):
    setattr(time, name, lambda *_: 0)


def solve(a):
    sleep(0.6)
    return 2 * a
