"""The Ray cluster of a grid, looked at once before its first cell; one of this machine is started once, for all cells."""

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import replace

from fieldsmith.bench.grid import Grid, Terms
from fieldsmith.bench.suite import Cell
from fieldsmith.orchestrator.question import Question
from fieldsmith.sandboxes.cluster import ray_sandbox


@contextlib.contextmanager
def reached(grid: Grid, only_look: bool = False) -> Iterator[Terms]:
    """The terms under which a grid's cells find their cluster, which lasts until the block is left.

    Every address that a cell which is not done names is tried, and that of RAY_ADDRESS where one names none. Without either a cluster is started on
    this machine, and its address is in the terms; with `only_look` it is not. Raises MissingPart without Ray or a cluster that answers.
    """
    terms = grid.terms
    places = {cell.name: place for cell in grid.suite.cells if (place := _address(cell, terms)) is not None}
    done = grid.standing() if places else {}
    addresses = {place for name, place in places.items() if name not in done}
    own = "" in addresses and not os.environ.get("RAY_ADDRESS")
    for address in sorted(addresses - {""} if own else addresses):
        # Not kept: Ray ends a process whose cluster has gone, and a grid goes on with what needs none.
        ray_sandbox.started(address).shutdown()
    if not own or (only_look and importlib.util.find_spec("ray")):
        yield terms
        return
    ray = ray_sandbox.started("")
    try:
        yield replace(terms, cluster=ray.get_runtime_context().gcs_address)
    finally:
        ray.shutdown()


def _address(cell: Cell, terms: Terms) -> str | None:
    """Empty for a cell that names none, None for one whose programs run without a cluster."""
    asked = terms.asked(cell.question, None)
    return (asked.address or "") if isinstance(asked, Question) and asked.engine == "ray" else None
