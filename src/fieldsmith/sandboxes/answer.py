"""Reading what a program has left: every name, type, shape and size is compared with what was asked before it is used."""

import json
import math
import re
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from fieldsmith.sandboxes.channel import HEAD, MAGIC, Content
from fieldsmith.sandboxes.sandbox import CallResult, Failure, LocalArray

ALIGNMENT = 64
HEADER_LIMIT = 4 << 20
MOST_VARIABLES, WORDS_LIMIT = 40, 120
"""Of the local variables that a failure tells: how many, and characters of each description."""
MOST_AXES, MOST_FRAMES = 8, 4096
STACK_LIMIT = 1 << 16
STOPPED_AT = re.compile(rb'File "solver\.py", line (\d{1,9}) in ')
"""As the interpreter's faulthandler writes a frame of the program; the innermost comes first."""
TYPE_LIMIT, MESSAGE_LIMIT, TRACE_LIMIT = 200, 4000, 16000
"""Characters of a failure; what a program leaves itself may be longer."""
STATUSES = ("ok", "crashed", "timeout", "out_of_memory", "missing_function", "bad_output")
LIMITS = ("memory", "processes", "time", "wall", "output", "scratch", "log")


def most_bytes(results: Mapping[str, tuple[int, ...]]) -> int:
    """The most that an answer with these arrays can take."""
    return HEADER_LIMIT + body_bytes(results)


def body_bytes(results: Mapping[str, tuple[int, ...]]) -> int:
    return sum(_padded(8 * int(np.prod(shape))) for shape in results.values())


def _padded(size: int) -> int:
    return size + -size % ALIGNMENT


def read(content: Content, results: Mapping[str, tuple[int, ...]]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The answer's header and its arrays, which share the memory of `content`. Raises ValueError if it is not as asked."""
    view = memoryview(content).toreadonly()
    if len(view) < HEAD.size:
        raise ValueError("it is no message")
    magic, length = HEAD.unpack(view[: HEAD.size])
    if magic != MAGIC or length > min(HEADER_LIMIT, len(view) - HEAD.size):
        raise ValueError("it is no message")
    try:
        header = json.loads(bytes(view[HEAD.size : HEAD.size + length]))
    except (ValueError, RecursionError):
        raise ValueError("its header is not JSON") from None
    if not isinstance(header, dict):
        raise ValueError("its header is not a mapping")
    place = _padded(HEAD.size + length)
    if header.get("status") != "ok":
        if header.get("arrays") or len(view) > place:
            raise ValueError("it carries data that it should not")
        return header, {}
    expected = [
        {"name": name, "dtype": "<f8", "shape": list(shape), "bytes": 8 * int(np.prod(shape))}
        for name, shape in results.items()
    ]
    if header.get("arrays") != expected or len(view) != place + body_bytes(results):
        raise ValueError("its arrays do not have the names, types and sizes that were asked for")
    outputs = {}
    for name, shape in results.items():
        count = int(np.prod(shape))
        outputs[name] = np.frombuffer(view if count else b"", "<f8", count, place if count else 0).reshape(shape)
        place += _padded(8 * count)
    return header, outputs


def taken(
    told: Mapping[str, Any], content: Content, results: Mapping[str, tuple[int, ...]]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The answer's header and arrays; of a call that the worker has ended only what its program was at. Raises ValueError as `read` does."""
    if not told.get("answer_bytes"):
        return {}, {}
    return (last_words(content), {}) if told.get("status") else read(content, results)


def last_words(content: Content) -> dict[str, Any]:
    """What a program that was ended was at, with its variables; its line alone where it did not come to tell; empty for anything else."""
    view = memoryview(content)[:HEADER_LIMIT]
    try:
        if bytes(view[: len(MAGIC)]) == MAGIC:
            header = json.loads(bytes(view[HEAD.size : HEAD.size + HEAD.unpack(view[: HEAD.size])[1]]))
            return header if isinstance(header, dict) else {}
    except (ValueError, RecursionError, struct.error):
        return {}
    line = STOPPED_AT.search(bytes(view[:STACK_LIMIT]))
    return {"failure": {"line": int(line[1])}} if line else {}


def call_result(
    told: Mapping[str, Any], said: Mapping[str, Any], outputs: Mapping[str, np.ndarray], seconds: float
) -> CallResult:
    """What came of a call: `told` by the worker, `said` by the program, which may lie."""
    status = told.get("status") or said.get("status")
    raw = told.get("failure") or said.get("failure")
    if told.get("failure") and isinstance(
        at := said.get("failure"), dict
    ):  # an end by the worker, at the program's own word
        raw = {**at, "type": told["failure"]["type"], "message": told["failure"]["message"]}
    limit = told.get("limit") or said.get("limit")
    if status == "crashed" and told.get("limit") == "memory":  # the program has met with what became of its process
        status = "out_of_memory"
    return CallResult(
        status=status if status in STATUSES else "crashed",
        outputs=outputs,
        seconds=seconds,
        worker_seconds=_number(told.get("seconds")),
        cpu_seconds=_number(told.get("cpu_seconds")),
        peak_mb=_number(told.get("peak_mb")),
        stdout=_text(told.get("stdout", "")),
        stderr=_text(told.get("stderr", "")),
        failure=_failure(raw) if isinstance(raw, dict) else None,
        limit=limit if limit in LIMITS else "",
    )


def _failure(raw: Mapping[str, Any]) -> Failure:
    line = raw.get("line")
    return Failure(
        _text(raw.get("type", ""))[:TYPE_LIMIT],
        _text(raw.get("message", ""))[:MESSAGE_LIMIT],
        line if type(line) is int and 0 < line < 2**31 else None,
        _text(raw.get("trace", ""))[-TRACE_LIMIT:],
        _variables(raw.get("locals")),
        _arrays(raw.get("arrays")),
    )


def _variables(listed: object) -> dict[str, str]:
    """Pairs of name and words as a mapping: identifiers only, words short and on one line."""
    pairs = listed if isinstance(listed, list) else []
    return {
        pair[0]: "".join(c if c.isprintable() else " " for c in _text(pair[1]))[:WORDS_LIMIT]
        for pair in pairs[:MOST_VARIABLES]
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
        if pair[0].isidentifier() and len(pair[0]) <= WORDS_LIMIT // 2
    }


def _arrays(listed: object) -> tuple[LocalArray, ...]:
    found = [_array(item) for item in (listed if isinstance(listed, list) else [])[:MOST_VARIABLES]]
    return tuple(array for array in found if array is not None)


def _array(told: object) -> LocalArray | None:
    """An array as the program tells of it; None if that is not as it should be."""
    if not isinstance(told, dict):
        return None
    name, shape, frames = told.get("name"), told.get("shape"), told.get("frames")
    if not isinstance(name, str) or not name.isidentifier() or len(name) > WORDS_LIMIT // 2:
        return None
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n < 2**53 for n in shape[:MOST_AXES]):
        return None
    largest = _size(told["largest"]) if "largest" in told else None
    sizes = [_size(size) for size in frames[:MOST_FRAMES]] if isinstance(frames, list) else []
    return LocalArray(name, tuple(shape[:MOST_AXES]), largest, tuple(sizes), told.get("list") is True)


def _size(value: object) -> float:
    number = _number(value)
    return math.nan if number is None else number


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**53) else None


def _text(value: object) -> str:
    """Text that any file or terminal takes: lone surrogates are replaced."""
    return str(value).encode("utf-8", "replace").decode("utf-8")
