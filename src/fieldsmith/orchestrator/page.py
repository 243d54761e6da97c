"""When the report of a run is written anew."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from fieldsmith.orchestrator.run import RunRecord

Listener = Callable[[str, Mapping[str, object]], None]
WriteReport = Callable[[RunRecord, Path], None]
PAUSE = 5.0
"""Seconds between two writings, or more where writing takes long: the page of a long run must not slow it down."""


class Page:
    """`report.html` of a run, written as it goes by `write`; what goes wrong with it is told to the listener."""

    def __init__(self, write: Callable[[], None] | None, listener: Listener) -> None:
        self._write_report, self._listener = write, listener
        self._written, self._pause = 0.0, PAUSE
        self._lock = threading.Lock()

    def write_if_due(self) -> None:
        if time.monotonic() - self._written > self._pause:
            self.write()

    def write(self) -> None:
        """Safe to call from several threads."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        begun = time.monotonic()
        if self._write_report is not None:
            try:
                self._write_report()
            except Exception as error:  # what was forged and paid for must not be lost for a page about it
                self._listener("report_failed", {"message": f"{type(error).__name__}: {error}"})
        self._written = time.monotonic()
        self._pause = max(PAUSE, 20.0 * (self._written - begun))
