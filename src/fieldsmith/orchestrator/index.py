"""The index of runs: which run directories this machine knows."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from fieldsmith.files import write_whole
from fieldsmith.folders import data_folder

SEARCH, EPISODES = "run.toml", "episodes.toml"
"""What was asked, in the directory of a search for programs and in that of a run of episodes."""
RAW = "surrogateescape"
"""A path's bytes are kept whatever encoding they were written in."""


def remember(folder: Path) -> None:
    """Note the run, so that it is found wherever it lies."""
    index = _file()
    with contextlib.suppress(OSError):
        index.parent.mkdir(parents=True, exist_ok=True)
        if str(folder.resolve()) not in _listed():
            with index.open("a", encoding="utf-8", errors=RAW) as stream:
                stream.write(f"{folder.resolve()}\n")


def known_runs(kinds: Sequence[str] = (SEARCH, EPISODES)) -> list[Path]:
    """Run directories of this machine that still exist, the newest last; those below ./runs included."""
    here = [str(folder.resolve()) for folder in sorted(Path("runs").glob("*"))]
    folders = [Path(name) for name in dict.fromkeys([*_listed(), *here])]
    return [folder for folder in folders if any((folder / name).exists() for name in kinds)]


def forget(folder: Path) -> None:
    """Take a run out of the index."""
    lines = [line for line in _listed() if line != str(folder.resolve())]
    with contextlib.suppress(OSError):
        write_whole(_file(), "".join(f"{line}\n" for line in lines).encode("utf-8", RAW))


def _file() -> Path:
    return data_folder() / "runs.txt"


def _listed() -> list[str]:
    return _file().read_text(encoding="utf-8", errors=RAW).splitlines() if _file().is_file() else []
