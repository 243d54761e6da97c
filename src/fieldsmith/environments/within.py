"""Work that ends when its time is over, also where it does not look at the clock."""

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

from fieldsmith.environments.observation import OutOfTime

T = TypeVar("T")
GRACE = 2.0
"""Seconds that work has to end in, once its time is over, before it is left to itself."""


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
    if thread.ident is not None and thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Late))


class _Late(OutOfTime):
    """Raised in the thread, where nobody can give it words."""

    def __init__(self) -> None:
        super().__init__("The time is over.")
