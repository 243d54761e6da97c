"""Where user data and caches live: the platform's folders, or all under FIELDSMITH_HOME."""

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Generated reference data; safe to delete, made again on demand."""
    home = os.environ.get("FIELDSMITH_HOME")
    return Path(home) / "cache" if home else Path(platformdirs.user_cache_dir("fieldsmith"))


def data_folder() -> Path:
    """What should outlive a cache clean-up, such as the index of runs."""
    home = os.environ.get("FIELDSMITH_HOME")
    return Path(home) / "data" if home else Path(platformdirs.user_data_dir("fieldsmith"))
