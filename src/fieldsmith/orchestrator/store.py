"""All that happens in a run, in one SQLite file; each change is one transaction that survives a power cut."""

import contextlib
import json
import math
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from fieldsmith.agents.author import Candidate, Move, Plan, Program, Proposal, Usage
from fieldsmith.agents.models.chat_model import (
    FURTHER,
    NOT_ASKED,
    NOT_TAKEN,
    ChatModel,
    ChatReply,
    ChatRequest,
    sound,
)
from fieldsmith.agents.models.counting import counted
from fieldsmith.errors import InputError, RequestRefused
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.evaluation.record import evaluation_fields, evaluation_from
from fieldsmith.orchestrator.meter import Meter
from fieldsmith.orchestrator.waits import Waits

SCHEMA = """
CREATE TABLE IF NOT EXISTS candidates (
    id INTEGER PRIMARY KEY, slot TEXT UNIQUE NOT NULL, move TEXT NOT NULL, parents TEXT NOT NULL,
    author TEXT NOT NULL, proposal TEXT, evaluation TEXT);
CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, request TEXT NOT NULL, reply TEXT NOT NULL, usd REAL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """A run's memory. Safe to use from several threads; readers in other processes are welcome.

    With `reading` nothing is written, not even where the file lies in a folder of somebody else's. Raises InputError for a
    file that is not a run's.
    """

    def __init__(self, file: Path, reading: bool = False) -> None:
        self._lock = threading.RLock()
        try:
            self._db = _read_only(file) if reading else sqlite3.connect(file, check_same_thread=False, timeout=30.0)
        except sqlite3.Error as error:
            raise damaged(file, error) from None
        if reading:
            return
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            with self._lock, self._db:
                self._db.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise damaged(file, error) from None

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def issue(self, slot: str, move: Move, author: str) -> Candidate:
        """A new candidate in the making; its id and slot are kept from now on."""
        parents = tuple(parent.id for parent in move.parents)
        with self._lock, self._db:
            row = self._db.execute(
                "INSERT INTO candidates (slot, move, parents, author) VALUES (?, ?, ?, ?)",
                (slot, move.name, json.dumps(parents), author),
            )
        return Candidate(int(row.lastrowid or 0), slot, move.name, parents, author)

    def withdraw(self, candidate: Candidate) -> None:
        """Forget a candidate that came to nothing because its author had no further idea."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM candidates WHERE id = ?", (candidate.id,))

    def record(self, candidate: Candidate) -> None:
        """Keep a candidate's proposal and evaluation."""
        proposal = json.dumps(_proposal_fields(candidate.proposal)) if candidate.proposal else None
        evaluation = json.dumps(evaluation_fields(candidate.evaluation)) if candidate.evaluation else None
        with self._lock, self._db:
            self._db.execute(
                "UPDATE candidates SET proposal = ?, evaluation = ? WHERE id = ?", (proposal, evaluation, candidate.id)
            )

    def candidates(self) -> list[Candidate]:
        with self._lock:
            rows = self._db.execute(
                "SELECT id, slot, move, parents, author, proposal, evaluation FROM candidates ORDER BY id"
            ).fetchall()
        return [
            Candidate(
                id=row[0],
                slot=row[1],
                move=row[2],
                parents=tuple(json.loads(row[3])),
                author=row[4],
                proposal=_proposal_from(json.loads(row[5])) if row[5] else None,
                evaluation=evaluation_from(json.loads(row[6])) if row[6] else None,
            )
            for row in rows
        ]

    def reply(self, key: str) -> ChatReply | None:
        with self._lock:
            row = self._db.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        return ChatReply(**json.loads(row[0])) if row else None

    def reply_to(self, ordinal: str) -> ChatReply | None:
        """The reply to an earlier request of that ordinal, whatever it said: in a run it is asked once."""
        with self._lock:
            row = self._db.execute(
                "SELECT reply FROM replies WHERE json_extract(request, '$.ordinal') = ? ORDER BY rowid", (ordinal,)
            ).fetchone()
        return ChatReply(**json.loads(row[0])) if row else None

    def keep_reply(self, request: ChatRequest, reply: ChatReply, usd: float | None) -> None:
        """On disk before anything is done with it."""
        with self._lock, self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)",
                (request.key, json.dumps(asdict(request)), json.dumps(asdict(reply)), usd),
            )

    def replies(self) -> list[tuple[dict[str, Any], ChatReply, float | None]]:
        """All requests with their replies and prices."""
        with self._lock:
            rows = self._db.execute("SELECT request, reply, usd FROM replies ORDER BY rowid").fetchall()
        return [(json.loads(request), ChatReply(**json.loads(reply)), usd) for request, reply, usd in rows]

    def set_fact(self, name: str, value: object) -> None:
        self.set_facts({name: value})

    def set_facts(self, facts: Mapping[str, object]) -> None:
        """All of them at once, so that no reader sees one without the others."""
        with self._lock, self._db:
            rows = [(name, json.dumps(value)) for name, value in facts.items()]
            self._db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", rows)

    def fact(self, name: str, default: Any = None) -> Any:
        with self._lock:
            row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def set_final(self, evaluation: Evaluation, chosen: int) -> None:
        """The chosen candidate's evaluation on the dev and test splits."""
        self.set_fact("final", {"candidate": chosen, "evaluation": evaluation_fields(evaluation)})

    def final(self) -> tuple[int, Evaluation] | None:
        value = self.fact("final")
        return (value["candidate"], evaluation_from(value["evaluation"])) if value else None


def _read_only(file: Path) -> sqlite3.Connection:
    """A connection that writes nothing, not even the files that SQLite likes to have beside a database."""
    # A log beside it holds what is not yet in it. Without one nobody writes, and SQLite must not make one for reading.
    log = file.with_name(f"{file.name}-wal").exists()
    connection = _connected(file, "mode=ro&readonly_shm=1" if log else "mode=ro&immutable=1")
    try:
        connection.execute("SELECT count(*) FROM facts")
    except sqlite3.OperationalError as error:
        connection.close()
        if "no such table" in str(error):  # a run that was ended before it could begin
            empty = sqlite3.connect(":memory:", check_same_thread=False)
            empty.executescript(SCHEMA)
            return empty
        if not log:
            raise
        return _copied(file)
    return connection


def _connected(file: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True, check_same_thread=False, timeout=30.0)


def _copied(file: Path) -> sqlite3.Connection:
    """A database in memory. For one whose log was copied without the file of locks, which reading it would make anew."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{file}{suffix}", f"{folder}/{file.name}{suffix}")
        whole, kept = sqlite3.connect(f"{folder}/{file.name}"), sqlite3.connect(":memory:", check_same_thread=False)
        with contextlib.closing(whole):
            whole.backup(kept)
    return kept


def damaged(file: Path, error: Exception) -> InputError:
    return InputError(f"{file} is damaged: {error}.", "Restore the file, or delete the run directory.")


class StoredModel:
    """A chat model that never asks twice for what was answered, and stores each reply before it is used.

    Tokens that a server does not count are estimated. `tokens` and `usd` are the run's limits, beyond which no reply grows.
    """

    def __init__(self, inner: ChatModel, store: Store, tokens: float = math.inf, usd: float = math.inf) -> None:
        self.inner, self.store = inner, store
        self._meter = Meter(inner, tokens, usd)
        self._meter.replied(store.replies())
        inner.may_go_on = self.may_go_on = self._meter.may_go_on
        self._waits = Waits(store, inner.waiting)
        inner.waiting = self._waits.tell
        self.label, self.note, self.priced = inner.label, inner.note, inner.priced
        self.waiting, self.receiving = inner.waiting, inner.receiving

    def complete(self, request: ChatRequest) -> ChatReply:
        # The text of a request may change between two sittings, with the sandbox's libraries or with this program.
        known = self.store.reply(request.key) or self.store.reply_to(request.ordinal)
        if known is not None:
            return known
        request = self._waits.begin(request)
        try:
            reply = sound(self._asked(request), self.label)
        finally:
            self._meter.ended(request)
        self._waits.end()
        if reply.stop not in (NOT_TAKEN, NOT_ASKED):
            reply = counted(request, reply)
        try:
            usd = self.inner.price(reply)
        except InputError:  # a price file that broke meanwhile must not lose the reply
            usd = None
        self.store.keep_reply(request, reply, usd)
        self._meter.replied([(request, reply, usd)])
        return reply

    def _asked(self, request: ChatRequest) -> ChatReply:
        """What the model answers. A further request that it does not take, with more room or without, is answered by nothing,
        once and for all; so is one that the run's limits have no room for."""
        if FURTHER in request.ordinal and not self._meter.has_room(request):
            return ChatReply("", stop=NOT_ASKED)
        try:
            return self.inner.complete(request)
        except RequestRefused as refused:
            if FURTHER not in request.ordinal:
                raise
            if request.room > 1:  # it may already be as long as the model lets a reply be
                return self._asked(replace(request, room=1))
            return ChatReply("", stop=NOT_TAKEN, model=str(refused)[:200])

    def price(self, reply: ChatReply) -> float | None:
        return self.inner.price(reply)


def _proposal_fields(proposal: Proposal) -> dict[str, object]:
    fields = asdict(proposal)
    fields["program"] = proposal.program.source if proposal.program else None
    return fields


def _proposal_from(fields: Mapping[str, Any]) -> Proposal:
    program = Program(fields["program"]) if fields["program"] is not None else None
    plan, usage = Plan(**fields["plan"]), Usage(**fields["usage"])
    texts = (fields["problem"], fields["prompt"], fields["reply"])
    return Proposal(program, plan, *texts, usage, tuple(fields.get("repairs", ())))
