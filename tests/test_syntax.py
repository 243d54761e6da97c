"""Syntax trees made side by side: what candidates do whose replies come at the same time."""

import ast
import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fieldsmith import syntax
from fieldsmith.tasks import cache

PROGRAM = "def f(x):\n    return " + "(" * 12 + "x" + " + 1)" * 12 + "\n"


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads change places in the midst of a tree: collections that run Python code are where they may."""
    before = gc.get_threshold()

    def yielding(phase: str, info: object) -> None:
        time.sleep(0)

    gc.callbacks.append(yielding)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(yielding)


def together(*works: Callable[[], object]) -> None:
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work) for work in works * 50]:
            done.result()


@pytest.mark.usefixtures("switching")
def test_programs_and_arrays_are_read_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    cache.load_or_make("k", lambda: {"u": np.linspace(0.0, 1.0, 8)}, None, "data")
    together(
        lambda: ast.unparse(syntax.parse(PROGRAM)),
        lambda: syntax.parse_expression("d(u, x, x) + u * (1 - u)"),
        lambda: syntax.literal_eval("{'a': [1, 2, {'b': (3,)}]}"),
        lambda: cache.load_or_make("k", lambda: pytest.fail("made again"), None, "data"),
    )
