"""A provider that misbehaves, in front of a model: every kind of fault by a seeded plan, and an account of what it would charge.

It speaks chat completions over HTTP. Requests are told apart by their `seed`, which a model whose option `seed` is set makes of each request's ordinal.
It charges as providers do: for a prompt that it began to answer, or took and then hung on, and for the tokens that it sent; nothing for what it refused,
limited or failed at before. Nobody is charged for what is left in a buffer when a client hangs up on an endless reply, so that is sent slowly.
"""

import contextlib
import http.client
import json
import random
import socket
import struct
import threading
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

KEY, DEAD_KEY = "sk-good-0123456789", "sk-dies-0123456789"
LIMITS = {
    "429, Retry-After in seconds": (429, lambda: {"retry-after": "1"}),
    "429, Retry-After as a date": (429, lambda: {"retry-after": formatdate(time.time() + 1.5, usegmt=True)}),
    "429 without Retry-After": (429, dict),
    "500": (500, dict),
    "503, Retry-After": (503, lambda: {"retry-after": "1"}),
    "529": (529, dict),
}
REFUSALS = {
    "filter, 400": (400, "The prompt triggered the content management policy.", "content_filter"),
    "context overflow, 400": (400, "This model's maximum context length is exceeded.", "context_length_exceeded"),
}
IN_THE_MIDDLE = ("cut stream", "stream without an end", "malformed event", "error in a stream", "end for a fault")
ANSWERS = ("malformed JSON", "error in a 200", "page in a 200")
HARMLESS = ("chunks without delta", "no usage", "endless reply", "filter")
HANGS = "hung"
KINDS = (*LIMITS, *ANSWERS, *IN_THE_MIDDLE, HANGS, *HARMLESS, *REFUSALS)


@dataclass(frozen=True)
class Answer:
    """What the model behind the server says, and how many tokens it read and wrote."""

    text: str
    read: int
    written: int


Upstream = Callable[[dict[str, Any]], Answer]


@dataclass(frozen=True)
class Charge:
    """What the server charges for one request: `kind` is the fault, empty where there was none; `whole` says whether a whole reply went out."""

    request: int
    kind: str
    read: int
    written: int
    whole: bool


def seed_of(ordinal: str, seed: int = 0) -> int:
    """The seed that a request of this ordinal comes with."""
    return (seed + zlib.crc32(ordinal.encode())) % 2**31


def behind(address: str) -> Upstream:
    """The real model that a server of llama.cpp at this address has."""

    def ask(body: dict[str, Any]) -> Answer:
        onward = http.client.HTTPConnection(urlsplit(address).netloc)
        asked = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
        onward.request("POST", "/v1/chat/completions", json.dumps(asked), {"Content-Type": "application/json"})
        told = json.loads(onward.getresponse().read())
        text = told["choices"][0]["message"]["content"] or ""
        return Answer(text, told["usage"]["prompt_tokens"], told["usage"]["completion_tokens"])

    return ask


class FaultyServer(ThreadingHTTPServer):
    """`share` of the answers are faulty, each kind in turn in a drawn order. `dies_after` whole replies `DEAD_KEY` is refused."""

    daemon_threads = True

    def __init__(
        self,
        upstream: Upstream,
        share: float = 0.3,
        seed: int = 0,
        kinds: tuple[str, ...] = KINDS,
        dies_after: int = -1,
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream, self.dies_after = upstream, dies_after
        self.charges: list[Charge] = []
        self.injected: list[tuple[int, str]] = []
        self.asked: Counter[int] = Counter()
        self.times: list[tuple[float, str]] = []
        self.lock = threading.Lock()
        self._plan = Plan(share, seed, kinds)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def whole(self) -> Counter[int]:
        """How many whole replies each request got."""
        return Counter(charge.request for charge in self.charges if charge.whole)

    def fault(self, request: int) -> str:
        """The fault of the next answer. What refuses for good comes late, when a run knows that its prompts can be answered."""
        with self.lock:
            self.asked[request] += 1
            kind = self._plan.kind(refusing=len(self.whole) >= 16)
            if kind:
                self.injected.append((request, kind))
            self.times.append((time.monotonic(), kind))
            return kind

    def charge(self, charge: Charge) -> None:
        with self.lock:
            self.charges.append(charge)

    def asked_again(self) -> Counter[str]:
        """After how many faults of each kind the same was asked again."""
        later: dict[int, int] = defaultdict(int)
        again: Counter[str] = Counter()
        for request, kind in self.injected:
            later[request] += 1
            again[kind] += self.asked[request] > later[request]
        return again


class Plan:
    """The faults of the answers: each kind once in a drawn order, then anew."""

    def __init__(self, share: float, seed: int, kinds: tuple[str, ...]) -> None:
        self._rng, self._share, self._kinds, self._deck = random.Random(seed), share, kinds, list[str]()

    def kind(self, refusing: bool) -> str:
        """The next fault, empty for none; one that refuses for good waits in the deck until it may come."""
        if self._rng.random() >= self._share:
            return ""
        self._deck = self._deck or self._rng.sample(self._kinds, len(self._kinds))
        fit = [kind for kind in self._deck if refusing or kind not in REFUSALS]
        if fit:
            self._deck.remove(fit[-1])
        return fit[-1] if fit else ""


class Handler(BaseHTTPRequestHandler):
    server: FaultyServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.close_connection = True
        request = int(body.get("seed", 0))
        if DEAD_KEY in self.headers.get("Authorization", "") and 0 <= self.server.dies_after <= len(self.server.whole):
            self.fault(401, "This key was revoked.", "invalid_api_key")
            return
        kind = self.server.fault(request)
        with contextlib.suppress(OSError):  # a client that has hung up
            if kind in LIMITS:
                status, headers = LIMITS[kind]
                self.fault(status, "Not now.", "", headers())
            elif kind in REFUSALS:
                self.fault(*REFUSALS[kind])
            else:
                self.answer(body, request, kind)

    def fault(self, status: int, words: str, code: str, headers: dict[str, str] | None = None) -> None:
        self.send(status, {"error": {"message": words, "code": code or None}}, headers)

    def send(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(text)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def answer(self, body: dict[str, Any], request: int, kind: str) -> None:
        if kind == "error in a 200":
            self.send(200, {"error": {"message": "The host went away.", "code": 502}})
            return
        if kind == "page in a 200":
            self.send(200, "<html><title>Please log in</title></html>", {"Content-Type": "text/html"})
            return
        answer = self.server.upstream(body)
        if kind == HANGS:
            self.server.charge(Charge(request, kind, answer.read, 0, whole=False))
            self.connection.recv(1)  # until the client hangs up
        elif kind == "malformed JSON":
            self.server.charge(Charge(request, kind, answer.read, answer.written, whole=False))
            whole = json.dumps(
                {"id": "1", "choices": [{"index": 0, "message": {"role": "assistant", "content": answer.text}}]}
            )
            self.send(200, whole[:-20])
        elif body.get("stream"):
            self.stream(body["model"], request, kind, answer)
        else:
            self.whole(body["model"], request, kind, answer)

    def whole(self, model: str, request: int, kind: str, answer: Answer) -> None:
        """A reply that is no stream; what can only happen to a stream does not happen to it."""
        self.server.charge(Charge(request, kind, answer.read, answer.written, whole=True))
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer.text}}
        usage = {"prompt_tokens": answer.read, "completion_tokens": answer.written}
        self.send(
            200,
            {"id": "1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": usage},
        )

    def stream(self, model: str, request: int, kind: str, answer: Answer) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        pieces = [answer.text[n : n + 24] for n in range(0, len(answer.text), 24)]
        broken = kind in IN_THE_MIDDLE or kind == "filter"
        sent = ""
        for piece in pieces[: max(1, len(pieces) // 2)] if broken else pieces:
            self.chunk(model, {"delta": {"content": piece}})
            sent += piece
            if kind == "chunks without delta":
                self.chunk(model, {"content_filter_results": {"hate": {"filtered": False}}})
        written = -(-answer.written * len(sent) // max(1, len(answer.text)))
        if kind == "endless reply":
            self.endless(model, request, answer)
            return
        if kind in IN_THE_MIDDLE:
            self.server.charge(Charge(request, kind, answer.read, written, whole=False))
            self.break_off(model, kind)
            return
        self.server.charge(Charge(request, kind, answer.read, written, whole=True))
        self.chunk(model, {"delta": {}, "finish_reason": "content_filter" if kind == "filter" else "stop"})
        if kind != "no usage":
            self.event(
                {
                    "id": "1",
                    "model": model,
                    "choices": [],
                    "usage": {"prompt_tokens": answer.read, "completion_tokens": written},
                }
            )
        self.wfile.write(b"data: [DONE]\n\n")

    def break_off(self, model: str, kind: str) -> None:
        if kind == "malformed event":
            self.wfile.write(b'data: {"id": "1", "choices": [{"del\n\n')
        elif kind == "error in a stream":
            self.event({"error": {"message": "The host went away.", "code": 502}})
        elif kind == "end for a fault":
            self.chunk(model, {"delta": {}, "finish_reason": "insufficient_system_resource"})
        elif kind == "cut stream":
            self.wfile.flush()
            time.sleep(0.1)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def endless(self, model: str, request: int, answer: Answer) -> None:
        """Repeats itself until the client hangs up; the reply that the client then has is whole as far as it is concerned."""
        size = len(answer.text)
        try:
            while True:
                self.chunk(model, {"delta": {"content": "# and so on, and on, \n"}})
                size += 22
                time.sleep(0.002)
        except OSError:
            self.server.charge(Charge(request, "endless reply", answer.read, -(-size // 4), whole=True))

    def chunk(self, model: str, choice: dict[str, Any]) -> None:
        self.event(
            {
                "id": "1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": model,
                "choices": [{"index": 0, **choice}],
            }
        )

    def event(self, body: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(body).encode() + b"\n\n")

    def log_message(self, *_: object) -> None: ...
