"""What models behind an official SDK share: settings, prices, requests that can be broken off, faults in one sentence."""

import json
import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from fieldsmith.errors import MissingPart, ProviderError, ToolsRefused
from fieldsmith.models import prices
from fieldsmith.models.bodies import described
from fieldsmith.models.chat_model import (
    ChatReply,
    ChatRequest,
    nothing_heard,
    nothing_lost,
    roomy,
    silent,
    unlimited,
    without_system,
)
from fieldsmith.models.counting import prompt_tokens
from fieldsmith.models.faults import (
    RESUME,
    cannot_force,
    explained,
    fault_of,
    headers_of,
    lacks_system_role,
    refuses_caches,
    refuses_streams,
    refuses_thoughts,
    refuses_tools,
    wants_limit,
)
from fieldsmith.models.gate import Passing, Shut, gate_of
from fieldsmith.models.hearing import Hearing, bounded
from fieldsmith.models.limits import asked_to_wait
from fieldsmith.models.network import way_to
from fieldsmith.models.requests import BrokenOff, Endless, Unstreamed, interruptible, streamed
from fieldsmith.models.retrying import Faults, Misread, Patience, charged, kind_of
from fieldsmith.models.settings import Setting, checked

TIMEOUT, CONNECT_TIMEOUT = 900.0, 20.0
"""Seconds without a word from the server, and until it can be reached."""
MOST_A_TOKEN = 32.0
"""Characters that no token is longer than on average: a reply with more of them for its limit of tokens is not held to it by its server."""

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
    caches: bool = True
    """Whether it may be told what it may keep of a prompt."""

    def mended(self, error: Exception, settings: Mapping[str, Any], request: ChatRequest) -> "Form | None":
        """The form that a server asks for that has refused a request of this one; None where it is about something else."""
        if self.system and any(m.role == "system" for m in request.messages) and lacks_system_role(error):
            return replace(self, system=False)
        if self.caches and refuses_caches(error):
            return replace(self, caches=False)
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
        if not self.caches:
            messages = tuple(replace(message, stable=0) for message in messages)
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
        self.lost, self.patience = nothing_lost, Patience()
        self.label = f"{self.prefix}:{name}"
        self.name, self.base_url = name, base_url
        self.settings = checked(self.prefix, settings, known)
        self.seconds = float(self.settings.pop("timeout", SECONDS))
        self.priced = prices.known(self.label, base_url)
        self._key = key
        self._client: Any = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._form, self._hears = Form(), threading.local()
        self._met = self._ended = False
        self._gate = gate_of(base_url or self.home, key)
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
        hooks = [
            lambda response: self._gate.heard(self.name, response.headers),
            bounded(self.seconds, self._stopped.is_set),
            self._keep_body,
        ]
        http = sdk.DefaultHttpxClient(timeout=timeout, event_hooks={"response": hooks})
        return getattr(sdk, name)(timeout=timeout, http_client=http, **options)

    def hearing(self, request: ChatRequest) -> Hearing:
        """What is heard of a reply to the request that this thread is at."""
        hearing = Hearing(request, self.receiving, self.may_go_on, self.seconds, self._longest(request))
        getattr(self._hears, "of", []).append(hearing)
        return hearing

    def _longest(self, request: ChatRequest) -> float:
        """Characters that a reply may have by the limit that the server was given: one that passes over it is cut off."""
        limits = [roomy(self.settings, request)[name] for name in LIMITS if self.settings.get(name)]
        return MOST_A_TOKEN * min(limits, default=math.inf)

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

    def misunderstood(self, body: object) -> Misread:
        """The fault that an answer of good status is which holds no reply, in words of what came in its place."""
        came = described(body, self._key)
        words = f"{self.address} answered {self.label} with {came} where {self.expected} was expected."
        return Misread(words, f"{self._whereabouts} {RESUME}", body)

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
        begun, faults = time.perf_counter(), Faults(self.patience, self._met)
        while True:
            came = self._attempt(request, faults)
            if isinstance(came, dict):
                return ChatReply(**came, seconds=time.perf_counter() - begun)
            if self._stopped.wait(came):
                raise InterruptedError("stopped before a reply was asked for again")

    def _attempt(self, request: ChatRequest, faults: Faults) -> dict[str, Any] | float:
        """The fields of a reply, or after how many seconds the same is to be asked again."""
        left, heard = self.patience.pauses - faults.paused, list[Hearing]()
        try:
            with self._gate.passed(self.name, prompt_tokens(request), self._stopped.wait, left, self._held) as passing:
                faults.paused += passing.waited
                try:
                    fields = interruptible(lambda: self._asked(request, heard), self._stopped)
                except Exception as error:
                    self._count_lost(request, heard, error)
                    return self._pause_after(error, faults, passing)
                passing.answered()
                self._met = True
                return fields
        except Shut as shut:
            words = (
                f"{self.address} limits the rate, and {self.label} would have to wait for {shut.seconds:.0f} s more."
            )
            raise ProviderError(words, RESUME) from None

    def _held(self, seconds: float) -> None:
        self.waiting(f"{self.address} to take requests again: it limits the rate, for {seconds:.0f} s more.")

    def _pause_after(self, error: Exception, faults: Faults, passing: Passing) -> float:
        """Seconds to wait before the same is asked again; what is waited for at the gate is not among them. Raises what is told instead
        where it is not asked again."""
        kind = kind_of(error)
        if kind is None:
            raise error
        if isinstance(error, Endless) and faults.count and not self._ended:
            self._form = replace(self._form, streams=False)  # this server does not say where an answer ends
        if not faults.again(kind):
            raise self._told(error, faults) from None
        if kind != "limited":
            return self.patience.backoff(faults.count)
        named = asked_to_wait(headers_of(error), time.time())
        if named is not None and named > self.patience.pauses - faults.paused:
            words = f"{self.address} limits the rate of {self.label}: it wants to be asked again in {named:.0f} s."
            raise ProviderError(words, RESUME) from None
        passing.limited(lambda times: named or self.patience.backoff(times))
        return 0.0

    def _told(self, error: Exception, faults: Faults) -> Exception:
        """A fault that is not tried again, as it is told to a person."""
        if isinstance(error, BrokenOff):
            words = f"{self.address} broke off the answer of {self.label} {faults.count} times ({error})."
            return ProviderError(words, RESUME)
        return error if isinstance(error, Misread) else self._explained(error)

    def _count_lost(self, request: ChatRequest, heard: Sequence[Hearing], error: Exception) -> None:
        """Tell of the tokens of an attempt that came to nothing and that a provider charges all the same."""
        read, written = charged(request, heard[-1] if heard else None, error)
        if read or written:
            self.lost(request, read, written)

    def _explained(self, error: Exception) -> Exception:
        return explained(error, self.label, self.address, self._key, way_to(self.base_url or self.home)) or error

    def stop(self) -> None:
        """Break off requests that are being waited for."""
        self._stopped.set()

    def price(self, reply: ChatReply) -> float | None:
        return prices.cost(self.label, reply) if self.priced else None

    def saving(self, reply: ChatReply) -> float | None:
        """Dollars that the provider's cache of prompts saved, less than none where more was written than read; None without a price."""
        return prices.saving(self.label, reply) if self.priced else None

    def _asked(self, request: ChatRequest, heard: list[Hearing]) -> dict[str, Any]:
        self._hears.of, self._hears.body = heard, []
        client, form = self._connected(), self._form
        while True:
            if request.tools and not form.tools:
                raise ToolsRefused(f"{self.address} takes no tools for {self.label}.", "Ask it in text alone.")
            asked = form.asked(request)
            try:
                fields = self.ask(client, asked, form)
                self._ended = self._ended or form.streams
                return fields
            except ValueError as error:  # an answer that is no JSON
                raise self.misunderstood(getattr(error, "doc", None)) from None
            except Exception as error:
                if isinstance(error, Unstreamed) and (told := self._in_place()):
                    raise told from None
                mended = form.mended(error, self.settings, asked)
                if mended is None:
                    raise
                form = mended
                self._form, self.calls_tools = mended, mended.tools

    def _in_place(self) -> Exception | None:
        """The fault that an answer in place of a stream tells or is; None where its server may not stream at all."""
        body = b"".join(getattr(self._hears, "body", ())).decode("utf-8", "replace")
        strange = self.misunderstood(body) if self._ended else None
        if body.lstrip()[:1] not in ("{", "["):
            return strange
        try:
            return fault_of(json.loads(body)) or strange
        except ValueError:
            return self.misunderstood(body)

    def _keep_body(self, response: Any) -> None:
        """Have an answer that is no stream kept as it comes in, for this thread's request."""
        self._hears.body = kept = list[bytes]()
        read = response.iter_bytes

        def iter_bytes(*arguments: Any, **options: Any) -> Iterator[bytes]:
            for chunk in read(*arguments, **options):
                kept.append(chunk)
                yield chunk

        if "event-stream" not in response.headers.get("content-type", ""):
            response.iter_bytes = iter_bytes

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                options = {"api_key": self._key or "none", "base_url": self.base_url or self.home}
                try:
                    self._client = self.connect(**options, max_retries=0)
                except (ImportError, OSError, ValueError) as error:
                    raise MissingPart(
                        f"The client for {self.label} cannot be made: {error}.",
                        "Look at the variables of the environment that are about proxies and certificates.",
                    ) from None
            return self._client
