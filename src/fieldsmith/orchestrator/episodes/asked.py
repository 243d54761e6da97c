"""What was asked of a run of episodes and what it came to, as kept in `episodes.toml`."""

import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

import tomli_w

from fieldsmith.errors import InputError
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.record import write_text

FILE = "episodes.toml"
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


def different(old: AskedEpisodes, new: AskedEpisodes) -> str:
    """What makes two questions two runs, in words; empty where nothing does."""
    for name, told, value in new.question.told():
        before = getattr(old.question, name)
        if told.same and (before or None) != (value or None):
            return f"its {name} is {before}, not {value}"
    return "the environment's code has changed since" if old.source != new.source else ""
