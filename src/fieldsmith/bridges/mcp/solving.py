"""Runs that clients have asked for: begun in processes of their own, looked at on disk, ended cleanly."""

import shlex
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fieldsmith.bridges.mcp.allowed import NUMERICS, Allowed
from fieldsmith.bridges.mcp.answers import Watched
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.children import Children
from fieldsmith.orchestrator.command import command_of
from fieldsmith.orchestrator.open import open_solve
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.record import is_held

NOTHING: dict[str, Any] = {"usd": 0.0, "input_tokens": 0, "output_tokens": 0, "estimated": False, "seconds": 0.0}
"""Spent by a run that has just begun."""


class Runs:
    """The runs of a server, each a process that ends with it."""

    def __init__(self, allowed: Allowed, children: Children) -> None:
        self._allowed, self._children = allowed, children
        self._asked: dict[str, Question] = {}
        self._starting = threading.Lock()

    def start(self, question: Question) -> tuple[str, str]:
        """Begin a run or take one up; its name, and where its programs run. Raises InputError and MissingPart, before anything is spent."""
        with self._starting:
            name, whole = self._whole(question)
            solving = open_solve(whole)
            solving.prepare()
            words = shlex.split(command_of(whole, solving.task, str(whole.task)))[1:]
            self._asked[name] = whole
            self._children.start_run(name, words)
        return name, solving.sandbox.name

    def _whole(self, question: Question) -> tuple[str, Question]:
        """The run's name, and the question with its place and budgets."""
        name = open_solve(question).folder.name
        running = self._children.running
        if name in running or is_held(self._allowed.folder / name):
            raise InputError(f"The run {name} goes on already.", "watch_run tells how it goes, stop_run ends it.")
        if len(running) >= self._allowed.at_once:
            words = f"{len(running)} of {self._allowed.at_once} runs at once go on: {', '.join(running)}."
            raise InputError(words, "Wait until one is done, or stop one.")
        placed = replace(question, run_dir=self._allowed.folder.resolve() / name)
        return name, self._allowed.budgeted(placed, name, {other: self._asked[other] for other in running})

    def watched(self, run: str, known: Sequence[str]) -> Watched:
        """How a run stands. Raises InputError for one that is not there, and what ended one that never began."""
        child = self._children.run(run)
        goes_on = child is not None and child.running
        try:
            found = self._allowed.run(run)
        except InputError:
            if child is None:
                raise
            if not goes_on:
                child.result()
            return self._begun(run)
        state = "running" if goes_on or is_held(found.folder) else found.state
        why = child.fault() if child and not goes_on and found.state != "done" else ""
        return Watched.since(found, known, state, why or found.message)

    def _begun(self, run: str) -> Watched:
        """Of a run whose process has not written anything yet."""
        asked = self._asked[run]
        begun = {
            "run": run,
            "task": str(asked.task),
            "parameters": asked.param,
            "scale": asked.scale,
            "author": str(asked.model or NUMERICS),
            "begun": "",
            "state": "starting",
            "candidates": 0,
            "candidates_allowed": asked.candidates,
            "best": None,
            "test_value": None,
            "spend": NOTHING,
            "new": [],
            "waiting": [],
            "message": "",
        }
        return Watched.model_validate(begun)

    def stop(self, run: str) -> Watched:
        """End it cleanly. Raises InputError for one of another process."""
        child = self._children.run(run)
        if child is not None and child.running:
            child.end()
        elif is_held(self._allowed.place(run)):
            raise InputError(f"The run {run} goes on in a process that is not this server's.", "Its owner can end it.")
        return self.watched(run, [])
