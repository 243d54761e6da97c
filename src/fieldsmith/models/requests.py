"""Requests to a provider that can be broken off, and answers that are not what the API promises."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fieldsmith.errors import InputError
from fieldsmith.models.faults import disconnected, timed_out, told_in

Answer = TypeVar("Answer")
POLL = 0.1


class Unstreamed(Exception):
    """A streamed answer held nothing: the server does not stream, or answers with something else."""


class BrokenOff(Exception):
    """The connection ended in the middle of a streamed answer, after which SDKs do not try again."""


class Endless(BrokenOff):
    """A streamed answer ended without saying so: it was cut on its way, or the server does not say so."""

    def __init__(self) -> None:
        super().__init__("no end of the reply")


def streamed(parts: Iterable[Answer], stopped: threading.Event) -> Iterator[Answer]:
    """The parts of a streamed answer, closed when `stopped` is set, so that the server ends its work too.

    Raises ToldFault for a fault that the answer tells, BrokenOff for a connection that ends, also before the first part, and
    for whatever else happens after it.
    """
    begun = False
    try:
        for part in parts:
            if stopped.is_set():
                raise InterruptedError("stopped in the middle of a reply")
            yield part
            begun = True
    except InterruptedError:
        raise
    except Exception as error:
        fault = told_in(error)
        if fault is not None:
            raise fault from error
        if timed_out(error) or not (begun or disconnected(error)):
            raise
        raise BrokenOff(type(error).__name__) from error
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()


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


def text_of(content: object) -> str:
    """The text of a message: as it is, or its parts of type text joined. Raises TypeError for anything else."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part if isinstance(part, dict) else vars(part) for part in content]
        return "".join(str(part["text"]) for part in parts if part.get("type") == "text")
    raise TypeError(f"a message holds a {type(content).__name__}")


def refusal_of(message: object) -> str:
    """What a message says in the place that the API has for refusals: beside its content, or a part of it."""
    content = getattr(message, "content", None)
    parts = [part if isinstance(part, dict) else vars(part) for part in content] if isinstance(content, list) else []
    said = [
        getattr(message, "refusal", None),
        *(part.get("refusal") for part in parts if part.get("type") == "refusal"),
    ]
    return "".join(text for text in said if isinstance(text, str))


def thoughts_of(message: object) -> str:
    """What a reasoning model thought, in the places where compatible servers put it beside the answer."""
    told = (getattr(message, name, None) for name in ("reasoning_content", "reasoning"))
    return next((text for text in told if isinstance(text, str)), "")


def with_thoughts(text: str, thoughts: str) -> str:
    """A reply with its thoughts in tags before it, so that they are kept and can be told apart."""
    return f"<think>{thoughts}</think>\n{text}" if thoughts.strip() else text


def with_refusal(fields: dict[str, Any], refusal: str) -> dict[str, Any]:
    """A reply's fields; where it was refused in words, these come first and are why it stopped."""
    if not refusal:
        return fields
    return {**fields, "text": "\n\n".join(filter(None, (refusal, fields["text"]))), "stop": "refusal"}


def checked_address(base_url: str | None) -> str | None:
    """An address as given with --base-url. Raises InputError for one that cannot be used."""
    if base_url is None:
        return None
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable:
        raise InputError(f"--base-url {base_url!r} is no web address.", "Write it like http://localhost:8000/v1.")
    if parts.username or parts.password or parts.query:
        raise InputError(
            "--base-url holds a name, a password or a query, which would be stored with the run.",
            "Give the address alone, and a key in the environment or with --key-file.",
        )
    return base_url
