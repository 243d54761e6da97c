"""A run's time on disk while it goes on: that of a sitting that is killed counts too."""

import contextlib
import time

from fieldsmith.errors import FieldsmithError
from fieldsmith.orchestrator.budget import Budget
from fieldsmith.orchestrator.store import Store

EVERY_SECONDS = 30.0
"""How much of its time a kill can take from a run, where nothing begins or ends meanwhile."""


class Elapsed:
    """The seconds of a run, over all its sittings, in its store. For one thread."""

    def __init__(self, store: Store, budget: Budget) -> None:
        self._store, self._budget = store, budget
        self._kept = time.monotonic()

    def keep(self) -> None:
        """Store them now. A disk that has no room for a number is told of by what is lost without it."""
        self._kept = time.monotonic()
        with contextlib.suppress(FieldsmithError):
            self._store.keep_seconds(self._budget.seconds())

    def keep_if_due(self) -> None:
        if time.monotonic() - self._kept >= EVERY_SECONDS:
            self.keep()
