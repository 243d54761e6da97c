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


@pytest.mark.slow
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


@pytest.mark.parametrize(
    "line",
    [
        "with open(os.devnull, 'w') as d: sys.stdout = d",
        "sys.stdout = sys.stderr = None",
        "sys.stdout.close()",
        "sys.stderr = type('Log', (), {'write': print})()",
    ],
)
def test_a_program_may_put_something_in_place_of_its_output(session, line):
    result = run(session, f"import os, sys\ndef f(a):\n    {line}\n    return 2 * a\n")
    assert result.status == "ok", result.failure
    assert result.outputs["y"].tolist() == [0, 2, 4]


def test_what_is_printed_by_other_ways_is_kept(session):
    source = (
        "import ctypes, sys\ndef f(a):\n    print('by Python', file=sys.__stdout__)\n"
        "    ctypes.CDLL(None).puts(b'by C')\n    return a\n"
    )
    result = run(session, source)
    assert sorted(result.stdout.split("\n")) == ["", "by C", "by Python"]


@pytest.mark.parametrize(
    ("source", "shape", "expected"),
    [
        ("def f(a):\n    return float(a.sum())\n", (), 3.0),
        ("def f(a):\n    return a.sum(keepdims=False)\n", (), 3.0),
        ("def f(a):\n    return {'y': a}\n", (3,), [0.0, 1.0, 2.0]),
        ("\ufeffdef f(a):\n    return a\n", (3,), [0.0, 1.0, 2.0]),
        ("import sys\ndef f(a):\n    return float(sys.argv == ['solver.py'])\n", (), 1.0),
    ],
)
def test_results_of_any_shape_and_ways_of_giving_them(session, source, shape, expected):
    result = run(session, source, shape=shape)
    assert result.status == "ok", result.failure
    assert result.outputs["y"].tolist() == expected


def test_solvers_of_scipy_may_use_several_processes(session):
    source = (
        "from scipy.optimize import differential_evolution\ndef cost(x):\n    return float(((x - 0.5) ** 2).sum())\n"
        "def f(a):\n    return differential_evolution(cost, [(-1, 1)] * 3, workers=2, updating='deferred', seed=1).x\n"
    )
    result = run(session, source)
    assert result.status == "ok", result.failure
    np.testing.assert_allclose(result.outputs["y"], 0.5, atol=1e-4)


def test_processes_that_are_started_anew_import_the_program(session):
    source = (
        "import multiprocessing\ndef g(x):\n    return 2 * x\ndef f(a):\n"
        "    with multiprocessing.get_context('spawn').Pool(2) as pool:\n        return pool.map(g, list(a))\n"
    )
    result = run(session, source)
    assert result.status == "ok", result.failure


def test_every_call_has_random_numbers_of_its_own(session):
    source = "import numpy as np\ndef f(a):\n    return np.random.rand(3)\n"
    first, second = run(session, source), run(session, source)
    assert first.outputs["y"].tolist() != second.outputs["y"].tolist()
