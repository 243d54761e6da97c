"""What a person sees while a grid is run: a live line for each cell that runs on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fieldsmith.cli.live import Live
from fieldsmith.cli.output import Output
from fieldsmith.reports.plain import visible

if TYPE_CHECKING:
    from fieldsmith.bench.grid import Grid

EVERY = 5.0
"""Seconds between two tables that are written while it goes."""


class BenchProgress:
    """Listens to a grid; use as a context manager."""

    def __init__(self, output: Output, grid: "Grid", done: Sequence[str], write: Callable[[], None]) -> None:
        self.output, self.grid, self._write = output, grid, write
        self._live = Live(output, self._lines, several=True)
        self._going: dict[str, str] = {}
        self._made: dict[str, str] = {}
        """The data that was made last for a cell."""
        self._ended = set(done)
        self._written = time.monotonic()

    def __enter__(self) -> "BenchProgress":
        done = sorted(self._ended)
        cells = len(self.grid.suite.cells)
        self.output.progress(
            f"{self.grid.suite.title}: {cells} cells, {len(done)} done before. Folder: {self.grid.folder}"
        )
        self.output.event("begin", {"bench": str(self.grid.folder), "cells": cells, "done": done})
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__()

    def event(self, kind: str, fields: Mapping[str, Any]) -> None:
        cell = str(fields["cell"])
        self.output.event(f"cell_{kind}", fields)
        if kind == "news":
            self._news(cell, fields["of"])
            return
        if kind == "begin":
            self._going[cell] = "begun"
            if not self._live.on:
                self.output.progress(f"  {visible(cell, 70):<70} begun")
        elif kind == "again":
            self._going.pop(cell, None)
            self.output.progress(
                visible(f"! {cell}: {fields['state']}: {fields['message']} It is tried once more, alone.", 400)
            )
        elif kind == "end":
            self._going.pop(cell, None)
            self._ended.add(cell)
            self.output.progress(f"{_mark(fields)} {visible(cell, 70):<70} {_outcome(fields)}")
        if kind == "end" and time.monotonic() - self._written > EVERY:
            self._written = time.monotonic()
            self._write()

    def _news(self, cell: str, event: Mapping[str, Any]) -> None:
        kind = event.get("event")
        if kind == "candidate":
            best = event.get("best_value")
            self._going[cell] = f"{event['candidates']} programs{f', best {best:.2e}' if best is not None else ''}"
        elif kind == "step":
            self._going[cell] = f"episode {event['episode']}, step {event['step']}, score {event['score']:.3g}"
        elif kind == "data":
            before, self._made[cell] = self._made.get(cell), str(event["what"])
            self._going[cell] = f"{event['what']} {event['share']:.0%}"
            if not self._live.on and before != event["what"]:
                self.output.progress(f"  {visible(cell, 70):<70} {visible(str(event['what']), 200)}")
        elif kind == "waiting":
            self._going[cell] = f"waits for {event.get('for', '')}"
            self.output.progress(visible(f"{cell} waits for {event.get('for', '')}", 400))

    def _lines(self) -> str:
        """How many are done, and a line for each cell that runs."""
        going = [visible(f"  {cell}: {words}", 160) for cell, words in self._going.items()]
        return "\n".join([f"{len(self._ended)} of {len(self.grid.suite.cells)} cells", *going])


def _mark(fields: Mapping[str, Any]) -> str:
    return "*" if fields["state"] == "done" else "!"


def _outcome(fields: Mapping[str, Any]) -> str:
    result: Any = fields["result"] or {}
    if fields["state"] != "done":
        return visible(f"{fields['state']}: {fields['message']}", 200)
    best = result.get("best") or {}
    test = best.get("test") or {}
    took = f"{fields['seconds']:.0f} s"
    if "score" in best:
        return f"score {best['score']:.4g}, {took}"
    return (
        f"{test['metric']} {test['value']:.3e}, {took}" if test.get("value") is not None else f"no program ran, {took}"
    )
