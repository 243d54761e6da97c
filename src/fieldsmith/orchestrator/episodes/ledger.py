"""What happens in a run's episodes, in the run's SQLite file: each turn before its calls are taken, each step before the next."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from fieldsmith.agents.acting.agent import Exchange, Turn
from fieldsmith.environments.episode import Episode, Record
from fieldsmith.orchestrator.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS episodes (candidate INTEGER PRIMARY KEY, header TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS turns (
    candidate INTEGER NOT NULL, number INTEGER NOT NULL, turn TEXT NOT NULL, PRIMARY KEY (candidate, number));
CREATE TABLE IF NOT EXISTS steps (
    candidate INTEGER NOT NULL, number INTEGER NOT NULL, turn INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (candidate, number));
"""
NO_TURN = -1
"""The turn of records that no agent has asked for: the beginning, and an end for a limit."""


@dataclass(frozen=True)
class Kept:
    """An episode as it is kept. `dialogue` holds every turn with what came of it so far; `parent` names the episode and the
    step that it has branched from, if any."""

    candidate: int
    episode: Episode
    dialogue: tuple[Exchange, ...] = ()
    parent: tuple[int, int] | None = None


class Ledger:
    """The episodes of one run, by the number of their candidate. Safe to use from several threads; raises what `Database` raises."""

    def __init__(self, file: Path, reading: bool = False) -> None:
        self._db = Database(file, SCHEMA, reading)

    def close(self) -> None:
        self._db.close()

    def begin(self, candidate: int, episode: Episode, parent: tuple[int, int] | None = None) -> None:
        """Keep a new episode with its beginning."""
        header = {
            "environment": episode.environment, "task": episode.task, "seed": episode.seed,
            "max_steps": episode.max_steps, "parent": parent, "first": episode.records[0].to_dict(),
        }  # fmt: skip
        self._db.write("INSERT OR REPLACE INTO episodes VALUES (?, ?)", (candidate, json.dumps(header)))

    def keep_turn(self, candidate: int, number: int, turn: Turn) -> None:
        row = (candidate, number, json.dumps(turn.to_dict()))
        self._db.write("INSERT OR REPLACE INTO turns VALUES (?, ?, ?)", row)

    def keep_step(self, candidate: int, number: int, turn: int, record: Record) -> None:
        row = (candidate, number, turn, json.dumps(record.to_dict()))
        self._db.write("INSERT INTO steps VALUES (?, ?, ?, ?)", row)

    def candidates(self) -> list[int]:
        """The episodes that have begun."""
        return [row[0] for row in self._db.rows("SELECT candidate FROM episodes ORDER BY candidate")]

    def episode(self, candidate: int) -> Kept | None:
        """An episode with all that is kept of it; None where it has not begun."""
        found = self._db.rows("SELECT header FROM episodes WHERE candidate = ?", candidate)
        if not found:
            return None
        header = json.loads(found[0][0])
        first = Record.from_dict(header["first"])
        fields = (header["environment"], header["task"], header["seed"], header["max_steps"])
        steps = self._db.rows("SELECT turn, record FROM steps WHERE candidate = ? ORDER BY number", candidate)
        turns = self._db.rows("SELECT turn FROM turns WHERE candidate = ? ORDER BY number", candidate)
        records = [(turn, Record.from_dict(json.loads(record))) for turn, record in steps]
        dialogue = tuple(
            Exchange(Turn.from_dict(json.loads(row[0])), tuple(r for turn, r in records if turn == number))
            for number, row in enumerate(turns)
        )
        episode = Episode(*fields, (first, *(record for _, record in records)))
        parent = tuple(header["parent"]) if header["parent"] else None
        return Kept(candidate, episode, dialogue, parent)


def with_step(dialogue: list[Exchange], record: Record) -> None:
    """Add a record to the last turn of a dialogue."""
    dialogue[-1] = replace(dialogue[-1], records=(*dialogue[-1].records, record))
