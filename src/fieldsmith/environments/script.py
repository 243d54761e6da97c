"""Lists of calls in files, which agents without a model take in turn: gold sequences, replays, baselines."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fieldsmith.environments.calls import Call
from fieldsmith.errors import InputError


def read_script(file: Path) -> list[Call]:
    """The calls of a file: JSON lines or a JSON list, each `{"action": NAME, "arguments": {…}}`.

    Raises InputError for a file that is not there or holds something else.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"The script {file} cannot be read: {words}.", "Give a file of JSON lines.") from None
    try:
        listed = (
            json.loads(text)
            if text.lstrip().startswith("[")
            else [json.loads(line) for line in text.splitlines() if line.strip()]
        )
        return [_call(one) for one in listed]
    except (ValueError, TypeError, KeyError) as error:
        words = f"The script {file} is not valid: {error}."
        raise InputError(words, 'Each line is like {"action": "submit", "arguments": {}}.') from None


def _call(fields: Mapping[str, Any]) -> Call:
    return Call(str(fields["action"]), dict(fields.get("arguments") or {}))
