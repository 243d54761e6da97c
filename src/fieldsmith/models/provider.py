"""What models behind an official SDK share: settings, prices, requests that can be broken off, faults in one sentence."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from fieldsmith.errors import MissingPart, ProviderError, ToolsRefused
from fieldsmith.models import prices
from fieldsmith.models.bodies import described
from fieldsmith.models.chat_model import ChatReply, ChatRequest, nothing_heard, silent, unlimited, without_system
from fieldsmith.models.faults import (
    RESUME,
    ToldFault,
    cannot_force,
    explained,
    fault_of,
    lacks_system_role,
    refuses_streams,
    refuses_thoughts,
    refuses_tools,
    wants_limit,
)
from fieldsmith.models.hearing import Hearing, bounded
from fieldsmith.models.network import way_to
from fieldsmith.models.requests import BrokenOff, Endless, Unstreamed, interruptible, streamed
from fieldsmith.models.settings import Setting, checked

TIMEOUT, CONNECT_TIMEOUT = 900.0, 20.0
"""Seconds without a word from the server, and until it can be reached."""
RETRIES = 4
"""Attempts of the SDK after rate limits and server faults, and ours after a connection that breaks in mid-reply."""


SECONDS = 3600.0
"""How long a reply may take in all, unless the setting `timeout` says otherwise."""

LIMITS = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True)
class Form:
    """How a server wants to be asked, as far as its refusals have told."""

    streams: bool = True
    system: bool = True
    """Whether there is a role for what the system says."""
    limit: str = ""
    """What the limit of a reply's tokens is called, where not as the setting is."""
    tools: bool = True
    """Whether the model may be given tools."""
    forces: bool = True
    """Whether it can be made to call one."""
    echoes: bool = True
    """Whether it takes back what it thought before it called."""

    def mended(self, error: Exception, settings: Mapping[str, Any], request: ChatRequest) -> "Form | None":
        """The form that a server asks for that has refused a request of this one; None where it is about something else."""
        if self.system and any(m.role == "system" for m in request.messages) and lacks_system_role(error):
            return replace(self, system=False)
        given = next((name for name in LIMITS if name in settings), "")
        if given and not self.limit and (wanted := wants_limit(error)) not in ("", given):
            return replace(self, limit=wanted)
        if self.streams and (isinstance(error, Unstreamed) or refuses_streams(error)):
            return replace(self, streams=False)
        return self._with_less(error, request) if request.tools else None

    def _with_less(self, error: Exception, request: ChatRequest) -> "Form | None":
        """The form for a server that refused what belongs to tools; None where it is about something else."""
        if self.forces and request.must_call and cannot_force(error):
            return replace(self, forces=False)
        if self.echoes and refuses_thoughts(error):
            return replace(self, echoes=False)
        no_role = any(m.role == "tool" for m in request.messages) and lacks_system_role(error)
        return replace(self, tools=False) if self.tools and (no_role or refuses_tools(error)) else None

    def asked(self, request: ChatRequest) -> ChatRequest:
        """The request as it goes to such a server."""
        messages = request.messages if self.system else without_system(request.messages)
        if not self.echoes:
            messages = tuple(replace(message, kept=()) for message in messages)
        return replace(request, messages=messages, must_call=request.must_call and self.forces)


class ProviderModel(ABC):
    """A model that an SDK asks over HTTP. Replies are streamed where the server can, so that no silence looks like a fault."""

    prefix: str
    home: str
    """The provider's own address."""
    versioned: bool
    """Whether a right --base-url ends in /v1."""
    expected: str
    """What a good answer is in the words of the API."""

    def __init__(
        self, name: str, base_url: str | None, key: str, settings: Mapping[str, object], known: Mapping[str, Setting]
    ) -> None:
        self.note, self.waiting, self.receiving, self.may_go_on = "a language model", silent, nothing_heard, unlimited
        self.label = f"{self.prefix}:{name}"
        self.name, self.base_url = name, base_url
        self.settings = checked(self.prefix, settings, known)
        self.seconds = float(self.settings.pop("timeout", SECONDS))
        self.priced = prices.known(self.label, base_url)
        self._key = key
        self._client: Any = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._form = Form()
        self.calls_tools = True

    @abstractmethod
    def connect(self, **options: Any) -> Any:
        """The SDK's client."""

    @abstractmethod
    def ask(self, client: Any, request: ChatRequest, form: Form) -> dict[str, Any]:
        """Fields of the reply. Raises Unstreamed where a streamed answer holds nothing."""

    @property
    def _streams(self) -> bool:
        return self._form.streams

    def connected(self, sdk: Any, **options: Any) -> Any:
        """A client of the SDK (both are made alike) whose answers end, by their own or because they are cut off."""
        name = "OpenAI" if hasattr(sdk, "OpenAI") else "Anthropic"
        timeout = sdk.Timeout(min(TIMEOUT, self.seconds), connect=CONNECT_TIMEOUT)
        watch = bounded(self.seconds, self._stopped.is_set)
        http = sdk.DefaultHttpxClient(timeout=timeout, event_hooks={"response": [watch]})
        return getattr(sdk, name)(timeout=timeout, http_client=http, **options)

    def hearing(self, request: ChatRequest) -> Hearing:
        return Hearing(request, self.receiving, self.may_go_on, self.seconds)

    @property
    def address(self) -> str:
        return self.base_url or self.home.removeprefix("https://").partition("/")[0]

    def streamed(self, parts: Iterable[Any]) -> Iterator[Any]:
        return streamed(parts, self._stopped)

    def understood(self, answer: Any, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What `read` takes out of an answer. Raises ToldFault for one that tells a fault, ProviderError where it has another form."""
        if fault := fault_of(answer):
            raise fault
        try:
            return read()
        except ValueError as error:
            raise self.misunderstood(getattr(error, "doc", answer)) from None
        except (AttributeError, IndexError, KeyError, TypeError):
            raise self.misunderstood(answer) from None

    def misunderstood(self, body: object) -> ProviderError:
        """The fault that an answer of good status is which holds no reply, in words of what came in its place."""
        came = described(body, self._key)
        words = f"{self.address} answered {self.label} with {came} where {self.expected} was expected."
        return ProviderError(words, f"{self._whereabouts} {RESUME}")

    @property
    def _whereabouts(self) -> str:
        """What to look at where something else answers than the provider."""
        if self.base_url is None:
            return "Check the network: a proxy or a login may answer in its place."
        usual = urlsplit(self.base_url).path.rstrip("/").endswith("/v1") == self.versioned
        if usual:
            return "Check --base-url, and whether a proxy or a login answers in its place."
        return f"Check --base-url; it {'usually ends' if self.versioned else 'does not end'} in /v1."

    def complete(self, request: ChatRequest) -> ChatReply:
        """Raises ToolsRefused for a request with tools where the server takes none, from then on without asking it."""
        begun = time.perf_counter()
        for attempt in range(RETRIES):
            if attempt and self._stopped.wait(2.0 ** (attempt - 1) - 1.0):
                raise InterruptedError("stopped before a reply was asked for again")
            try:
                fields = interruptible(lambda: self._asked(request), self._stopped)
                return ChatReply(**fields, seconds=time.perf_counter() - begun)
            except BrokenOff as broken:
                if isinstance(broken, Endless) and attempt:
                    self._form = replace(self._form, streams=False)  # this server does not say where an answer ends
                if attempt == RETRIES - 1:
                    words = f"{self.address} broke off the answer of {self.label} {RETRIES} times ({broken})."
                    raise ProviderError(words, RESUME) from None
            except ToldFault as fault:
                if fault.lasting or attempt == RETRIES - 1:
                    raise self._explained(fault) from None
            except ValueError as error:  # an answer that is no JSON
                raise self.misunderstood(getattr(error, "doc", None)) from None
            except Exception as error:
                known = self._explained(error)
                if known is error:
                    raise
                raise known from None
        raise AssertionError("unreachable")

    def _explained(self, error: Exception) -> Exception:
        return explained(error, self.label, self.address, self._key, way_to(self.base_url or self.home)) or error

    def stop(self) -> None:
        """Break off requests that are being waited for."""
        self._stopped.set()

    def price(self, reply: ChatReply) -> float | None:
        return prices.cost(self.label, reply) if self.priced else None

    def _asked(self, request: ChatRequest) -> dict[str, Any]:
        client = self._connected()
        while True:
            form = self._form
            if request.tools and not form.tools:
                raise ToolsRefused(f"{self.address} takes no tools for {self.label}.", "Ask it in text alone.")
            asked = form.asked(request)
            try:
                return self.ask(client, asked, form)
            except Exception as error:
                mended = form.mended(error, self.settings, asked)
                if mended is None:
                    raise
                self._form, self.calls_tools = mended, mended.tools

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                options = {"api_key": self._key or "none", "base_url": self.base_url or self.home}
                try:
                    self._client = self.connect(**options, max_retries=RETRIES)
                except (ImportError, OSError, ValueError) as error:
                    raise MissingPart(
                        f"The client for {self.label} cannot be made: {error}.",
                        "Look at the variables of the environment that are about proxies and certificates.",
                    ) from None
            return self._client
