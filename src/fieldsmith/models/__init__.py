"""Chat models by name: `openai:NAME`, `anthropic:NAME`, `command:"…"`, `gguf:FILE`, `mailbox:DIR`, `replay:RUN`.

Third parties' come by the entry-point group `fieldsmith.models`.
"""

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.models.chat_model import (
    ChatModel,
    ChatReply,
    ChatRequest,
    Message,
    Tool,
    ToolCall,
    nothing_heard,
    prompt_text,
    silent,
)
from fieldsmith.models.requests import checked_address
from fieldsmith.plugins import Group

__all__ = [
    "ChatModel",
    "ChatReply",
    "ChatRequest",
    "Message",
    "Tool",
    "ToolCall",
    "nothing_heard",
    "open_model",
    "prompt_text",
    "silent",
]
Opener = Callable[[str, str | None, Path | None, Mapping[str, object]], ChatModel]
"""What an entry point names: takes the name after the colon, --base-url, --key-file and --model-option, returns the model."""


MODEL_MEMBERS = ("label", "note", "waiting", "receiving", "priced", "complete", "price")


def _built_ins() -> dict[str, Opener]:
    from fieldsmith.models import anthropic, command, gguf, mailbox, openai, replay

    return {
        "openai": openai.open_openai,
        "anthropic": anthropic.open_anthropic,
        "command": command.open_command,
        "gguf": gguf.open_gguf,
        "mailbox": mailbox.open_mailbox,
        "replay": replay.open_replay,
    }


def _fault(_name: str, part: object) -> str:
    return "" if callable(part) else "it is not a function that opens a model"


MODELS: Group[Opener] = Group("fieldsmith.models", "model", _built_ins, _fault)


def open_model(
    spec: str,
    base_url: str | None = None,
    key_file: Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> ChatModel:
    """The model that `PREFIX:NAME` names.

    Raises InputError for an unknown prefix, MissingPart for a missing key and for a plug-in that is broken or
    whose opener fails.
    """
    known = MODELS.names()
    prefix, sign, name = spec.partition(":")
    if prefix not in known:
        close = difflib.get_close_matches(prefix, known, 1)
        meant = f" Did you mean {close[0]}:?" if close else ""
        raise InputError(
            f"The model {spec!r} is not known.{meant}", f"Write one of {', '.join(f'{p}:…' for p in known)}."
        )
    if not sign or not name:
        raise InputError(f"The model {spec!r} has no name after the colon.", f"Write {prefix}:NAME.")
    opener, address = MODELS.get(prefix), checked_address(base_url)
    with MODELS.calling(prefix):
        model = opener(name, address, key_file, settings or {})
    if missing := [member for member in MODEL_MEMBERS if not hasattr(model, member)]:
        raise MissingPart(f"The model {spec} has no {' and no '.join(missing)}.", "Mend the package that brings it.")
    return model
