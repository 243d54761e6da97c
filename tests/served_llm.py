"""A real small language model behind HTTP, and a witness between it and its clients that notes what is asked and used."""

import contextlib
import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tool_llm import small_model_file

READ = 300
"""Characters at the end of each message that the model is handed: reading takes it longer than writing, and understand it does neither."""


@contextlib.contextmanager
def small_model(file: Path | None = None) -> Iterator[str]:
    """The address of a server of its own, for the small model's file or another."""
    command = [sys.executable, str(Path(__file__).with_name("llm_server.py")), str(file or small_model_file())]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.wait()


def shortened(asked: dict[str, Any]) -> dict[str, Any]:
    """The same request with the end of each message, of text or of blocks of text."""

    def end(content: Any) -> Any:
        if isinstance(content, str):
            return content[-READ:]
        return [one | {"text": one["text"][-READ:]} if "text" in one else one for one in content or ()]

    messages = [one | {"content": end(one["content"])} if one.get("content") else one for one in asked["messages"]]
    return asked | {"messages": messages} | ({"system": end(asked["system"])} if asked.get("system") else {})


class Witness(ThreadingHTTPServer):
    """Hands requests on to the model's server, shortened unless they are to be `whole`, and notes the usage that its answers state."""

    def __init__(self, address: str, whole: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.target, self.whole = urlsplit(address).netloc, whole
        self.asked = 0
        self.paths: list[str] = []
        self.usages: list[dict[str, int]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def total(self, *names: str) -> int:
        return sum(usage.get(name, 0) for usage in self.usages for name in names)


class Handler(BaseHTTPRequestHandler):
    server: Witness

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if not self.server.whole:
            body = json.dumps(shortened(json.loads(body))).encode()
        onward = http.client.HTTPConnection(self.server.target)
        onward.request("POST", self.path, body, {"Content-Type": "application/json"})
        answer = onward.getresponse()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Connection", "close")
        self.end_headers()
        usage: dict[str, int] = {}
        for line in answer:
            with contextlib.suppress(OSError):  # a client that was killed
                self.wfile.write(line)
                self.wfile.flush()
            if line.startswith(b"data: {"):
                usage |= _usage(json.loads(line[len(b"data: ") :]))
        self.server.paths.append(self.path)
        self.server.usages.append(usage)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def _usage(event: dict) -> dict[str, int]:
    """What one event of a stream states: the last of several counts holds."""
    stated = event.get("usage") or event.get("message", {}).get("usage") or {}
    return {name: count for name, count in stated.items() if isinstance(count, int) and count}
