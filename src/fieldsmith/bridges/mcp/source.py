"""Where a foreign server is: a command that is started, or a URL. What is secret is kept by name only."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldsmith.environments.observation import Lacking
from fieldsmith.errors import InputError


@dataclass(frozen=True)
class Source:
    """Either `command` or `url` is given.

    variables: names of the environment variables that the command gets besides the harmless ones. headers: HTTP headers by name, each with the name
    of the environment variable that holds its value. bearer: the variable that holds a bearer token.
    """

    command: tuple[str, ...] = ()
    url: str = ""
    variables: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    bearer: str = ""

    @property
    def words(self) -> str:
        """As a person would type it."""
        return self.url or shlex.join(self.command)

    def surroundings(self) -> dict[str, str]:
        """Environment variables for the command. Raises Lacking for one that is not set."""
        return {name: _value(name) for name in self.variables}

    def sent_headers(self) -> dict[str, str]:
        """HTTP headers with their values. Raises Lacking for a variable that is not set."""
        told = {header: _value(name) for header, name in self.headers.items()}
        return {**told, "Authorization": f"Bearer {_value(self.bearer)}"} if self.bearer else told

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, which `from_dict` reads."""
        return {
            "command": list(self.command), "url": self.url, "variables": list(self.variables),
            "headers": dict(self.headers), "bearer": self.bearer,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Source":
        """Raises KeyError and TypeError for what is none."""
        return cls(
            tuple(fields["command"]), str(fields["url"]), tuple(fields["variables"]), dict(fields["headers"]), str(fields["bearer"])
        )  # fmt: skip


def source_of(where: str, variables: tuple[str, ...] = (), headers: tuple[str, ...] = (), bearer: str = "") -> Source:
    """The source of a URL or a command line, with secrets by name: variables as NAME, headers as HEADER=NAME.

    Raises InputError for what is neither, and for a value where a name belongs, which would be written to a file.
    """
    for name in (*variables, *filter(None, [bearer])):
        if not name.isidentifier():
            shown = name.partition("=")[0]
            raise InputError(
                f"{shown!r} is given with more than a name.",
                "Give the variable's name only; its value is never stored.",
            )
    named = dict(_header(text) for text in headers)
    if where.startswith(("http://", "https://")):
        if variables:
            raise InputError(
                "--env is for a command, and this is a URL.", "Give --header HEADER=NAME or --bearer NAME."
            )
        return Source(url=where, headers=named, bearer=bearer)
    if named or bearer:
        raise InputError("--header and --bearer are for a URL, and this is a command.", "Give --env NAME.")
    try:
        words = shlex.split(where)
    except ValueError as error:
        raise InputError(f"The command {where!r} cannot be read: {error}.", "Quote it as a shell would.") from None
    if not words:
        raise InputError("No server is given.", "Give a URL or a command, such as 'uvx mcp-server-time'.")
    # What is called by its place is found wherever the environment is played.
    settled = (str(Path(word).expanduser().absolute()) if _is_file(word) else word for word in words)
    return Source(command=tuple(settled), variables=variables)


def _is_file(word: str) -> bool:
    return ("/" in word or word.endswith((".py", ".js"))) and Path(word).expanduser().is_file()


def _header(text: str) -> tuple[str, str]:
    header, _, name = text.partition("=")
    if not (header and name.isidentifier()):
        raise InputError(
            f"The header {header!r} is not given as HEADER=NAME.", "NAME is the variable that holds its value."
        )
    return header, name


def _value(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise Lacking(f"The environment variable {name}, which the server needs, is not set.", "Set it.")
    return value
