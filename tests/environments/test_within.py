"""Work that ends when its time is over, whatever it is at then."""

import threading
import time

import pytest

from fieldsmith.environments import OutOfTime
from fieldsmith.environments.within import within
from sandbox_calls import wait_until


def computes():
    while True:
        sum(range(100))


def starts_threads():
    time.sleep(0.0015)
    for _ in range(3):
        threading.Thread(target=time.sleep, args=(0.0001,), daemon=True).start()
    computes()


@pytest.mark.parametrize("work", [starts_threads, computes])
@pytest.mark.slow
def test_work_ends_with_its_time(work):
    for n in range(40):
        with pytest.raises(OutOfTime, match=r"longer than the 0\.00"):
            within(0.0015 + 0.00002 * n, work)
    wait_until(lambda: all(thread.name != "step" for thread in threading.enumerate()))


def test_what_work_gives_and_raises_comes_back():
    assert within(1.0, lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        within(1.0, lambda: 1 / 0)
