"""Where user data and caches live: the platform's folders, or all under FIELDSMITH_HOME."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs


def expanded(path: str | Path) -> Path:
    """A path with `~` and `~name` at its head made the home folder that they stand for, where there is one.

    A shell does so only with a word that begins with it, not with what follows a colon, an equals sign or a quote.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:  # there is no such person here, or no home folder
        return Path(path)


def cache_folder() -> Path:
    """Generated reference data; safe to delete, made again on demand."""
    return _folder("cache", platformdirs.user_cache_dir)


def data_folder() -> Path:
    """What should outlive a cache clean-up, such as the index of runs."""
    return _folder("data", platformdirs.user_data_dir)


def _folder(name: str, usual: Callable[[str], str]) -> Path:
    if home := os.environ.get("FIELDSMITH_HOME"):
        return expanded(home) / name
    try:
        found = Path(usual("fieldsmith"))
    except RuntimeError:  # older versions of platformdirs return ~ as it is
        found = Path("~")
    # A user without a home, as in many containers, gets no folder called ~ among their files.
    return found if found.is_absolute() else Path(tempfile.gettempdir()) / f"fieldsmith-{os.getuid()}" / name
