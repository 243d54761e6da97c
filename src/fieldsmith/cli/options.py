"""Options that mean the same in every command, and the TOML files that may hold them."""

import difflib
import os
import tomllib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import typer

from fieldsmith.errors import InputError
from fieldsmith.folders import expanded


def parse_parameters(given: Sequence[str]) -> dict[str, str]:
    """`name=value` words as a mapping. Raises InputError for a word of another form."""
    values: dict[str, str] = {}
    for word in given:
        name, sign, value = word.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise InputError(f"--param {word} is not of the form name=value.", "For example --param nu=0.001.")
        values[name.strip()] = value.strip()
    return values


def check_new(file: Path) -> None:
    """Raises InputError for a file that is there already, and for a folder that is not or that cannot be written to."""
    folder = file.absolute().parent
    if file.exists() or file.is_symlink():
        raise InputError(f"{file} is there already.", "Choose another name; nothing is overwritten.")
    if not folder.is_dir():
        raise InputError(f"The folder of {file} is not there.", "Make it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"The folder of {file} cannot be written to.", "Choose another folder.")


def parse_settings(given: Sequence[str], option: str, example: str) -> dict[str, object]:
    """`name=value` words as settings; a name that is repeated has a list of values. Raises InputError for another form."""
    values: dict[str, list[str]] = {}
    for word in given:
        name, sign, value = word.partition("=")
        if not sign or not name.strip() or not value:
            raise InputError(f"{option} {word} is not of the form name=value.", f"For example {example}.")
        values.setdefault(name.strip().replace("-", "_"), []).append(value)
    return {name: listed if len(listed) > 1 else listed[0] for name, listed in values.items()}


def merged(context: typer.Context, config: Path | None) -> dict[str, Any]:
    """This command's options: the command line over the file over the defaults.

    The file is `config`, or fieldsmith.toml in the current folder. It may hold options of other commands, which are
    left alone here. Raises InputError for a file that cannot be read, unknown names and values of a wrong type.
    """
    variables = {_name(parameter): str(parameter.name) for parameter in context.command.params}
    hints = get_type_hints(context.command.callback)
    options = {variable: _as_paths(value, hints[variable]) for variable, value in context.params.items()}
    everywhere = {name for command in _commands(context) for name in map(_name, command.params)} - NOT_IN_FILES
    for name, value in _read_config(config, everywhere).items():
        variable = variables.get(name)
        if variable is None:
            continue
        value = _typed(config or DEFAULT_FILE, name, value, hints[variable])
        source = context.get_parameter_source(variable)
        if source is None or source.name == "DEFAULT":
            options[variable] = value
    return options


def _as_paths(value: Any, hint: Any) -> Any:
    """Typer as late as 0.27 makes paths of texts only when it calls the command."""
    if isinstance(value, str | Path) and Path in (hint, *get_args(hint)):
        return expanded(value)
    if isinstance(value, (list, tuple)) and get_args(hint) == (Path,):
        return [expanded(item) for item in value]
    return value


DEFAULT_FILE = Path("fieldsmith.toml")
NOT_IN_FILES = {"task", "files", "run", "config", "help"}
WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}


def _commands(context: typer.Context) -> Iterable[Any]:
    parent = context.parent.command if context.parent else None
    return list(getattr(parent, "commands", {}).values()) or [context.command]


def _name(parameter: Any) -> str:
    """The option's name without dashes: `json` for `--json`, whatever its variable is called."""
    return max(parameter.opts, key=len).lstrip("-").replace("-", "_")


def _typed(file: Path, name: str, value: object, hint: Any) -> object:
    """A value of the file as the command line would have given it."""
    kind = next((choice for choice in get_args(hint) if choice is not NoneType), hint)
    if get_origin(kind) is list:
        if isinstance(value, dict):
            pairs = [
                (key, item) for key, items in value.items() for item in (items if isinstance(items, list) else [items])
            ]
            return [f"{key}={item}" for key, item in pairs]
        listed = [value] if isinstance(value, str) else value
        if isinstance(listed, list) and all(isinstance(item, str) for item in listed):
            return listed
        raise InputError(f"{file}: {name} = {value!r} is not a list of text.", "For example param = {nu = 0.001}.")
    accepted = {float: (int, float), Path: str}.get(kind, kind)
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise InputError(f"{file}: {name} = {value!r} is not {WORDS[kind]}.", "Mend the file.")
    return expanded(str(value)) if kind is Path else value


def _read_config(file: Path | None, known: Collection[str]) -> dict[str, object]:
    path = expanded(file) if file else DEFAULT_FILE
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
        options[plain] = value
    return options
