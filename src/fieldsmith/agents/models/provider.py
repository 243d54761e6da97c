"""What models behind an official SDK share: settings, prices, requests that can be broken off, faults in one sentence."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fieldsmith.agents.models import prices
from fieldsmith.agents.models.chat_model import ChatReply, ChatRequest, nothing_heard, silent
from fieldsmith.agents.models.faults import RESUME, ToldFault, explained, refuses_streams
from fieldsmith.agents.models.requests import BrokenOff, Endless, Unstreamed, interruptible, streamed
from fieldsmith.agents.models.settings import Setting, checked
from fieldsmith.errors import ProviderError

TIMEOUT, CONNECT_TIMEOUT = 900.0, 20.0
"""Seconds without a word from the server, and until it can be reached."""
RETRIES = 4
"""Attempts of the SDK after rate limits and server faults, and ours after a connection that breaks in mid-reply."""


class ProviderModel(ABC):
    """A model that an SDK asks over HTTP. Replies are streamed where the server can, so that no silence looks like a fault."""

    prefix: str
    home: str
    """The provider's own address."""
    usual: str
    """What a right --base-url looks like."""

    def __init__(
        self, name: str, base_url: str | None, key: str, settings: Mapping[str, object], known: Mapping[str, Setting]
    ) -> None:
        self.note, self.waiting, self.receiving = "a language model", silent, nothing_heard
        self.label = f"{self.prefix}:{name}"
        self.name, self.base_url = name, base_url
        self.settings = checked(self.prefix, settings, known)
        self.priced = prices.known(self.label, base_url)
        self._key = key
        self._client: Any = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._streams = True

    @abstractmethod
    def connect(self, **options: Any) -> Any:
        """The SDK's client."""

    @abstractmethod
    def ask(self, client: Any, request: ChatRequest, stream: bool) -> dict[str, Any]:
        """Fields of the reply. Raises Unstreamed where a streamed answer holds nothing."""

    @property
    def address(self) -> str:
        return self.base_url or self.home.removeprefix("https://").partition("/")[0]

    def streamed(self, parts: Iterable[Any]) -> Iterator[Any]:
        return streamed(parts, self._stopped)

    def understood(self, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What `read` takes out of an answer. Raises ProviderError where the answer has another form."""
        try:
            return read()
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise self.misunderstood(error) from None

    def misunderstood(self, error: Exception) -> ProviderError:
        return ProviderError(
            f"{self.address} did not answer {self.label} as its API promises ({type(error).__name__}: {error}).",
            f"Check --base-url; {self.usual}. {RESUME}",
        )

    def complete(self, request: ChatRequest) -> ChatReply:
        begun = time.perf_counter()
        for attempt in range(RETRIES):
            if attempt and self._stopped.wait(2.0 ** (attempt - 1) - 1.0):
                raise InterruptedError("stopped before a reply was asked for again")
            try:
                fields = interruptible(lambda: self._asked(request), self._stopped)
                return ChatReply(**fields, seconds=time.perf_counter() - begun)
            except BrokenOff as broken:
                if isinstance(broken, Endless) and attempt:
                    self._streams = False  # this server does not say where an answer ends
                if attempt == RETRIES - 1:
                    words = f"{self.address} broke off the answer of {self.label} {RETRIES} times ({broken})."
                    raise ProviderError(words, RESUME) from None
            except ToldFault as fault:
                if fault.lasting or attempt == RETRIES - 1:
                    raise self._explained(fault) from None
            except ValueError as error:  # an answer that is no JSON
                raise self.misunderstood(error) from None
            except Exception as error:
                known = self._explained(error)
                if known is error:
                    raise
                raise known from None
        raise AssertionError("unreachable")

    def _explained(self, error: Exception) -> Exception:
        return explained(error, self.label, self.address, self._key) or error

    def stop(self) -> None:
        """Break off requests that are being waited for."""
        self._stopped.set()

    def price(self, reply: ChatReply) -> float | None:
        return prices.cost(self.label, reply) if self.priced else None

    def _asked(self, request: ChatRequest) -> dict[str, Any]:
        with self._lock:
            if self._client is None:
                self._client = self.connect(
                    api_key=self._key or "none",
                    base_url=self.base_url or self.home,
                    max_retries=RETRIES,
                )
        if self._streams:
            try:
                return self.ask(self._client, request, stream=True)
            except Unstreamed:
                self._streams = False
            except Exception as error:
                if not refuses_streams(error):
                    raise
                self._streams = False
        return self.ask(self._client, request, stream=False)
