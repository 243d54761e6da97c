"""Requests to a provider that can be broken off, and answers that are not what the API promises."""

import threading
from collections.abc import Callable
from typing import TypeVar

from fieldsmith.agents.models.faults import RESUME
from fieldsmith.errors import ProviderError

Answer = TypeVar("Answer")
POLL = 0.1


def interruptible(ask: Callable[[], Answer], stopped: threading.Event) -> Answer:
    """What `ask` returns or raises; InterruptedError as soon as `stopped` is set.

    A read from a socket cannot be woken, so it happens in a thread of its own that nobody waits for.
    """
    outcome: list[Answer] = []
    failure: list[BaseException] = []
    over = threading.Event()

    def work() -> None:
        try:
            outcome.append(ask())
        except BaseException as error:
            failure.append(error)
        finally:
            over.set()

    threading.Thread(target=work, daemon=True, name="request").start()
    while not over.wait(POLL):
        if stopped.is_set():
            raise InterruptedError("stopped while waiting for a reply")
    if failure:
        raise failure[0]
    return outcome[0]


def understood(read: Callable[[], Answer], label: str, address: str) -> Answer:
    """What `read` takes out of an answer. Raises ProviderError where the answer has another form."""
    try:
        return read()
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ProviderError(
            f"{address} did not answer {label} as its API promises ({type(error).__name__}: {error}).",
            f"Check --base-url; it usually ends in /v1. {RESUME}",
        ) from None
