"""Where user data and caches live: the platform's folders, or all under FIELDSMITH_HOME."""

import os
import tempfile
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Generated reference data; safe to delete, made again on demand."""
    return _folder("cache", platformdirs.user_cache_dir("fieldsmith"))


def data_folder() -> Path:
    """What should outlive a cache clean-up, such as the index of runs."""
    return _folder("data", platformdirs.user_data_dir("fieldsmith"))


def _folder(name: str, usual: str) -> Path:
    home = os.environ.get("FIELDSMITH_HOME")
    if not home and Path(usual).is_absolute():
        return Path(usual)
    # A user without a home, as in many containers: never a folder called ~ among the files of theirs.
    return Path(home or Path(tempfile.gettempdir()) / f"fieldsmith-{os.getuid()}") / name
