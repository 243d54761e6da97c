"""Calls at the same time have cores of their own, where no control group shares them out."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from fieldsmith.sandboxes import choose, cores
from sandbox_calls import LIMITS, run

WHERE = "import os, time\ndef f(a):\n    time.sleep(0.5)\n    mine = sorted(os.sched_getaffinity(0))\n    return [len(mine), mine[0], mine[-1]]\n"


@pytest.mark.needs("bubblewrap")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")
def test_two_calls_at_once_do_not_share_a_core():
    with choose("bubblewrap") as sandbox, sandbox.open(LIMITS) as one, sandbox.open(LIMITS) as other:
        for session in (one, other):
            assert run(session, WHERE).status == "ok"
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda session: run(session, WHERE), (one, other)))
    found = [tuple(result.outputs["y"]) for result in results]
    assert all(count == LIMITS.cpus for count, _, _ in found)
    assert found[0] != found[1]


def test_the_least_used_cores_are_taken(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    with cores.share(1) as a, cores.share(2) as b, cores.share(1) as c:
        assert (a, b, c) == ([0], [1, 2], [3])
        with cores.share(8) as everything:
            assert everything == [0, 1, 2, 3]
    with cores.share(1) as again:
        assert again == [0]
