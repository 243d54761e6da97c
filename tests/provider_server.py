"""A server on this machine that speaks the providers' APIs, with every kind of fault that a test asks for."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openai

from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatModel, ChatRequest, Message
from fieldsmith.models.retrying import Patience

KEY = "sk-canary-1234"
HURRIED = Patience(limited=6, first=0.0)
"""Attempts follow one another at once."""
REQUEST = ChatRequest((Message("system", "You are brief."), Message("user", "Say hello.")))


class Server(ThreadingHTTPServer):
    """Speaks chat completions, responses and messages; `faults` are statuses to answer with first, with `after` as Retry-After;
    `script` are statuses with their headers, before anything else.

    `events` are what a streamed answer consists of, `no_streams` says with which status and words, or body,
    none is given; `most` events come before a stream breaks. `unwanted` is a field or a role that is refused with `words`, and
    `refused_in_turns` a field of a message. `raw` is an answer as it stands, with its status and its media type.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults: list[int] = []
        self.script: list[tuple[int, dict]] = []
        self.limited = threading.Event()
        self.after: str | None = "0"
        self.seen: list[tuple[str, dict, dict]] = []
        self.answer: object = None
        self.raw: bytes | None = None
        self.raw_status, self.media = 200, "application/json"
        self.streams, self.breaks, self.politely = False, 0, False
        self.refuses = ""
        self.events: list[dict] | None = None
        self.no_streams: tuple[int, str | dict] = (0, "")
        self.words, self.most, self.unwanted, self.refused_in_turns = "", 3, "", ""
        self.refused_in_content = ""
        self.hold = 0.0
        self.holding, self.release = threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, body, {k.lower(): v for k, v in self.headers.items()}))
        status, why = self.server.no_streams
        roles = [m["role"] for m in body["messages"]] if "messages" in body else []
        within = {name for m in body.get("messages", ()) for name in m}
        if self.server.script:
            status, headers = self.server.script.pop(0)
            self.reply(status, {"error": {"message": "Slow down"}}, headers)
            self.server.limited.set()
        elif (
            (self.server.unwanted and self.server.unwanted in (*body, *roles))
            or self.server.refused_in_turns in within
            or (self.server.refused_in_content and self.server.refused_in_content in json.dumps(body))
        ):
            self.reply(400, {"error": {"message": self.server.words}})
        elif body.get("stream") and status:
            self.reply(status, why if isinstance(why, dict) else {"error": {"message": why, "param": "stream"}})
        elif body.get("stream") and self.server.events is not None:
            named = [(f"event: {event['type']}\n" if "type" in event else "", event) for event in self.server.events]
            self.parts([f"{name}data: {json.dumps(event)}\n\n" for name, event in named])
        elif self.server.answer is not None:
            self.server.holding.set()
            self.server.release.wait(self.server.hold)
            self.reply(200, self.server.answer)
        elif self.server.raw is not None:
            self.send(self.server.raw_status, self.server.raw, {"Content-Type": self.server.media, "retry-after": "0"})
        elif self.server.faults:
            status = self.server.faults.pop(0)
            words = self.server.words or f"no, not with {KEY}"
            self.reply(
                status,
                {"error": {"message": words, "type": "x"}},
                {"retry-after": self.server.after} if self.server.after else {},
            )
        elif body.get("stream") and self.server.streams:
            self.stream(body)
        elif self.path.endswith("/chat/completions"):
            choice = {"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "hello"}}
            usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
            self.reply(
                200,
                {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": body["model"],
                    "choices": [choice],
                    "usage": usage,
                },
            )
        elif self.path.endswith("/messages"):
            usage = {"input_tokens": 12, "output_tokens": 4}
            content = [{"type": "text", "text": "hello"}]
            self.reply(
                200,
                {
                    "id": "1",
                    "type": "message",
                    "role": "assistant",
                    "model": body["model"],
                    "content": content,
                    "stop_reason": "end_turn",
                    "stop_sequence": None,
                    "usage": usage,
                },
            )
        else:
            self.reply(404, {"error": {"message": "no such page"}})

    def reply(self, status: int, body: dict, headers: dict | None = None) -> None:
        self.send(status, json.dumps(body).encode(), headers)

    def send(self, status: int, text: bytes, headers: dict | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(text)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def stream(self, body: dict) -> None:
        """The same answer in parts; the first `breaks` times it ends in the middle, `politely` or with the connection."""
        if self.path.endswith("/messages"):
            message = {"id": "1", "type": "message", "role": "assistant", "model": body["model"], "content": []}
            usage = {"input_tokens": 12, "output_tokens": 1}
            events = [
                {"type": "message_start", "message": {**message, "usage": usage}},
                {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                *(
                    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": t}}
                    for t in "hi!"
                ),
                {"type": "content_block_stop", "index": 0},
                {"type": "message_delta", "delta": self.ending(), "usage": {"output_tokens": 4}},
                {"type": "message_stop"},
            ]
            lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
        else:
            part = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
            deltas = [{"index": 0, "delta": {"content": t}, "finish_reason": None} for t in "hi!"]
            deltas += [{"index": 0, "delta": {"refusal": t}, "finish_reason": None} for t in self.server.refuses]
            deltas.append({"index": 0, "delta": {}, "finish_reason": "stop" if self.server.refuses else "length"})
            usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
            events = [{**part, "choices": [delta]} for delta in deltas] + [{**part, "choices": [], "usage": usage}]
            lines = [f"data: {json.dumps(event)}\n\n" for event in events] + ["data: [DONE]\n\n"]
        self.parts(lines)

    def parts(self, lines: list[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        broken = self.server.breaks > 0
        self.server.breaks -= broken
        for line in lines[: self.server.most if broken else None]:
            self.wfile.write(f"{len(line.encode()):x}\r\n{line}\r\n".encode())
        if not broken or self.server.politely:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def ending(self) -> dict:
        """Why a streamed message ends."""
        why = self.server.refuses
        if not why:
            return {"stop_reason": "max_tokens"}
        return {"stop_reason": "refusal", "stop_details": {"type": "refusal", "category": None, "explanation": why}}

    def log_message(self, *_: object) -> None: ...


def model_of(kind: str, server: Server, **settings: Any) -> Any:
    """A model of that kind behind the server."""
    return open_model(
        f"{kind}:some-model", base_url=server.url + ("/v1" if kind == "openai" else ""), settings=settings
    )


def responding(server: Server) -> ChatModel:
    """A model behind the API of OpenAI itself, at an address of this machine."""
    model = model_of("openai", server)
    model.connect = lambda **options: openai.OpenAI(**{**options, "base_url": f"{server.url}/v1"})
    model.base_url = None
    return model
