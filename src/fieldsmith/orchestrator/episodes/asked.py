"""What was asked of a run of episodes and what it came to, as kept in `episodes.toml`."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w

from fieldsmith.environments.observation import Measure
from fieldsmith.errors import InputError
from fieldsmith.orchestrator import index
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.record import write_text

FILE = index.EPISODES
"""What stands in a run's directory and makes it one of episodes."""


@dataclass(frozen=True)
class AskedEpisodes:
    """The question with what it came to, as kept in episodes.toml."""

    question: EpisodeQuestion
    title: str
    label: str
    """Who acts: the model, or the agent in its place."""
    note: str
    version: str
    """Of Fieldsmith, when the run began."""
    source: str = ""
    """Digest of the environment's code, so that scores of different code are told apart."""
    started: str = ""
    command: str = ""
    panel: Sequence[Mapping[str, Any]] = ()
    """The environment's measures, so that a run can be read where the environment is not."""
    place: str = ""
    """The environment as it is named from any folder, so that episodes can be replayed from there."""
    script: str = ""
    """Digest of the actions that are taken in turn, where the agent is a list of them."""

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures of the panel; a way that is not told is none."""
        return tuple(Measure(**{"lower_is_better": None, **measure}) for measure in self.panel)


def panel_of(measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """Measures as they are kept: TOML has no word for what is not there."""
    return [{name: value for name, value in vars(one).items() if value is not None} for one in measures]


def write_asked(folder: Path, asked: AskedEpisodes) -> None:
    question = {n: str(v) if isinstance(v, Path) else v for n, v in asdict(asked.question).items() if v is not None}
    write_text(folder / FILE, tomli_w.dumps({**vars(asked), "question": question}, multiline_strings=True))


def read_asked(folder: Path) -> AskedEpisodes:
    """What was asked in a run directory. Raises InputError where there is none."""
    file = folder / FILE
    try:
        stored = tomllib.loads(file.read_text(encoding="utf-8"))
        return AskedEpisodes(**{**stored, "question": EpisodeQuestion(**stored["question"])})
    except (FileNotFoundError, NotADirectoryError):
        words = f"{folder} is not the directory of a run of episodes: it has no {FILE}."
        raise InputError(words, "Give one that `fieldsmith env run` has made.") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{file} cannot be read: {error}.", "Restore the file, or delete the run directory.") from None


def taken_up(folder: Path, asked: AskedEpisodes) -> AskedEpisodes:
    """What is asked, written down in the run's directory, which is begun or gone on with. Raises InputError for that of another run."""
    if (folder / FILE).exists():
        before = read_asked(folder)
        if why := different(before, asked):
            raise InputError(f"{folder} is the directory of another run: {why}.", "Choose another with --run-dir.")
        asked = replace(asked, started=before.started)
    elif any(file.name != "run.lock" for file in folder.iterdir()):
        raise InputError(f"{folder} is not empty and not a run directory.", "Choose another with --run-dir.")
    write_asked(folder, asked)
    index.remember(folder)
    return asked


def different(old: AskedEpisodes, new: AskedEpisodes) -> str:
    """What makes two questions two runs, in words; empty where nothing does."""
    for name, told, value in new.question.told():
        before = getattr(old.question, name)
        if told.same and (before or None) != (value or None):
            return f"its {name} is {before}, not {value}"
    if old.script != new.script:
        return "the agent's list of actions has changed since"
    return "the environment's code has changed since" if old.source != new.source else ""
