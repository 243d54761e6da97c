"""Workers that are started ahead of need, so that no candidate waits for a container to start.

A worker leaves the pool once and never comes back: what one candidate has touched no other sees.
"""

import atexit
import contextlib
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

from fieldsmith.sandboxes import cores
from fieldsmith.sandboxes.sandbox import Limits, Sandbox
from fieldsmith.sandboxes.session import PoolClosed, Worker, WorkerSession

IDLE_MB = 256
"""What a worker that waits may take, for the size of the pool."""

_pools: "weakref.WeakSet[Pool]" = weakref.WeakSet()


def size_here() -> int:
    """As many waiting workers as the machine has cores, less where memory is scarce."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return max(1, min(cores.available(), memory // (4 * IDLE_MB), 8))


class Pool:
    """Up to `size_here()` waiting workers for one kind of limits, started when a core is free, or somebody waits, or none is ready.

    `start` starts a worker and returns when it is ready. All are started by so many threads, which live until the pool is
    closed: the kernel ends bubblewrap with the thread that has started it.
    """

    def __init__(self, start: Callable[[Limits], Worker], name: str, starters: int = 1) -> None:
        self._start, self._name, self._starters = start, name, starters
        self._lock = threading.Lock()
        self._starter: ThreadPoolExecutor | None = None
        self._limits: Limits | None = None
        self._waiting: deque[Future[Worker]] = deque()
        self._wanted = 0
        self._takers = 0
        """How many wait for a worker that is not ready."""
        self._starting = 0
        """How many are being started."""
        self._closing = False
        _pools.add(self)

    def expect(self, limits: Limits, count: int) -> None:
        """Begin to start workers for `count` candidates with these limits, in place of what was expected before."""
        with self._lock:
            if limits != self._limits:
                self._empty()
            self._limits, self._wanted = limits, max(0, count)
            self._fill()

    def take(self, limits: Limits) -> Worker:
        """A fresh worker that is ready. Raises MissingPart if none can be started, PoolClosed if nobody starts any more."""
        while True:
            with self._lock:
                if limits == self._limits and self._waiting:
                    future = self._waiting.popleft()
                    self._wanted -= 1
                    self._fill()
                else:
                    future = self._submit(limits)
            try:
                with self._hurry(0 if future.done() else 1):
                    worker = future.result()
            except CancelledError:
                raise PoolClosed from None
            except BaseException:  # Ctrl-C: nobody else would end it
                if not future.cancel():
                    future.add_done_callback(_end)
                raise
            if worker.alive():  # it may have been ended from outside while it waited
                return worker
            worker.end()

    @contextlib.contextmanager
    def _hurry(self, takers: int) -> Iterator[None]:
        """Somebody takes a worker, for which they have to wait or not, and will call it soon after."""
        with self._lock:
            self._takers += takers
        cores.look_again()
        try:
            yield
        finally:
            with self._lock:
                self._takers -= takers
            cores.about_to_call()

    def _start_with_room(self, limits: Limits) -> Worker:
        """Beside calls that compute on all cores one worker is made ready for whoever comes next, and no more."""
        cores.wait_for_room(lambda: self._takers > 0 or self._closing or self._next_is_lacking())
        if self._closing:
            raise PoolClosed
        with self._lock:
            self._starting += 1
        try:
            return self._start(limits)
        finally:
            with self._lock:
                self._starting -= 1

    def _next_is_lacking(self) -> bool:
        with self._lock:
            return not self._starting and not any(future.done() for future in self._waiting)

    def ready(self) -> int:
        """How many workers wait."""
        with self._lock:
            return sum(future.done() for future in self._waiting)

    def close(self) -> None:
        """End all workers that nobody has taken. The pool can be used again."""
        with self._lock:
            self._empty()
            self._limits, self._wanted = None, 0
            starter, self._starter = self._starter, None
            self._closing = True
        cores.look_again()
        if starter is not None:
            starter.shutdown(wait=True, cancel_futures=True)
            atexit.unregister(self.close)

    def _submit(self, limits: Limits) -> "Future[Worker]":
        if self._starter is None:
            self._starter = ThreadPoolExecutor(self._starters, thread_name_prefix=f"{self._name}-starter")
            atexit.register(self.close)
        self._closing = False
        return self._starter.submit(self._start_with_room, limits)

    def forget(self) -> None:
        """Begin anew in a process that was forked: workers and their starter are the other's."""
        self._lock, self._starter, self._limits = threading.Lock(), None, None
        self._wanted = self._takers = self._starting = 0
        self._waiting = deque()

    def _fill(self) -> None:
        while self._limits is not None and len(self._waiting) < min(self._wanted, size_here()):
            self._waiting.append(self._submit(self._limits))

    def _empty(self) -> None:
        """End those that wait, and those that are being started as soon as they are."""
        while self._waiting:
            future = self._waiting.popleft()
            if not future.cancel():
                future.add_done_callback(_end)


class PooledSandbox(Sandbox):
    """A sandbox whose sessions take their workers from a pool; `start` starts one, and does so in `starters` threads at a time."""

    def __init__(self, start: Callable[[Limits], Worker], starters: int = 1) -> None:
        self._pool = Pool(start, self.name, starters)

    def open(self, limits: Limits) -> WorkerSession:
        return WorkerSession(limits, self._pool.take)

    def expect(self, limits: Limits, count: int) -> None:
        self._pool.expect(limits, count)

    def ready(self) -> int:
        return self._pool.ready()

    def close(self) -> None:
        self._pool.close()


def _forked() -> None:
    for pool in _pools:
        pool.forget()


os.register_at_fork(after_in_child=_forked)


def _end(future: "Future[Worker]") -> None:
    with contextlib.suppress(Exception):  # one that did not start need not be ended
        future.result().end()
