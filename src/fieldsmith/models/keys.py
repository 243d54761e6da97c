"""API keys: from the environment or a key file, never stored, never shown; addresses: never from the environment."""

import os
import re
from pathlib import Path

from fieldsmith.errors import InputError, MissingPart

SHORT = 8
"""Characters from which on a key is none by chance within a word: shorter ones are `x`, `none` or `EMPTY`."""


def no_server(prefix: str, base_url: str | None, key_file: Path | None) -> None:
    """Raises InputError for what only a model on a server has, of one that is none."""
    for option, given in (("--base-url", base_url), ("--key-file", key_file)):
        if given is not None:
            raise InputError(f"{prefix}: has no use for {option}: it is no server.", "Leave it out.")


def find_key(variable: str, key_file: Path | None, needed: bool) -> str:
    """The key; an empty string where none is there and none is needed.

    Raises MissingPart where a needed key is missing, InputError where the key file cannot be read.
    """
    if key_file is not None:
        try:
            key = key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"The key file {key_file} cannot be read: {error}.", "Give a text file that holds the key."
            ) from None
        if not key or not plain(key):
            raise InputError(
                f"The key file {key_file} does not hold one key.", "It must contain the key and nothing else."
            )
        return key
    key = os.environ.get(variable, "").strip()
    if not key and needed:
        raise MissingPart(f"No API key: {variable} is not set.", f"export {variable}=… or give --key-file FILE.")
    if not plain(key):
        raise InputError(f"The key in {variable} holds characters that no key has.", "Copy it again.")
    return key


def refuse_address_in_environment(variable: str, base_url: str | None) -> None:
    """Raises InputError where only the environment names an address: prompts and the key go where the run's record says."""
    address = os.environ.get(variable, "").strip()
    if address and base_url is None:
        raise InputError(
            f"{variable} is set to {address}, but a run is told its server itself, so that its record is true.",
            f"Add --base-url {address}, or unset {variable}.",
        )


def plain(key: str) -> bool:
    """Whether a key can stand in a header: printable ASCII without spaces."""
    return key.isascii() and key.isprintable() and not any(c.isspace() for c in key)


def scrubbed(text: str, key: str) -> str:
    """The text without the key; one as short as those that servers of one's own are content with counts as a whole word alone."""
    if len(key) < SHORT:
        return re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", "[key]", text) if key else text
    return text.replace(key, "[key]")
