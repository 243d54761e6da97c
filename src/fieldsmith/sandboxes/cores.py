"""Which cores a call may use, where no control group shares them out."""

import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_used: Counter[int] = Counter()
_lock = threading.Lock()


@contextmanager
def share(count: int) -> Iterator[Sequence[int]]:
    """Numbers of `count` cores, those that the fewest calls of this process use; of all there are if there are no more."""
    with _lock:
        mine = sorted(os.sched_getaffinity(0), key=lambda core: (_used[core], core))[: max(1, count)]
        _used.update(mine)
    try:
        yield sorted(mine)
    finally:
        with _lock:
            _used.subtract(mine)
