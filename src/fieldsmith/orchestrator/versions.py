"""Versions of a run's file, and how one of an earlier version becomes one of this.

SQLite keeps the number in the file's head (`PRAGMA user_version`). A step is a script that makes version n + 1 of n; it runs once, in one transaction, when the file is first
opened for writing. Reading changes nothing: what reads a version reads those before it.

0: before there were versions. 1: an index of the replies by their ordinals, which each request is looked up by.
"""

import sqlite3
from pathlib import Path

from fieldsmith.errors import InputError

VERSION = 1
STEPS = {0: ""}
"""By the version that a step begins from. The first has nothing to do: tables and indices that are missing are made whenever a file is opened."""


class Newer(InputError):
    """A file of a later version: whole, but not for this program."""


def check(connection: sqlite3.Connection, file: Path) -> int:
    """The version of a file. Raises Newer for one that is newer than what this program knows."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        words = f"{file} was written by a newer Fieldsmith: it is of version {version}, and this one knows those up to {VERSION}."
        raise Newer(words, "Update Fieldsmith, or use the version that wrote it.")
    return version


def migrate(connection: sqlite3.Connection, file: Path) -> None:
    """Make a file one of this version, within the transaction that is open. Raises InputError for a newer one."""
    for version in range(check(connection, file), VERSION):
        for command in filter(None, map(str.strip, STEPS[version].split(";"))):
            connection.execute(command)
        connection.execute(f"PRAGMA user_version = {version + 1}")
