"""What serves a model file in a process of its own: `python gguf_child.py FILE OPTIONS`, started by `gguf.py`."""

import http.client
import importlib
import json
import os
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from fieldsmith.models.chat_completions import parts_of_calls

SECONDS = 10.0


def _serve(file: str, options: dict[str, int]) -> None:
    """The child: answer requests until standard input ends."""
    xllamacpp: Any = importlib.import_module("xllamacpp")

    # llama.cpp writes to standard output; the answers go where that cannot reach.
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    threads = options.pop("threads")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = file
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    # Threads that wait by spinning take the cores from the programs that are judged at the same time.
    parameters.cpuparams.poll = parameters.cpuparams_batch.poll = 0
    for name, value in options.items():
        setattr(parameters, name, value)
    parameters.use_jinja = True  # or it takes no tools
    server = xllamacpp.Server(parameters)
    lock = threading.Lock()

    def tell(number: int, **fields: object) -> None:
        with lock:
            out.write(json.dumps({"number": number, **fields}) + "\n")
            out.flush()

    def answer(number: int, request: dict[str, Any]) -> None:
        try:
            tell(number, **_answered(server, request, lambda characters: tell(number, heard=characters)))
        except Exception as error:
            tell(number, error=f"{type(error).__name__}: {error}")

    tell(0, ready=True, tools=_shows_tools(server))
    for line in sys.stdin:
        asked = json.loads(line)
        threading.Thread(target=answer, args=(asked["number"], asked["request"]), daemon=True).start()
    os._exit(0)


def _shows_tools(server: Any) -> bool:
    """Whether the model's template has a place for tools: where it has none, llama.cpp takes them and shows the model nothing."""
    try:
        asked = http.client.HTTPConnection(urlsplit(server.listening_address).netloc, timeout=SECONDS)
        asked.request("GET", "/props")
        told = json.loads(asked.getresponse().read())["chat_template_caps"]["supports_tools"]
    except (
        AttributeError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        http.client.HTTPException,
    ):  # a version that does not tell
        return True
    return bool(told)


def _answered(server: Any, request: dict[str, Any], heard: Any) -> dict[str, Any]:
    """Text, thoughts, parts of calls, reason of the end and usage of one streamed completion."""
    text, thoughts, calls, ending, usage, faults = [], [], [], "", {}, []
    size = 0
    last = time.monotonic()

    def chunk(data: Any) -> None:
        nonlocal ending, usage, last, size
        for part in data if isinstance(data, list) else [data]:
            part = json.loads(part) if isinstance(part, str | bytes) else part
            if "error" in part:
                faults.append(part["error"].get("message", part["error"]))
            usage = part.get("usage") or usage
            for choice in part.get("choices", ()):
                delta = choice.get("delta") or {}
                text.append(delta.get("content") or "")
                thoughts.append(delta.get("reasoning_content") or "")
                calls.extend(added := list(parts_of_calls(delta)))
                size += len(text[-1]) + len(thoughts[-1]) + sum(len(str(part["arguments"] or "")) for part in added)
                ending = choice.get("finish_reason") or ending
        if time.monotonic() - last > 1.0:
            last = time.monotonic()
            heard(size)

    asked = {**request, "stream": True, "stream_options": {"include_usage": True}}
    server.handle_chat_completions(json.dumps(asked), chunk)
    if faults:
        return {"error": faults[0]}
    told = {"text": "".join(text), "thoughts": "".join(thoughts), "calls": calls}
    return {**told, "stop": ending, "usage": usage}


if __name__ == "__main__":
    _serve(sys.argv[1], json.loads(sys.argv[2]))
