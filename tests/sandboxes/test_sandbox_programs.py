"""Programs of all kinds run, and several at once."""

import threading

import numpy as np
import pytest

from fieldsmith.sandboxes import bubblewrap, bundle, choose, docker
from sandbox_calls import DOUBLE, ISOLATING, LIMITS, run


def test_worker_pools_work(session):
    source = (
        "import multiprocessing\ndef g(x):\n    return 2 * x\ndef f(a):\n"
        "    with multiprocessing.Pool(2) as pool:\n        return pool.map(g, list(a))\n"
    )
    result = run(session, source)
    assert result.status == "ok", result.failure


@pytest.mark.parametrize("name", ISOLATING)
@pytest.mark.parametrize(
    "line", ["", "multiprocessing.set_start_method('fork')", "multiprocessing.set_start_method('spawn')"]
)
def test_worker_pools_work_where_python_would_take_a_fork_server(name, line, monkeypatch):
    newer = (
        "from multiprocessing import context\n"
        "context._default_context._default_context = context._default_context.get_context('forkserver')\n"
    )
    for module in (docker, bubblewrap):
        monkeypatch.setattr(module, "worker_source", lambda: newer + bundle.worker_source())
    source = (
        "import math, multiprocessing\ndef f(a):\n"
        f"    {line}\n    with multiprocessing.Pool(2) as pool:\n        return pool.map(math.sqrt, list(a))\n"
    )
    with choose(name).open(LIMITS) as session:
        result = run(session, source)
    assert result.status == "ok", result.failure


@pytest.mark.needs("docker")
def test_compiled_functions_may_be_cached():
    source = "from numba import njit\n@njit(cache=True)\ndef g(a):\n    return 2 * a\ndef f(a):\n    return g(a)\n"
    with choose("docker").open(LIMITS) as session:
        result = run(session, source)
    assert result.status == "ok", result.failure


def test_dataclasses_and_the_main_guard_work(session):
    source = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: float\n"
        "def f(a):\n    return a + P(1.0).x\nif __name__ == '__main__':\n    raise SystemExit('ran')\n"
    )
    assert run(session, source).status == "ok"


def test_sessions_run_side_by_side():
    sandbox = choose("process")
    results = []

    def work(n):
        with sandbox.open(LIMITS) as session:
            results.append(run(session, DOUBLE, np.full(3, float(n))).outputs["y"][0])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0.0, 2.0, 4.0]


def test_a_closed_session_takes_no_more_calls():
    session = choose("process").open(LIMITS)
    session.close()
    result = run(session, DOUBLE)
    assert (result.status, session.closed) == ("crashed", True)
