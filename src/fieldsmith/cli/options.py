"""Options that mean the same in every command, and the TOML files that may hold them."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from fieldsmith.errors import InputError


def parse_parameters(given: Sequence[str]) -> dict[str, str]:
    """`name=value` words as a mapping. Raises InputError for a word of another form."""
    values: dict[str, str] = {}
    for word in given:
        name, sign, value = word.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise InputError(f"--param {word} is not of the form name=value.", "For example --param nu=0.001.")
        values[name.strip()] = value.strip()
    return values


def read_config(file: Path | None, known: Mapping[str, object]) -> dict[str, object]:
    """Options from `--config FILE`, or from fieldsmith.toml in the current folder if there is one.

    Dashes and underscores are the same. Raises InputError for a file that cannot be read and for unknown names.
    """
    path = file or Path("fieldsmith.toml")
    if file is None and not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}.", "Give an existing TOML file to --config."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}.", "Mend the file.") from None
    options: dict[str, object] = {}
    for name, value in content.items():
        plain = name.replace("-", "_")
        if plain not in known:
            close = difflib.get_close_matches(plain, known, 1)
            meant = f" Did you mean {close[0].replace('_', '-')!r}?" if close else ""
            raise InputError(f"{path}: there is no option {name!r}.{meant}", f"Options: {', '.join(sorted(known))}.")
        if plain == "param" and isinstance(value, dict):
            value = [f"{key}={item}" for key, item in value.items()]
        options[plain] = value
    return options
