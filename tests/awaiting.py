"""Coroutines from tests that wait for them."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import anyio

T = TypeVar("T")


def awaited(work: Callable[[], Awaitable[T]]) -> T:
    """What it gives, in a thread of its own: a browser of other tests has an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, work).result()
