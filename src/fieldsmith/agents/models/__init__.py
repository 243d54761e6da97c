"""Chat models by name: `openai:NAME`, `anthropic:NAME`, `command:"…"`, `gguf:FILE`, `mailbox:DIR`, `replay:RUN`.

Third parties' come by the entry-point group `fieldsmith.models`.
"""

import difflib
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from fieldsmith.agents.models.chat_model import ChatModel
from fieldsmith.agents.models.requests import checked_address
from fieldsmith.errors import InputError, MissingPart

Opener = Callable[[str, str | None, Path | None, Mapping[str, object]], ChatModel]
"""What an entry point names: takes the name after the colon, --base-url, --key-file and --model-option, returns the model."""


def _known() -> dict[str, Opener]:
    from fieldsmith.agents.models import anthropic, command, gguf, mailbox, openai, replay

    found: dict[str, Opener] = {
        "openai": openai.open_openai,
        "anthropic": anthropic.open_anthropic,
        "command": command.open_command,
        "gguf": gguf.open_gguf,
        "mailbox": mailbox.open_mailbox,
        "replay": replay.open_replay,
    }
    for point in entry_points(group="fieldsmith.models"):
        found.setdefault(point.name, partial(_opened, point))
    return found


def _opened(point: EntryPoint, *asked: Any) -> ChatModel:
    """A model of another package, which is loaded only where it is asked for."""
    try:
        opener = point.load()
    except (ImportError, AttributeError) as error:
        raise MissingPart(f"The model {point.name}: cannot be loaded: {error}.", "Mend its package.") from None
    return opener(*asked)


def open_model(
    spec: str,
    base_url: str | None = None,
    key_file: Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> ChatModel:
    """The model that `PREFIX:NAME` names. Raises InputError for an unknown prefix, MissingPart for a missing key."""
    known = _known()
    prefix, sign, name = spec.partition(":")
    if prefix not in known:
        close = difflib.get_close_matches(prefix, known, 1)
        meant = f" Did you mean {close[0]}:?" if close else ""
        raise InputError(
            f"The model {spec!r} is not known.{meant}", f"Write one of {', '.join(f'{p}:…' for p in known)}."
        )
    if not sign or not name:
        raise InputError(f"The model {spec!r} has no name after the colon.", f"Write {prefix}:NAME.")
    return known[prefix](name, checked_address(base_url), key_file, settings or {})
