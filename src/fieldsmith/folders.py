"""Where user data and caches live: the platform's folders, or all under FIELDSMITH_HOME."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Generated reference data; safe to delete, made again on demand."""
    return _folder("cache", platformdirs.user_cache_dir)


def data_folder() -> Path:
    """What should outlive a cache clean-up, such as the index of runs."""
    return _folder("data", platformdirs.user_data_dir)


def _folder(name: str, usual: Callable[[str], str]) -> Path:
    if home := os.environ.get("FIELDSMITH_HOME"):
        return Path(home) / name
    try:
        found = Path(usual("fieldsmith"))
    except RuntimeError:  # older versions of platformdirs return ~ as it is
        found = Path("~")
    # A user without a home, as in many containers, gets no folder called ~ among their files.
    return found if found.is_absolute() else Path(tempfile.gettempdir()) / f"fieldsmith-{os.getuid()}" / name
