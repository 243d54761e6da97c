"""Calls at the same time have cores of their own, where no control group shares them out."""

import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from fieldsmith.sandboxes import choose, cores
from fieldsmith.sandboxes.pool import size_here
from sandbox_calls import DOUBLE, LIMITS, run, wait_until

WHERE = "import os, time\ndef f(a):\n    time.sleep(0.5)\n    mine = sorted(os.sched_getaffinity(0))\n    return [len(mine), mine[0], mine[-1]]\n"


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """No other process of this machine is asked."""
    monkeypatch.setattr(cores.tempfile, "gettempdir", lambda: str(tmp_path))


@pytest.mark.needs("bubblewrap")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")
def test_two_calls_at_once_do_not_share_a_core(alone):
    with choose("bubblewrap") as sandbox, sandbox.open(LIMITS) as one, sandbox.open(LIMITS) as other:
        for session in (one, other):
            assert run(session, WHERE).status == "ok"
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda session: run(session, WHERE), (one, other)))
    found = [tuple(result.outputs["y"]) for result in results]
    assert all(count == LIMITS.cpus for count, _, _ in found)
    assert found[0] != found[1]


def test_the_least_used_cores_are_taken(monkeypatch, alone):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    with cores.share(1) as a, cores.share(2) as b, cores.share(1) as c:
        assert (a, b, c) == ([0], [1, 2], [3])
        with cores.share(8) as everything:
            assert everything == [0, 1, 2, 3]
    with cores.share(1) as again:
        assert again == [0]


def test_cores_that_another_process_uses_are_taken_last(monkeypatch, alone):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    context = multiprocessing.get_context("fork")
    told, stop = context.Queue(), context.Event()

    def other() -> None:
        with cores.share(2) as mine:
            told.put(mine)
            stop.wait(60.0)

    process = context.Process(target=other)
    process.start()
    assert told.get(timeout=60.0) == [0, 1]
    with cores.share(1) as a, cores.share(1) as b, cores.share(1) as c:
        assert (a, b, c) == ([2], [3], [0])
    process.kill()
    process.join()
    with cores.share(1) as again:
        assert again == [0]


def test_a_process_that_was_forked_in_the_middle_of_a_call_keeps_no_core(monkeypatch, alone):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    with cores.share(1):
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60.0,))
        process.start()
        time.sleep(0.5)
    with cores.share(1) as again:
        assert again == [0]
    process.kill()
    process.join()


@pytest.mark.slow
def test_workers_are_started_ahead_where_a_core_is_free(alone):
    every = len(os.sched_getaffinity(0))
    with choose("process") as sandbox, ExitStack() as busy:
        busy.enter_context(cores.share(every))
        sandbox.expect(LIMITS, 99)
        wait_until(lambda: sandbox.ready() == 1)
        time.sleep(1.0)
        assert sandbox.ready() == 1, "more would slow the call that is under way"
        busy.close()
        wait_until(lambda: sandbox.ready() == size_here())


@pytest.mark.slow
def test_a_worker_that_is_taken_is_replaced_when_a_core_is_free(alone):
    with choose("process") as sandbox:
        sandbox.expect(LIMITS, 99)
        wait_until(lambda: sandbox.ready() == size_here())
        with cores.share(len(os.sched_getaffinity(0))), sandbox.open(LIMITS) as session:
            assert run(session, DOUBLE).status == "ok"
            time.sleep(1.5)
            assert sandbox.ready() == size_here() - 1
        wait_until(lambda: sandbox.ready() == size_here())
