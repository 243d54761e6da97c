"""Language models by name, such as `mailbox:DIR`."""

from collections.abc import Mapping
from pathlib import Path

from fieldsmith.agents.models.mailbox import Mailbox
from fieldsmith.errors import InputError


def open_model(
    spec: str, base_url: str | None = None, key_file: Path | None = None, settings: Mapping[str, object] | None = None
) -> Mailbox:
    """The model that `spec` names. Raises InputError for an unknown prefix."""
    prefix, _, rest = spec.partition(":")
    if prefix == "mailbox":
        return Mailbox(rest, settings or {})
    raise InputError(f"There is no kind of model {prefix!r}.", "Use mailbox:DIR.")
