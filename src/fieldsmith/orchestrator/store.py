"""All that happens in a run, in one SQLite file; each change is one transaction that survives a power cut."""

import json
import math
import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from fieldsmith.agents.author import Candidate, Move, Plan, Program, Proposal, Usage
from fieldsmith.errors import InputError, RequestRefused, ToolsRefused
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.evaluation.record import evaluation_fields, evaluation_from
from fieldsmith.models.chat_model import (
    FURTHER,
    NOT_ASKED,
    NOT_TAKEN,
    ChatModel,
    ChatReply,
    ChatRequest,
    sound,
)
from fieldsmith.models.counting import counted
from fieldsmith.models.record import reply_fields, reply_from, request_fields
from fieldsmith.orchestrator.database import Database
from fieldsmith.orchestrator.meter import Meter
from fieldsmith.orchestrator.waits import Waits

SCHEMA = """
CREATE TABLE IF NOT EXISTS candidates (
    id INTEGER PRIMARY KEY, slot TEXT UNIQUE NOT NULL, move TEXT NOT NULL, parents TEXT NOT NULL,
    author TEXT NOT NULL, proposal TEXT, evaluation TEXT);
CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, request TEXT NOT NULL, reply TEXT NOT NULL, usd REAL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS replies_by_ordinal ON replies (json_extract(request, '$.ordinal'));
"""
COLUMNS = "id, slot, move, parents, author, proposal, evaluation"
NEW = f"""
SELECT {COLUMNS} FROM candidates WHERE id IN (SELECT value FROM json_each(?))
UNION ALL SELECT {COLUMNS} FROM candidates WHERE id > ?
"""
"""Those of some numbers and those after one: two searches by number, where one condition for both would read the whole table each time."""
CALLS_TOOLS = "calls_tools"
"""The fact that says whether a run's model was found to take no tools."""
LOST = "lost"
"""The fact that holds, by ordinal, tokens read and written in vain for requests that are not answered yet, and their price."""
PAID_SECONDS = 120.0
"""How long a file that another process holds is waited for, to keep what was paid for."""


class Store:
    """A run's memory. Safe to use from several threads; readers in other processes are welcome.

    With `reading` nothing is written, not even where the file lies in a folder of somebody else's. Every method raises
    what `Database` raises.
    """

    def __init__(self, file: Path, reading: bool = False) -> None:
        self._db = Database(file, SCHEMA, reading)
        self._reading = threading.Lock()
        self._known: list[Candidate] = []
        """Candidates that are finished, by their numbers; these numbers; and the numbers of those that are not, as last seen."""
        self._finished: list[int] = []
        self._open = {0}

    def close(self) -> None:
        self._db.close()

    def copy_to(self, file: Path) -> None:
        """Write a whole copy into a new file, while the run goes on."""
        self._db.copy_to(file)

    def issue(self, slot: str, move: Move, author: str) -> Candidate:
        """A new candidate in the making; its id and slot are kept from now on."""
        parents = tuple(parent.id for parent in move.parents)
        row = (slot, move.name, json.dumps(parents), author)
        number = self._db.write("INSERT INTO candidates (slot, move, parents, author) VALUES (?, ?, ?, ?)", row)
        return Candidate(number, slot, move.name, parents, author)

    def withdraw(self, candidate: Candidate) -> None:
        """Forget a candidate that came to nothing because its author had no further idea."""
        self._db.write("DELETE FROM candidates WHERE id = ?", (candidate.id,))

    def record(self, candidate: Candidate) -> None:
        """Keep a candidate's proposal and evaluation."""
        proposal = json.dumps(_proposal_fields(candidate.proposal)) if candidate.proposal else None
        evaluation = json.dumps(evaluation_fields(candidate.evaluation)) if candidate.evaluation else None
        row = (proposal, evaluation, candidate.id)
        self._db.write("UPDATE candidates SET proposal = ?, evaluation = ? WHERE id = ?", row)
        with self._reading:  # to be read anew
            place = bisect_left(self._finished, candidate.id)
            if self._finished[place : place + 1] == [candidate.id]:
                del self._finished[place], self._known[place]
                self._open.add(candidate.id)

    def candidates(self) -> list[Candidate]:
        """All of them by their number. Those that are finished do not change any more and are read once."""
        with self._reading:
            last = max([*self._finished[-1:], *self._open])
            read = [_candidate_from(row) for row in self._db.rows(NEW, json.dumps(sorted(self._open)), last)]
            for candidate in read:
                if candidate.evaluation is not None:
                    place = bisect_left(self._finished, candidate.id)
                    self._finished.insert(place, candidate.id)
                    self._known.insert(place, candidate)
            # One that was withdrawn is gone, and its number may be given to another.
            going = [candidate for candidate in read if candidate.evaluation is None]
            self._open = {0, *(candidate.id for candidate in going)}
            return sorted([*self._known, *going], key=attrgetter("id")) if going else list(self._known)

    def reply(self, key: str) -> ChatReply | None:
        found = self._db.rows("SELECT reply FROM replies WHERE key = ?", key)
        return reply_from(json.loads(found[0][0])) if found else None

    def reply_to(self, ordinal: str) -> ChatReply | None:
        """The reply to an earlier request of that ordinal, whatever it said: in a run it is asked once."""
        query = "SELECT reply FROM replies WHERE json_extract(request, '$.ordinal') = ? ORDER BY rowid LIMIT 1"
        found = self._db.rows(query, ordinal)
        return reply_from(json.loads(found[0][0])) if found else None

    def keep_reply(self, request: ChatRequest, reply: ChatReply, usd: float | None) -> None:
        """On disk before anything is done with it."""
        row = (request.key, json.dumps(request_fields(request)), json.dumps(reply_fields(reply)), usd)
        self._db.write("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)", row, patience=PAID_SECONDS)

    def replies(self) -> list[tuple[dict[str, Any], ChatReply, float | None]]:
        """All requests with their replies and prices."""
        rows = self._db.rows("SELECT request, reply, usd FROM replies ORDER BY rowid")
        return [(json.loads(request), reply_from(json.loads(reply)), usd) for request, reply, usd in rows]

    def lost(self) -> Usage:
        """What attempts have cost that came to nothing, of requests that no reply is there for: a reply holds those of its own."""
        left = [told for ordinal, told in self.fact(LOST, {}).items() if self.reply_to(ordinal) is None]
        return Usage.sum(Usage(r, w, usd, estimated=True, lost_tokens=r + w) for r, w, usd in left)

    def set_fact(self, name: str, value: object) -> None:
        self.set_facts({name: value})

    def set_facts(self, facts: Mapping[str, object]) -> None:
        """All of them at once, so that no reader sees one without the others."""
        rows = [(name, json.dumps(value)) for name, value in facts.items()]
        self._db.write("INSERT OR REPLACE INTO facts VALUES (?, ?)", *rows)

    def keep_seconds(self, seconds: float) -> None:
        """How long the run has taken. A file that another process holds is not waited for: the next time comes soon."""
        row = ("seconds", json.dumps(seconds))
        self._db.write("INSERT OR REPLACE INTO facts VALUES (?, ?)", row, patience=0.0)

    def fact(self, name: str, default: Any = None) -> Any:
        found = self._db.rows("SELECT value FROM facts WHERE name = ?", name)
        return json.loads(found[0][0]) if found else default

    def set_final(self, evaluation: Evaluation, chosen: int) -> None:
        """The chosen candidate's evaluation on the dev and test splits."""
        self.set_fact("final", {"candidate": chosen, "evaluation": evaluation_fields(evaluation)})

    def final(self) -> tuple[int, Evaluation] | None:
        value = self.fact("final")
        return (value["candidate"], evaluation_from(value["evaluation"])) if value else None


class StoredModel:
    """A chat model that never asks twice for what was answered, and stores each reply before it is used.

    Tokens that a server does not count are estimated. `tokens` and `usd` are the run's limits, beyond which no reply grows.
    """

    def __init__(self, inner: ChatModel, store: Store, tokens: float = math.inf, usd: float = math.inf) -> None:
        self.inner, self.store = inner, store
        self._meter = Meter(inner, tokens, usd)
        self._meter.replied(store.replies())
        self._losing = threading.Lock()
        for ordinal, (read, written, _) in store.fact(LOST, {}).items():
            if store.reply_to(ordinal) is None:
                self._meter.lost(ordinal, read, written)
        inner.lost = self.lost = self._lost
        inner.may_go_on = self.may_go_on = self._meter.may_go_on
        self._waits = Waits(store, inner.waiting)
        inner.waiting = self._waits.tell
        self.label, self.note, self.priced = inner.label, inner.note, inner.priced
        self.waiting, self.receiving = inner.waiting, inner.receiving
        # What was asked in text alone, since the server refused tools, is asked so again in a later sitting.
        self.calls_tools = getattr(inner, "calls_tools", False) and bool(store.fact(CALLS_TOOLS, True))

    @property
    def used(self) -> tuple[int, float]:
        """Tokens and dollars of all replies so far as they count for the limits: those of unknown price at an upper rate."""
        return self._meter.spent

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
        read, written, _ = self.store.fact(LOST, {}).get(request.ordinal, (0, 0, 0.0))
        reply = replace(reply, lost_input_tokens=read, lost_output_tokens=written)
        usd = self._price(reply)
        self.store.keep_reply(request, reply, usd)
        self._meter.replied([(request, reply, usd)])
        if read or written:
            with self._losing:
                self.store.set_fact(LOST, {o: t for o, t in self.store.fact(LOST, {}).items() if o != request.ordinal})
        return reply

    def _lost(self, request: ChatRequest, read: int, written: int) -> None:
        """Keep what an attempt cost that came to nothing."""
        with self._losing:
            told = self.store.fact(LOST, {})
            before = told.get(request.ordinal, (0, 0, 0.0))
            read, written = read + before[0], written + before[1]
            usd = self._price(ChatReply("", lost_input_tokens=read, lost_output_tokens=written))
            self.store.set_fact(LOST, {**told, request.ordinal: (read, written, usd)})
        self._meter.lost(request.ordinal, read, written)

    def _price(self, reply: ChatReply) -> float | None:
        try:
            return self.inner.price(reply)
        except InputError:  # a price file that broke meanwhile must not lose the reply
            return None

    def _asked(self, request: ChatRequest) -> ChatReply:
        """What the model answers. A further request that it does not take, with more room or without, is answered by nothing,
        once and for all; so is one that the run's limits have no room for."""
        if FURTHER in request.ordinal and not self._meter.has_room(request):
            return ChatReply("", stop=NOT_ASKED)
        try:
            return self.inner.complete(request)
        except ToolsRefused:
            self.calls_tools = False
            self.store.set_fact(CALLS_TOOLS, False)
            raise
        except RequestRefused as refused:
            if FURTHER not in request.ordinal:
                raise
            if request.room > 1:  # it may already be as long as the model lets a reply be
                return self._asked(replace(request, room=1))
            return ChatReply("", stop=NOT_TAKEN, model=str(refused)[:200])

    def price(self, reply: ChatReply) -> float | None:
        return self.inner.price(reply)

    def saving(self, reply: ChatReply) -> float | None:
        """Dollars that the provider's cache of prompts saved; None where that is not known."""
        saving = getattr(self.inner, "saving", None)
        return saving(reply) if saving is not None else None


def _candidate_from(row: tuple[Any, ...]) -> Candidate:
    return Candidate(
        id=row[0],
        slot=row[1],
        move=row[2],
        parents=tuple(json.loads(row[3])),
        author=row[4],
        proposal=_proposal_from(json.loads(row[5])) if row[5] else None,
        evaluation=evaluation_from(json.loads(row[6])) if row[6] else None,
    )


def _proposal_fields(proposal: Proposal) -> dict[str, object]:
    fields = asdict(proposal)
    fields["program"] = proposal.program.source if proposal.program else None
    return fields


def _proposal_from(fields: Mapping[str, Any]) -> Proposal:
    program = Program(fields["program"]) if fields["program"] is not None else None
    plan, usage = Plan(**fields["plan"]), Usage(**fields["usage"])
    texts = (fields["problem"], fields["prompt"], fields["reply"])
    return Proposal(program, plan, *texts, usage, tuple(fields.get("repairs", ())))
