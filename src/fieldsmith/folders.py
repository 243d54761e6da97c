"""Where user data and caches live: the platform's folders, or all under FIELDSMITH_HOME."""

import os
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


def _home() -> Path | None:
    home = os.environ.get("FIELDSMITH_HOME")
    return expanded(home) if home else None


def cache_folder() -> Path:
    """Generated reference data; safe to delete, made again on demand."""
    home = _home()
    return home / "cache" if home else Path(platformdirs.user_cache_dir("fieldsmith"))


def data_folder() -> Path:
    """What should outlive a cache clean-up, such as the index of runs."""
    home = _home()
    return home / "data" if home else Path(platformdirs.user_data_dir("fieldsmith"))
