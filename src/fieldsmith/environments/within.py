"""Work that ends when its time is over, also where it does not look at the clock."""

import ctypes
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from fieldsmith.environments.observation import OutOfTime

T = TypeVar("T")
GRACE = 2.0
"""Seconds that work has to end in, once its time is over, before it is left to itself."""
PAUSE = 0.0005
START = threading.Thread.start.__code__


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` gives or raises. Raises OutOfTime if it takes longer.

    It runs in a thread of its own, in which OutOfTime is raised when the time is over; what never returns to Python, such as one long call of
    a library, is left behind and goes on.
    """
    given: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            given.append(work())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name="step", daemon=True)
    thread.start()
    try:
        thread.join(seconds)
        if thread.is_alive():
            _end(thread)
    except BaseException:
        _raise_in(thread)
        raise
    if raised and not isinstance(raised[0], _Late):
        raise raised[0]
    if not given:
        raise OutOfTime(f"The step took longer than the {seconds:g} s that it may.", "Ask for less work.")
    return given[0]


def _end(thread: threading.Thread) -> None:
    """End it; where another exception has come up in between, it counts."""
    _raise_in(thread)
    thread.join(GRACE)


def _raise_in(thread: threading.Thread) -> None:
    """Raise it there, and not while it starts another thread: until that runs, CPython keeps it under the number of this one, and it would get the
    exception. It would end before it has begun, and whoever starts it would wait for ever.
    """
    until = time.monotonic() + GRACE
    raise_there = ctypes.pythonapi.PyThreadState_SetAsyncExc
    late = ctypes.py_object(_Late)
    while thread.ident is not None and thread.is_alive():
        number = ctypes.c_ulong(thread.ident)
        time.sleep(PAUSE)  # whoever has just got the interpreter back keeps it for long enough
        if thread.is_alive() and (not _starts_another(thread.ident) or time.monotonic() > until):
            raise_there(number, late)
            return


def _starts_another(number: int) -> bool:
    frame = sys._current_frames().get(number)
    while frame is not None:
        if frame.f_code is START:
            return True
        frame = frame.f_back
    return False


class _Late(OutOfTime):
    """Raised in the thread, where nobody can give it words."""

    def __init__(self) -> None:
        super().__init__("The time is over.")
