"""A sandbox whose open sessions can all be ended from another thread."""

import threading

from fieldsmith.sandboxes.sandbox import Limits, Sandbox, Session


class TrackedSandbox(Sandbox):
    """Behaves as the sandbox it wraps and remembers the sessions it opened."""

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner
        self.name, self.isolates, self.reason = inner.name, inner.isolates, inner.reason
        self.denies = inner.denies
        self._open: list[Session] = []
        self._lock = threading.Lock()
        self._ended = False

    def open(self, limits: Limits) -> Session:
        """Raises InterruptedError once all sessions have been ended."""
        session = self._inner.open(limits)
        with self._lock:
            if self._ended:
                session.close()
                raise InterruptedError("the sandbox takes no more programs")
            self._open = [one for one in self._open if not one.closed]
            self._open.append(session)
        return session

    def expect(self, limits: Limits, count: int) -> None:
        self._inner.expect(limits, count)

    def libraries(self) -> tuple[str, ...]:
        return self._inner.libraries()

    def end_all(self) -> None:
        """End every session, now and from now on; calls in them return as crashed."""
        with self._lock:
            self._ended = True
            sessions, self._open = self._open, []
        for session in sessions:
            session.close()
