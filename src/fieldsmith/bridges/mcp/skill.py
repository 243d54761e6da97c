"""A skill for assistants, and what to tell them so that they connect."""

import importlib.resources
import json
import shlex
import sys
from pathlib import Path

from fieldsmith.errors import InputError
from fieldsmith.folders import expanded

NAME, FILE = "fieldsmith", "SKILL.md"
"""A skill is a folder of its own name with this file in it."""


def write_skill(folder: Path) -> Path:
    """`FOLDER/fieldsmith/SKILL.md`, over that of an earlier version.

    Raises InputError where another file of that name is in the way, or the folder cannot be written.
    """
    text = (importlib.resources.files("fieldsmith.bridges.mcp") / FILE).read_text(encoding="utf-8")
    file = expanded(folder) / NAME / FILE
    try:
        if file.exists() and file.read_text(encoding="utf-8").partition("description:")[0] != _head(text):
            raise InputError(f"{file} is another skill.", "Choose another folder, or move that one away.")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.", "Choose another folder.") from None
    return file


def _head(text: str) -> str:
    return text.partition("description:")[0]


def connection(runs: Path) -> str:
    """How an assistant is told to start the server: the form of JSON that most read, and one command."""
    command, *words = [*_command(), "mcp", "--runs", str(expanded(runs).resolve())]
    servers = {"mcpServers": {NAME: {"command": command, "args": words}}}
    return f"""An assistant starts the server by itself once its configuration has
{json.dumps(servers, indent=2)}
or, with Claude Code, after
claude mcp add {NAME} -- {shlex.join([command, *words])}"""


def _command() -> list[str]:
    """What runs this installation's command from anywhere."""
    beside = Path(sys.executable).with_name("fieldsmith")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "fieldsmith.cli.main"]
